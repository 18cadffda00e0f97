"""States whose numbers would make a kernel write elsewhere in memory are refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from maichong import LIF, AllToAll, Delta, DiehlCook, Exponential, Network, OneToOne, Poisson, SpikeTimes, Uniform
from maichong.engines import Run
from maichong.errors import CheckpointError

State = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def run() -> Run:
    """Noise that learns onto cells, whose spikes are given; spikes in flight, live traces."""
    net = Network(dt=0.5, seed=2)
    noise = net.population("noise", Poisson(rate=200.0), 20)
    teacher = net.population("teacher", SpikeTimes(np.repeat(np.arange(1.0, 60.0, 5.0), 2), [0, 1] * 12), 4)
    cells = net.population("cells", LIF(), 4)
    net.project(
        noise, cells, AllToAll(), weight=0.1, delay=Uniform(0.5, 9.0), receptor=Exponential(), plasticity=DiehlCook(), name="p"
    )
    net.project(teacher, cells, OneToOne(), weight=100.0, receptor=Delta())
    return net.build("events").run(31.0)


def due(state: State) -> None:
    state["p/due"][:] = np.uint64(2**63)


def listed_twice(state: State) -> None:
    state["p/live"][:] = state["p/live"][0]


def not_marked(state: State) -> None:
    state["p/is_live"][:] = 0


def one_stamp(state: State) -> None:
    state["teacher/given_stamps"] = np.full(10**6, 80)
    state["teacher/given_ids"] = np.zeros(10**6, np.int32)


def too_few_ids(state: State) -> None:
    state["teacher/given_ids"] = state["teacher/given_ids"][:-1]


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (due, "p/due"), (listed_twice, "p/live"), (not_marked, "p/live"), (one_stamp, "teacher/given_stamps"),
        (too_few_ids, "teacher/given_stamps"),
    ],
)  # fmt: skip
def test_a_state_that_leads_elsewhere_is_refused(run: Run, spoil: Callable[[State], None], place: str) -> None:
    state = run.snapshot()
    assert state["p/due_count"].sum() > 10
    assert state["p/live_count"][0] >= 2
    spoil(state)
    with pytest.raises(CheckpointError, match=f"{place}: must .* damaged numbers"):
        run.restore(state)


def test_a_sound_state_is_taken(run: Run) -> None:
    before = run.snapshot()
    ended = run.restore(before).run(20.0).weights("p")
    assert np.array_equal(run.restore(before).run(20.0).weights("p"), ended)
