from rest_framework import serializers

from contract.serializers import ResourceSerializer, StrictIntegerField, StrictSerializer
from tests.specimens.models import Cabinet, Era, Measurement, Note, Specimen


class CabinetSerializer(ResourceSerializer[Cabinet]):
    class Meta:
        model = Cabinet
        fields = ["id", "name", "slug", "created_at"]
        read_only_fields = ["id", "slug", "created_at"]


class SpecimenSerializer(ResourceSerializer[Specimen]):
    class Meta:
        model = Specimen
        fields = ["id", "cabinet", "name", "kind", "weight", "price", "found_on", "is_rare", "created_at"]
        read_only_fields = ["id", "created_at"]


class MeasurementSerializer(ResourceSerializer[Measurement]):
    specimen_id = serializers.CharField(read_only=True)
    count_as_text = serializers.CharField(source="count", read_only=True)
    day = serializers.DateTimeField(source="created_at", format="%Y-%m-%d", read_only=True)
    key = serializers.UUIDField(source="pk", format="hex", read_only=True)

    class Meta:
        model = Measurement
        fields = [
            "id", "specimen", "specimen_id", "kind", "label", "text", "count", "count_as_text", "ratio", "price",
            "taken_on", "taken_at", "clock", "lasted", "is_valid", "metadata", "created_at", "day", "key",
        ]  # fmt: skip
        read_only_fields = fields


class NoteSerializer(ResourceSerializer[Note]):
    class Meta:
        model = Note
        fields = ["id", "text", "created_at"]
        read_only_fields = ["id", "created_at"]


class EraSerializer(ResourceSerializer[Era]):
    class Meta:
        model = Era
        fields = ["id", "name", "created_at"]
        read_only_fields = fields


class WeighingSerializer(StrictSerializer):
    """`pause_ms` keeps the transaction open after the write, for tests of crashes and twins."""

    weight = StrictIntegerField(min_value=0, max_value=1_000_000)
    pause_ms = StrictIntegerField(min_value=0, max_value=30_000, default=0)
