"""The schema and the pages that show it; mounted only where API_DOCS_ENABLED is on."""

from django.urls import path

from contract.openapi.views import RedocView, SchemaView, SwaggerView

urlpatterns = [
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", RedocView.as_view(), name="redoc"),
    path("api/docs/swagger/", SwaggerView.as_view(), name="swagger"),
]
