"""Whether all threads or one are faster at the moment: measured while a network runs, for both do the same to the bit.

A barrier between threads costs a fraction of a microsecond where each has a core, and a slice of the scheduler's time, thousands of
times that, where others hold the cores. So now and then a few steps are done the other way.
"""

from __future__ import annotations

import time

SOON_S = 0.05
"""Wall time until the first looks at the other way: a run that has just begun is slow for other reasons too."""
LOOK_S = 1.0
"""Wall time between two looks, later."""
LONGEST_S = 20.0
"""And where the other way is much slower."""
PROBE_S = 5e-3
"""Wall time of a look, roughly: much more than threads take to wake up."""
FEWEST = 32
"""Steps of a look, at least."""
CLEARLY = 0.93
"""The other way is taken where it needs less than this part of the time."""


class Pace:
    """Seconds that a step takes with all threads and with one, as measured last, and which of them is ``best``."""

    def __init__(self) -> None:
        self.best = True
        """Whether all threads are taken."""
        self._took: dict[bool, float] = {}
        self._counting: dict[bool, tuple[int, float]] = {}
        self._looking = False
        self._wait = SOON_S
        self._look_at = -1.0
        """When the other way is looked at; negative: threads have not yet run at all."""

    def plan(self, left: int) -> tuple[bool, int]:
        """Whether the next steps are done by all threads, and how many, of the ``left`` ones."""
        if self.best in self._took and time.perf_counter() >= self._look_at:
            self._looking = True
        if not self._looking:
            return self.best, left
        other = self._took.get(not self.best, self._took[self.best])
        return not self.best, min(left, max(FEWEST, int(PROBE_S / max(other, 1e-9))))

    def note(self, together: bool, steps: int, seconds: float) -> None:
        """So many steps, done by all threads or by one, took so long."""
        if self._look_at < 0:
            self._look_at = 0.0  # the first time threads are made, and code is loaded
            return
        before = self._counting.get(together, (0, 0.0))
        steps, seconds = before[0] + steps, before[1] + seconds
        self._counting[together] = steps, seconds
        if seconds < PROBE_S or not steps:
            return
        self._counting[together] = 0, 0.0
        now = seconds / steps
        earlier, self._took[together] = self._took.get(together, now), now
        if together == self.best:
            if now > 1.5 * earlier:
                self._look_at, self._wait = 0.0, SOON_S  # something has changed
            return
        mine, self._looking = self._took[self.best], False
        if now < CLEARLY * mine:
            self.best, self._wait = together, SOON_S
        self._look_at = time.perf_counter() + self._wait
        self._wait = min(2 * self._wait, LONGEST_S if now > 1.5 * mine else LOOK_S)
