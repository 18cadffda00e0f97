"""All threads or one: whichever is faster at the moment is taken, and the other looked at now and then, on a clock of the test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from maichong.engines.events import pace
from maichong.engines.events.pace import Pace


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[float, float]]:
    """Run 50 ms of wall time again and again; what a step takes is a function of the time and of the way."""
    now = [0.0]
    monkeypatch.setattr(pace.time, "perf_counter", lambda: now[0])
    kept = Pace()

    def run(seconds: float, step_s: Callable[[float, bool], float]) -> tuple[float, float]:
        """The wall time of all threads, and of one."""
        spent = {True: 0.0, False: 0.0}
        end = now[0] + seconds
        while now[0] < end:
            left = 20_000
            while left and now[0] < end:
                together, steps = kept.plan(left)
                steps = min(steps, max(32, int(0.05 / step_s(now[0], together))))  # a run asks for 50 ms at a time
                took = steps * step_s(now[0], together)
                now[0] += took
                spent[together] += took
                kept.note(together, steps, took)
                left -= min(steps, left)
        return spent[True], spent[False]

    return run


def test_threads_that_pay_are_kept(simulate) -> None:
    together, alone = simulate(60.0, lambda _, together: 1e-6 if together else 2e-6)
    assert alone < 0.02 * together


def test_threads_that_do_not_pay_are_left(simulate) -> None:
    together, alone = simulate(60.0, lambda _, together: 1e-6 if together else 0.8e-6)
    assert together < 0.02 * alone


def test_cores_that_others_take_cost_little(simulate) -> None:
    """Each step of all threads takes a slice of the scheduler's time, 3 ms; then the cores are free again."""

    def step_s(now: float, together: bool) -> float:
        return (3e-3 if 10.0 < now < 40.0 else 1e-6) if together else 2e-6

    simulate(10.0, step_s)
    together, alone = simulate(30.0, step_s)
    assert together < 0.15 * alone
    simulate(pace.LONGEST_S, step_s)  # to notice takes as long at most
    together, alone = simulate(30.0, step_s)
    assert alone < 0.05 * together
