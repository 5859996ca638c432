from django.urls import path

from contract.routing import resource
from tests.specimens.views import CabinetViewSet, CrashView, EraViewSet, NoteViewSet, SpecimenViewSet, WeighView

routes = [
    path("specimens/crash/", CrashView.as_view(), name="specimens-crash"),
    path("specimens/<str:id>/weigh/", WeighView.as_view(), name="specimens-weigh"),
    resource("specimens", SpecimenViewSet),
    resource("cabinets", CabinetViewSet),
    resource("notes", NoteViewSet),
    resource("eras", EraViewSet),
]
