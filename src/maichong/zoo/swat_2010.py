"""SWAT: a spiking neural network training algorithm for classification problems (Wade, McDaid, Santos & Sayers 2010).

Features become the rates of hidden neurons, each of which answers to a band of its feature; a training neuron learns the samples of
each class by STDP whose window a BCM threshold scales, and what it learned of a class becomes the weights of that class's output
neuron, `maichong.learning.timing.swat`. Half of the samples are learned, half are tested, ``splits`` times.

Source: Wade, McDaid, Santos & Sayers 2010, doi:10.1109/TNN.2010.2074212. Departures: in the paper facilitating synapses, excitatory
and inhibitory, route a feature's frequency to the hidden neurons; here Gaussian receptive fields give their rates outright. A
teacher's current makes the training neuron fire from the first epoch on, and weights change at the end of each. The paper's
constants were not at hand: those here were chosen on samples held back from the learning halves (``validate``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.gaussian_receptive_fields import GaussianReceptiveFields
from maichong.learning.timing import SWAT
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.repeats import Outcome, halves, repeated
from maichong.zoo.settings import check_above, check_least

NAME = "swat-2010"
TITLE = "SWAT: STDP and BCM train a classifier (Wade et al. 2010)"


@dataclass(frozen=True)
class Settings:
    """What the paper leaves open; each is an option of the command, ``--set fields=16``."""

    splits: int = 10
    fields: int = 8  # hidden neurons of each feature
    beta: float = 1.5  # how narrow they are
    max_hz: float = 40.0  # rate of a hidden neuron in the middle of its band
    c_0: float = 50.0
    amplitude: float = 0.002
    tau: float = 20.0
    teacher: float = 1.2
    epochs: int = 20
    present_ms: float = 500.0
    validate: int = 0  # samples of the learning half held back, and tested on instead of the other half

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("splits", "epochs"))
        check_least(NAME, self, 3, ("fields",))
        check_least(NAME, self, 0, ("teacher", "validate"))
        check_above(NAME, self, 0, ("beta", "max_hz", "c_0", "amplitude", "tau", "present_ms"))


DATA: dict[str, dict[str, Any]] = {"iris": {}, "breast_cancer_wisconsin": {}}

SMOKE = {"splits": 2, "epochs": 3}

CLAIMS = (
    Claim("test accuracy", 95.3, 1.3, {"data": "iris", "splits": 10, "validate": 0}),
    Claim("test accuracy", 96.7, 1.2, {"data": "breast_cancer_wisconsin", "splits": 10, "validate": 0}),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def reproduce(settings: Settings, context: Context) -> Result:
    """Learn and test each split; resumes after the last that is whole."""
    table, s = context.data, settings

    def run(k: int) -> Outcome:
        train, test = halves(table, context.seed, k, s.validate)
        # the range of values is that of the samples to learn from
        low, high = table.x[train].min(axis=0), table.x[train].max(axis=0)
        code = GaussianReceptiveFields(m=s.fields, low=low, high=high, beta=s.beta)
        rates = s.max_hz * code.activations(np.clip(table.x, low, high)).reshape(len(table.x), -1)
        learner = SWAT(
            c_0=s.c_0, amplitude=s.amplitude, tau=s.tau, teacher=s.teacher, epochs=s.epochs, present_ms=s.present_ms,
            seed=1000 * context.seed + k,
        ).fit(rates[train], table.y[train])  # fmt: skip
        right = learner.predict(rates) == table.y
        return {
            "test": 100.0 * float(right[test].mean()), "train": 100.0 * float(right[train].mean()),
            "samples": len(train) * s.epochs, "rates": learner.rates_[-1],
        }  # fmt: skip

    found, spent = repeated(context, "learn", [f"split {k + 1}" for k in range(s.splits)], run)
    tested = "validation" if s.validate else "test"
    measured = {
        f"{tested} accuracy": float(np.mean([outcome["test"] for outcome in found])),
        "training accuracy": float(np.mean([outcome["train"] for outcome in found])),
    }
    metrics = {"tested": [outcome["test"] for outcome in found], "rates": [outcome["rates"] for outcome in found]}
    return Result(measured, sum(outcome["samples"] for outcome in found), spent, metrics)
