"""How often, and after which pauses, something that failed is tried again."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, TypeVar

from repro.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 16.0
LONGEST_WISH: Final = 60.0
"""Seconds of a Retry-After (RFC 9110, section 10.2.3) that are granted at most."""
RETRIES: Final = 5


Done = TypeVar("Done")


class TransientError(RegistryError):
    """What may succeed the next time; `wish` is how many seconds the server asks to wait."""

    tries = 100
    """How often it is worth another one."""

    def __init__(self, message: str, *, advice: str = "", wish: float = 0.0) -> None:
        super().__init__(message, advice=advice)
        self.wish = wish


class Patience:
    """Counts the failures of one piece of work; progress may make it forget them."""

    def __init__(
        self, retries: int = RETRIES, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._retries, self._sleep = retries, sleep
        self._failures = 0

    def reset(self) -> None:
        """Forget the failures: the work moves on."""
        self._failures = 0

    def pause(self, failure: TransientError) -> None:
        """Sleep before another try; raises the failure once there were too many.

        Half of each pause is chance, so that many clients do not come back in step.
        """
        self._failures += 1
        if self._failures > min(self._retries, failure.tries):
            raise failure
        pause = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
        chance = random.uniform(0.5, 1.0)  # noqa: S311 -- Nothing secret depends on it.
        self._sleep(max(pause * chance, min(failure.wish, LONGEST_WISH)))

    def persist(self, work: Callable[[], Done]) -> Done:
        """Do a piece of work, again after each passing failure; raises RegistryError."""
        while True:
            try:
                return work()
            except TransientError as failure:
                self.pause(failure)


def wish(header: str | None) -> float:
    """Read Retry-After, seconds or a date; 0 where there is none that can be read."""
    text = (header or "").strip()[:64]
    try:
        if text.isascii() and text.isdigit():
            return float(text)
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
