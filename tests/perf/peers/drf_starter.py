"""The usual Django REST framework starter: a ModelViewSet on a ModelSerializer, behind simplejwt."""

from django.urls import include, path
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ModelViewSet
from starter.models import Customer, IdempotencyKey


class CustomerSerializer(ModelSerializer):
    class Meta:
        model = Customer
        fields = ["id", "email", "name", "status", "metadata", "created_at", "updated_at"]
        read_only_fields = ["created_at", "updated_at"]


class CustomerViewSet(ModelViewSet):
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer

    def get_queryset(self):
        return super().get_queryset().filter(organization_id=self.request.auth["org"])

    def create(self, request, *args, **kwargs):
        identity = {"organization_id": request.auth["org"], "key": request.headers["Idempotency-Key"]}
        if stored := IdempotencyKey.objects.filter(**identity).first():
            return Response(stored.answer, status=201)
        response = super().create(request, *args, **kwargs)
        IdempotencyKey.objects.create(**identity, answer=response.data)
        return response

    def perform_create(self, serializer):
        serializer.save(organization_id=self.request.auth["org"])


router = DefaultRouter()
router.register("customers", CustomerViewSet)
urlpatterns = [path("api/v1/", include(router.urls))]
