import factory
from django.contrib.auth.hashers import make_password

from apps.authentication.models import User

PASSWORD = "correct horse battery staple"


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"user-{number}")
    email = factory.Sequence(lambda number: f"user-{number}@example.com")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))
