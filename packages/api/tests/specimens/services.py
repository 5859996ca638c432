"""A command with a rule and a pause."""

import time

from contract.problems import Problem
from tests.specimens.models import Specimen


class SpecimenTooRare(Problem):
    status_code = 409
    code = "specimen-too-rare"
    title = "The specimen is too rare to be weighed"
    default_detail = "A rare specimen is not put on a scale."


def weigh_specimen(*, specimen: Specimen, weight: int, pause_ms: int) -> Specimen:
    """Write a new row for the weighing, so that a second effect would be seen as a second row."""
    if specimen.is_rare:
        raise SpecimenTooRare()
    weighed = Specimen.objects.create(name=f"{specimen.name} weighed", weight=weight, kind=specimen.kind)
    time.sleep(pause_ms / 1000)
    return weighed
