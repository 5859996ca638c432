from apps.customers.views import CustomerViewSet
from contract.routing import resource

routes = [resource("customers", CustomerViewSet)]
