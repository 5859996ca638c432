from apps.customers.models import Customer
from contract.serializers import ResourceSerializer


class CustomerSerializer(ResourceSerializer[Customer]):
    class Meta:
        model = Customer
        fields = ["id", "email", "name", "status", "metadata", "created_at", "updated_at"]
        read_only_fields = ["id", "created_at", "updated_at"]
