import factory

from tests.specimens.models import Cabinet, Era, Measurement, Note, Specimen


class CabinetFactory(factory.django.DjangoModelFactory[Cabinet]):
    class Meta:
        model = Cabinet

    name = factory.Sequence(lambda number: f"Cabinet {number}")


class SpecimenFactory(factory.django.DjangoModelFactory[Specimen]):
    class Meta:
        model = Specimen

    name = factory.Sequence(lambda number: f"Specimen {number}")
    price = "12.50"


class MeasurementFactory(factory.django.DjangoModelFactory[Measurement]):
    class Meta:
        model = Measurement

    label = factory.Sequence(lambda number: f"Measurement {number}")


class NoteFactory(factory.django.DjangoModelFactory[Note]):
    class Meta:
        model = Note

    text = factory.Sequence(lambda number: f"Note {number}")


class EraFactory(factory.django.DjangoModelFactory[Era]):
    class Meta:
        model = Era

    name = factory.Sequence(lambda number: f"Era {number}")
