"""The URL tree: every domain's routes under /api/v1/, its admin routes under /admin/v1/, and the API's docs."""

from django.conf import settings
from django.urls import include, path

from config.domains import DOMAINS
from contract import problems, routing
from contract.openapi.urls import urlpatterns as docs

urlpatterns: list[routing.Route] = [
    path("api/v1/", include(routing.collect(DOMAINS, "routes"))),
    path("admin/v1/", include(routing.collect(DOMAINS, "admin_routes"))),
    path("problems/<slug:code>", problems.explain, name="problem"),
]
if settings.API_DOCS_ENABLED:
    urlpatterns += docs

handler400 = "contract.problems.bad_request"
handler403 = "contract.problems.permission_denied"
handler404 = "contract.problems.not_found"
handler500 = "contract.problems.server_error"
