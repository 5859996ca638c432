"""What happens around a fork: workers share what was loaded, and heed a signal from their first moment."""

import gc
import os
import signal
from functools import partial

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def prepare() -> None:
    """Call before the service is loaded: nothing of it is garbage, and looking for some takes time."""
    gc.disable()
    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, STOPS),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, STOPS),
        after_in_child=forget_parents_signals,
    )


def share() -> None:
    """Call when all is loaded: a collector that looks at it would write to its pages, and workers get copies."""
    gc.freeze()
    gc.enable()


def forget_parents_signals() -> None:
    """In a worker just forked: a signal to stop ends it, where its parent's handler would note it for nobody."""
    for stop in STOPS:
        signal.signal(stop, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
