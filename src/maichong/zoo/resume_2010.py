"""Supervised learning in spiking neural networks with ReSuMe: sequence learning (Ponulak & Kasinski 2010).

One neuron, driven by Poisson trains through 400 synapses, learns to answer the one pattern with a given train of spikes. The
figure is the correlation of the two trains, each convolved with a Gaussian of 2 ms, at the epoch in which it was best; the mean
over ``trials``, each with an input and a desired train of its own.

Source: Ponulak & Kasinski 2010, doi:10.1162/neco.2009.11-08-901. Departures: the neuron, leaky integrate-and-fire with exponential
currents, is solved in closed form and has no refractory period; weights change at the end of a presentation; desired trains are
Poisson with a dead time, as two spikes at once cannot be answered. The paper leaves most constants to the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError
from maichong.learning.timing import ReSuMe, padded
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.repeats import Outcome, repeated
from maichong.zoo.settings import check_above, check_least

NAME = "resume-2010"
TITLE = "ReSuMe: learning sequences of spikes (Ponulak & Kasinski 2010)"


@dataclass(frozen=True)
class Settings:
    """The experiment's constants; each is an option of the command, ``--set target_hz=20``."""

    afferents: int = 400
    input_hz: float = 5.0
    target_hz: float = 50.0
    dead_ms: float = 5.0  # between two desired spikes
    duration: float = 400.0  # ms
    trials: int = 20
    epochs: int = 100
    tau: float = 10.0  # ms
    ratio: float = 4.0
    tau_di: float = 7.0
    amplitude: float = 0.02
    a: float = 0.001
    w_0: float = 0.02

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("afferents", "trials", "epochs"))
        check_least(NAME, self, 0, ("dead_ms", "a", "w_0"))
        check_above(NAME, self, 0, ("input_hz", "target_hz", "duration", "tau", "tau_di", "amplitude"))
        check_above(NAME, self, 1, ("ratio",))
        if self.target_hz * self.dead_ms >= 1000:
            raise ParameterError(
                f"{NAME}.target_hz", f"must be below 1000 / dead_ms, {1000 / self.dead_ms:g} Hz", self.target_hz
            )


DATA: dict[str, dict[str, Any]] = {"poisson": {}}

SMOKE = {"trials": 2, "epochs": 20, "duration": 200.0}

CLAIMS = (
    Claim("correlation", 1.0, 0.05, {"afferents": 400, "duration": 400.0, "epochs": 100}, "", note="close to 1 in the paper"),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def poisson(rate: float, dead: float, duration: float, rng: np.random.Generator) -> np.ndarray:
    """A Poisson train of ``rate`` Hz with the dead time ``dead`` ms, up to ``duration`` ms."""
    mean = 1000.0 / rate - dead
    count = int(2 * duration / (mean + dead)) + 20
    times = np.cumsum(dead + rng.exponential(mean, count))
    return times[times < duration]


def reproduce(settings: Settings, context: Context) -> Result:
    """Learn one desired train in each trial; resumes after the last whole trial."""
    s = settings

    def trial(k: int) -> Outcome:
        rng = np.random.default_rng([context.seed, k])
        x = padded([[poisson(s.input_hz, 0.0, s.duration, rng) for _ in range(s.afferents)]])
        desired = poisson(s.target_hz, s.dead_ms, s.duration, rng)[None]
        learner = ReSuMe(
            tau=s.tau, ratio=s.ratio, tau_di=s.tau_di, amplitude=s.amplitude, a=s.a, epochs=s.epochs, w_0=s.w_0,
            seed=1000 * context.seed + k,
        ).fit(x, desired)  # fmt: skip
        return {"correlation": learner.score(x, desired), "curve": learner.correlations_, "desired": desired.size}

    found, spent = repeated(context, "learn", [f"trial {k + 1}" for k in range(s.trials)], trial)
    reached = [outcome["correlation"] for outcome in found]
    measured = {"correlation": float(np.mean(reached)), "lowest correlation": min(reached)}
    metrics = {"correlations": reached, "curve": np.mean([outcome["curve"] for outcome in found], axis=0)}
    return Result(measured, s.trials * s.epochs, spent, metrics)
