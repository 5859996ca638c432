from django.urls import path

from contract.routing import command, nested, resource
from tests.specimens.views import (
    CabinetViewSet,
    CrashView,
    EraViewSet,
    MeasurementViewSet,
    NoteViewSet,
    SpecimensOfCabinet,
    SpecimenViewSet,
    WeighView,
)

routes = [
    path("specimens/crash/", CrashView.as_view(), name="specimens-crash"),
    command("specimens/weigh", WeighView),
    nested("cabinets/specimens", SpecimensOfCabinet),
    resource("specimens", SpecimenViewSet),
    resource("cabinets", CabinetViewSet),
    resource("measurements", MeasurementViewSet),
    resource("notes", NoteViewSet),
    resource("eras", EraViewSet),
]
