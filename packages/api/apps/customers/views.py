from apps.customers.models import Customer
from apps.customers.serializers import CustomerSerializer
from contract.resources import Resource


class CustomerViewSet(Resource[Customer]):
    """The people and companies that your organization does business with."""

    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    scopes = "customers"
    filter_fields = {
        "status": ["exact", "in"],
        "email": ["exact"],
        "created_at": ["exact", "gt", "gte", "lt", "lte"],
    }
    sort_fields = ["created_at", "name", "email", "status"]
