import factory

from apps.customers.models import Customer


class CustomerFactory(factory.django.DjangoModelFactory[Customer]):
    class Meta:
        model = Customer

    email = factory.Sequence(lambda number: f"customer-{number}@example.com")
    name = factory.Sequence(lambda number: f"Customer {number}")
