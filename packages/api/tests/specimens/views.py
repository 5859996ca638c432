from typing import Any

from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from contract.commands import Command
from contract.endpoints import Endpoint
from contract.filtering import SortKey
from contract.resources import Resource
from tests.specimens.models import Cabinet, Era, Measurement, Note, Specimen
from tests.specimens.serializers import (
    CabinetSerializer,
    EraSerializer,
    MeasurementSerializer,
    NoteSerializer,
    SpecimenSerializer,
    WeighingSerializer,
)
from tests.specimens.services import weigh_specimen


class CabinetViewSet(Resource[Cabinet]):
    """Cabinets."""

    queryset = Cabinet.objects.all()
    serializer_class = CabinetSerializer
    scopes = "specimens"
    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options"]


class SpecimenViewSet(Resource[Specimen]):
    """Specimens."""

    queryset = Specimen.objects.all()
    serializer_class = SpecimenSerializer
    scopes = "specimens"
    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options"]
    filter_fields = {
        "kind": ["exact", "in"],
        "weight": ["exact", "gte", "lte"],
        "is_rare": ["exact"],
        "price": ["gte"],
        "found_on": ["gte"],
        "cabinet": ["exact"],
    }
    filter_aliases = {"cabinet": "cabinet"}
    filter_values = {"kind": {"stone": "mineral"}}
    search_fields = ["name"]
    sort_fields = {
        "created_at": SortKey("created_at"),
        "name": SortKey("name"),
        "kind": SortKey("kind"),
        "weight": SortKey("weight", null_as=-1),
    }


class SpecimensOfCabinet(SpecimenViewSet):
    """The specimens in one cabinet."""

    http_method_names = ["get", "head", "options"]
    parent_field = "cabinet"


class MeasurementViewSet(Resource[Measurement]):
    """Measurements."""

    queryset = Measurement.objects.all()
    serializer_class = MeasurementSerializer
    scopes = "specimens"
    http_method_names = ["get", "head", "options"]


class NoteViewSet(Resource[Note]):
    """Notes."""

    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    tenancy = "owner"
    counted = False


class EraViewSet(Resource[Era]):
    """Eras."""

    queryset = Era.objects.all()
    serializer_class = EraSerializer
    tenancy = "public"
    permission_classes = [AllowAny]
    http_method_names = ["get", "head", "options"]


class WeighView(Command):
    """Weigh a specimen."""

    resource = SpecimenViewSet
    service = weigh_specimen
    row_name = "specimen"
    input_serializer = WeighingSerializer
    success_status = status.HTTP_201_CREATED
    scopes = "specimens"
    idempotency = "required"


class CrashView(Endpoint):
    idempotency = "optional"

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Write, then fail."""
        Specimen.objects.create(name="crashed")
        raise RuntimeError("secret detail of the crash")
