"""Is somebody else training a run? Whoever would disturb them is refused."""

import time
from collections.abc import Callable

from store.errors import InUse
from store.state import BEAT_EVERY, Holder, State


def refuse_if_trained(name: str, state: State) -> None:
    """Make sure that nobody trains the run `name`, which is in `state`.

    Raises:
        InUse: a living process does.
    """
    if state.status == "training":
        raise InUse(
            f"run {name!r} is being trained by {state.holder}: "
            "wait for it, or stop it and give the same command again"
        )


def watch(name: str, holder: Holder, look: Callable[[], State]) -> None:
    """Look on for a while, since clocks may differ: only a heart that stands still is dead.

    Raises:
        InUse: it beats.
    """
    end = time.monotonic() + 1.5 * BEAT_EVERY
    while time.monotonic() < end:
        time.sleep(BEAT_EVERY / 10)
        state = look()
        if state.stored == "training" and state.holder != holder:
            raise InUse(
                f"run {name!r} is being trained by {state.holder}, whose clock is "
                "another than ours: wait for it, or stop it and give the same command again"
            )
