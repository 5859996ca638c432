"""A declaration that would break a promise is refused by a system check."""

from contract import checks
from contract.filtering import SortKey
from tests.specimens.views import MeasurementViewSet, SpecimenViewSet


def test_every_list_can_be_walked_in_every_order() -> None:
    assert checks.lists_can_be_walked() == []


def test_a_sort_field_that_can_be_null_has_to_say_what_it_sorts_as() -> None:
    class Careless(SpecimenViewSet):
        sort_fields = ("name", "found_on", "cabinet")

    class Careful(SpecimenViewSet):
        sort_fields = {"name": SortKey("name"), "weight": SortKey("weight", null_as=-1), "id": SortKey("pk")}

    date, reference = checks.unsortable(Careless)

    assert date.startswith("Careless sorts by 'found_on', which can be NULL: say what that sorts as")
    assert reference.startswith("Careless sorts by 'cabinet', which can be NULL")
    assert list(checks.unsortable(Careful)) == []


def test_a_sort_field_has_to_be_one_that_a_cursor_can_carry() -> None:
    class Imprecise(MeasurementViewSet):
        sort_fields = {"ratio": SortKey("ratio", null_as=0.0)}

    (fault,) = checks.unsortable(Imprecise)

    assert fault == "Imprecise sorts by 'ratio', a FloatField, which no cursor can carry."
