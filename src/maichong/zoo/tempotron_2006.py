"""The tempotron: a neuron that learns spike timing-based decisions (Guetig & Sompolinsky 2006).

How many random patterns can one neuron learn to tell apart, for each of its synapses? In a pattern every afferent fires once, at a
random time within 500 ms; half of the patterns, at random, are to evoke a spike, and the others none. A problem of P patterns and N
synapses has the load P / N, and is solved when no pattern is wrong. The capacity is the load at which half of the problems are
solved, which is read between the two loads of the sweep that enclose it.

Source: Guetig & Sompolinsky 2006, doi:10.1038/nn1643: tau = 15 ms, tau / tau_s = 4, momentum, a capacity of about 3. The paper's
number of synapses and its time to learn were not at hand; here there are 100 synapses, and problems of different loads share
their first patterns. An epoch shows the patterns that are wrong at its beginning, one after another. More ``cycles`` solve more
problems near the capacity, which is thus one of the algorithm in that time, and a lower bound of what the neuron can do.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong import files
from maichong.errors import CheckpointError, ParameterError
from maichong.learning.timing.membrane import Inputs, peaks
from maichong.learning.timing.tempotron import correction
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

NAME = "tempotron-2006"
TITLE = "The tempotron: spike timing-based decisions (Guetig & Sompolinsky 2006)"


@dataclass(frozen=True)
class Settings:
    """The paper's constants and the sweep; each is an option of the command, ``--set afferents=200``."""

    afferents: int = 100
    lowest: float = 1.75  # load
    highest: float = 3.25
    loads: int = 7
    problems: int = 8  # of each load
    cycles: int = 6000  # epochs within which a problem must be solved; the capacity is 2.45 within 3000
    rate: float = 0.005  # as a part of the threshold
    momentum: float = 0.9
    spread: float = 0.1  # standard deviation of weights at the start, as a part of the threshold
    tau: float = 15.0
    ratio: float = 4.0
    duration: float = 500.0  # ms

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("afferents", "loads", "problems", "cycles"))
        check_least(NAME, self, 0, ("momentum", "spread"))
        check_above(NAME, self, 0, ("lowest", "rate", "tau", "duration"))
        check_above(NAME, self, 1, ("ratio",))
        if self.momentum >= 1:
            raise ParameterError(f"{NAME}.momentum", "must be < 1", self.momentum)
        if self.highest < self.lowest:
            raise ParameterError(f"{NAME}.highest", f"must be >= lowest, {self.lowest:g}", self.highest)

    @property
    def sweep(self) -> np.ndarray:
        """All loads."""
        return np.linspace(self.lowest, self.highest, self.loads)


DATA: dict[str, dict[str, Any]] = {"latencies": {}}

SMOKE = {"afferents": 20, "lowest": 1.0, "loads": 3, "problems": 5, "cycles": 100}

CLAIMS = (
    Claim(
        "capacity", 2.85, 0.35, {"afferents": 100}, "patterns per synapse", better="near",
        note="the paper finds about 3, by its own time to learn",
    ),
)  # fmt: skip


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def capacity(loads: np.ndarray, solved: np.ndarray) -> float:
    """The load at which the rising ``loads`` fall through one half solved, by straight lines; NaN where they never do."""
    below = np.flatnonzero((solved[:-1] >= 0.5) & (solved[1:] < 0.5))
    if not below.size:
        return float("nan")
    k = int(below[-1])
    return float(loads[k] + (solved[k] - 0.5) / (solved[k] - solved[k + 1]) * (loads[k + 1] - loads[k]))


@dataclass
class _Problems:
    """All problems side by side: weights, their last change, and whether all patterns were right, [problems]."""

    weights: np.ndarray
    change: np.ndarray
    solved: np.ndarray
    cycle: int = 0
    spent: float = 0.0
    shown: int = 0


def _epoch(
    problems: _Problems,
    inputs: Inputs,
    targets: np.ndarray,
    first: np.ndarray,
    sizes: np.ndarray,
    settings: Settings,
    seed: int,
) -> None:
    """Show each unsolved problem the patterns that it has wrong, in an order of its own, side by side with the others.

    The patterns of a problem begin at its index in ``first``; where none is wrong it is solved.
    """
    rng = np.random.default_rng([seed, 2, problems.cycle])
    orders: dict[int, np.ndarray] = {}
    for problem in np.flatnonzero(~problems.solved):
        place = slice(first[problem], first[problem] + sizes[problem])
        v_max, _ = peaks(problems.weights[problem], inputs.take(place))
        orders[problem] = rng.permutation(np.flatnonzero((v_max >= 1.0) != targets[place]))
        problems.solved[problem] = not orders[problem].size
        problems.shown += int(sizes[problem])
    for step in range(max(order.size for order in orders.values())):
        active = np.array([problem for problem, order in orders.items() if step < order.size])
        patterns = first[active] + np.array([orders[problem][step] for problem in active])
        gradient, wrong = correction(problems.weights[active], inputs.take(patterns), targets[patterns], 1.0)
        at = active[wrong]
        problems.change[at] = settings.rate * gradient[wrong] + settings.momentum * problems.change[at]
        problems.weights[at] += problems.change[at]
    problems.cycle += 1


def reproduce(settings: Settings, context: Context) -> Result:
    """Sweep the load, all problems side by side; resumes from the checkpoint in the context's folder."""
    n, rng = settings.afferents, np.random.default_rng([context.seed, 1])
    sizes = np.rint(np.repeat(settings.sweep, settings.problems) * n).astype(int)
    most = int(sizes.max())
    first = np.tile(np.arange(settings.problems) * most, settings.loads)
    latencies = rng.uniform(0.0, settings.duration, (settings.problems * most, n, 1))
    targets = rng.random(len(latencies)) < 0.5
    inputs = Inputs.of(latencies, settings.tau, settings.ratio, NAME)
    weights = settings.spread * rng.standard_normal((len(sizes), n))
    problems = _Problems(weights, np.zeros_like(weights), np.zeros(len(sizes), bool))
    if context.checkpoint.exists():
        problems = _resumed(context, weights.shape)
    while problems.cycle < settings.cycles and not problems.solved.all():
        begun = time.perf_counter()
        _epoch(problems, inputs, targets, first, sizes, settings, context.seed)
        problems.spent += time.perf_counter() - begun
        context.tell(stage="learn", done=problems.cycle, total=settings.cycles, solved=f"{problems.solved.mean():.0%}")
        if context.stopping:
            _save(context, problems)
            raise context.interrupted()
    _save(context, problems)
    solved = problems.solved.reshape(settings.loads, -1).mean(axis=1)
    measured = {"capacity": capacity(settings.sweep, solved)}
    metrics = {"loads": settings.sweep, "solved": solved, "cycles": problems.cycle}
    return Result(measured, problems.shown, problems.spent, metrics)


def _save(context: Context, problems: _Problems) -> None:
    state = {"cycle": problems.cycle, "spent": problems.spent, "shown": problems.shown}
    arrays = {"weights": problems.weights, "change": problems.change, "solved": problems.solved}
    files.write_bundle(context.checkpoint, state, arrays)


def _resumed(context: Context, shape: tuple[int, int]) -> _Problems:
    state, arrays = files.read_bundle(context.checkpoint)
    if not {"weights", "change", "solved"} <= arrays.keys() or arrays["weights"].shape != shape:
        raise CheckpointError(str(context.checkpoint), f"must hold weights of {shape[0]} problems", "something else")
    return _Problems(**arrays, **state)
