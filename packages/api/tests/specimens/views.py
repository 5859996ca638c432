from typing import Any

from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from contract.endpoints import Endpoint
from contract.filtering import SortKey
from contract.resources import Resource
from tests.specimens.models import Cabinet, Era, Note, Specimen
from tests.specimens.serializers import (
    CabinetSerializer,
    EraSerializer,
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
    search_fields = ["name"]
    sort_fields = {
        "created_at": SortKey("created_at"),
        "name": SortKey("name"),
        "kind": SortKey("kind"),
        "weight": SortKey("weight", null_as=-1),
    }


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


class WeighView(Endpoint):
    scopes = "specimens"
    idempotency = "required"

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Weigh a specimen."""
        viewset = SpecimenViewSet(request=request, kwargs=kwargs)
        serializer = WeighingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        weighed = weigh_specimen(specimen=viewset.get_object(), **serializer.validated_data)
        return Response(SpecimenSerializer(weighed).data, status.HTTP_201_CREATED)


class CrashView(Endpoint):
    idempotency = "optional"

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Write, then fail."""
        Specimen.objects.create(name="crashed")
        raise RuntimeError("secret detail of the crash")
