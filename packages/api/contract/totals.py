"""Totals: the number of a list's rows, counted no further and no more often than an answer needs."""

import time
from collections.abc import Callable

COUNTED_UP_TO = 10_000
# A list with twice as many rows is not counted again for a minute, in which hardly half of them go.
MANY = 2 * COUNTED_UP_TO
MANY_FOR_SECONDS = 60.0


class Totals:
    """Counts lists, and remembers for a minute which of them are far beyond the bound."""

    def __init__(self) -> None:
        self.many_until: dict[str, float] = {}

    def total(self, count: Callable[[int], int], bound_to: str) -> int:
        """The number of rows of the list that `bound_to` names; what is past `COUNTED_UP_TO` says no more than that."""
        now = time.time()
        if self.many_until.get(bound_to, 0.0) > now:
            return MANY
        number = count(MANY)
        if number == MANY:
            if len(self.many_until) > MANY:
                self.many_until.clear()
            self.many_until[bound_to] = now + MANY_FOR_SECONDS
        return number


memory = Totals()
