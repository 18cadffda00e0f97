"""Diverse synaptic plasticity mechanisms orchestrated to form and retrieve memories (Zenke, Agnes & Gerstner 2015), scaled down.

Excitatory cells hear inputs and each other through synapses that learn by the orchestrated rule: triplet STDP, heterosynaptic
plasticity that only bursts of the target turn on, growth at presynaptic spikes, and a slow consolidation. Patterns of the inputs,
shown in random order, become assemblies: groups of cells that answer one pattern, also where half of its inputs are silent.
Inhibition learns along, so that rates stay low. The control learns by the triplet rule alone, without heterosynaptic plasticity and
growth, under the same inhibition: its weights run away to their bounds, and whichever pattern is shown it answers alike.

Recall is the part of cues with ``cue`` of a pattern's inputs to which the assembly of that pattern answers most; contrast is how
much more it answers, to whole patterns, than the others on average.

Source: Zenke, Agnes & Gerstner 2015, doi:10.1038/ncomms7922; constants of the rules from the authors' code, fzenke
pub2015orchestrated. Scaled and changed: 400 excitatory and 100 inhibitory cells for 4096 and 1024, an input each; four disjoint
patterns of a quarter of the inputs, seen through receptive fields that are there from the start; leaky cells with conductances of
10 ms in the place of AMPA and NMDA, of adaptation and of a threshold that jumps; no short-term plasticity; Vogels' rule, which each
inhibitory synapse can carry out, in the place of a global factor; minutes for hours. The paper prints no single figure. Its cells
stay active for seconds after a cue, which these do not: there is nothing here that lasts as NMDA and facilitation do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.poisson import Poisson
from maichong.engines.run import Run
from maichong.errors import ParameterError
from maichong.network import Network
from maichong.neurons.lif import LIF
from maichong.plasticity.meso.consolidating_stdp import ConsolidatingSTDP
from maichong.plasticity.meso.vogels_stdp import VogelsSTDP
from maichong.spec import Steps
from maichong.synapses.exponential import Exponential
from maichong.topology import FixedProbability
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.repeats import Outcome, repeated
from maichong.zoo.settings import check_above, check_least

NAME = "zenke-2015"
TITLE = "Orchestrated plasticity forms and retrieves memories (Zenke, Agnes & Gerstner 2015), scaled"

DT = 0.5
"""ms."""


@dataclass(frozen=True)
class Settings:
    """The experiment's constants; each is an option of the command, ``--set learn_s=600``."""

    cells: int = 400  # excitatory, and inputs
    inhibitory: int = 100
    patterns: int = 4
    learn_s: float = 300.0
    on_ms: float = 1000.0  # a pattern is shown
    off_ms: float = 2000.0  # between two, on average
    background_hz: float = 5.0
    pattern_hz: float = 35.0
    field: int = 50  # inputs to either side that a cell hears twice as strongly
    cue: float = 0.5  # part of a pattern's inputs that a cue has
    cues: int = 5  # of each pattern
    cue_ms: float = 500.0
    a: float = 1e-3  # rate of the triplet rule
    beta: float = 0.05  # heterosynaptic plasticity
    delta: float = 2e-5  # growth at a presynaptic spike
    target_hz: float = 4.0  # of the inhibitory rule
    w_input: float = 0.25  # nS at the start
    w_recurrent: float = 0.1

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("inhibitory", "cues"))
        check_least(NAME, self, 2, ("patterns",))
        check_least(NAME, self, 0, ("field", "a", "beta", "delta", "w_input", "w_recurrent", "background_hz"))
        check_above(NAME, self, 0, ("learn_s", "on_ms", "off_ms", "cue", "cue_ms", "target_hz", "pattern_hz"))
        if self.cells < self.patterns or self.cells % self.patterns:
            raise ParameterError(f"{NAME}.cells", f"must be a multiple of {self.patterns}, the number of patterns", self.cells)
        if self.cue > 1:
            raise ParameterError(f"{NAME}.cue", "must be <= 1, a part of a pattern", self.cue)


DATA: dict[str, dict[str, Any]] = {"patterns": {}}

SMOKE = {"cells": 80, "inhibitory": 20, "field": 10, "learn_s": 4.0, "cues": 1, "w_input": 1.0, "w_recurrent": 0.4}

CLAIMS = (
    Claim("recall", 100.0, 10.0, {"cells": 400, "learn_s": 300.0, "cue": 0.5}, note="cues recall their assembly in the paper"),
    Claim("contrast", 3.0, 0.0, {"cells": 400, "learn_s": 300.0}, "times", note="assemblies answer selectively; our bound"),
    Claim(
        "recall without", 50.0, 0.0, {"cells": 400, "learn_s": 300.0, "cue": 0.5}, note="runs away without; our bound",
        better="lower",
    ),
)  # fmt: skip


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def schedule(s: Settings, rng: np.random.Generator) -> Steps:
    """The rates of the inputs while patterns come and go, Hz [times, inputs]."""
    times, rates, t = [0.0], [np.full(s.cells, s.background_hz)], 0.0
    while t < 1000.0 * s.learn_s:
        t += DT * max(round(rng.exponential(s.off_ms) / DT), 1)
        rate = rates[0].copy()
        rate[home(s) == rng.integers(s.patterns)] = s.pattern_hz
        times += [t, t + DT * round(s.on_ms / DT)]
        rates += [rate, rates[0]]
        t = times[-1]
    return Steps(times, np.array(rates))


def home(s: Settings) -> np.ndarray:
    """The pattern to which each input belongs, and the assembly to which each cell should."""
    return np.arange(s.cells) // (s.cells // s.patterns)


def network(s: Settings, seed: int, heterosynaptic: bool) -> Network:
    """The inputs, the cells and their plastic synapses; the control is without heterosynaptic plasticity and growth."""
    net = Network(dt=DT, seed=seed)
    net.population("input", Poisson(rate=schedule(s, np.random.default_rng(seed))), s.cells)
    net.population("e", LIF(v_rest=-70.0, v_r=-70.0, v_th=-50.0, tau_m=20.0, c_m=200.0, t_ref=5.0), s.cells, sign="excitatory")
    net.population(
        "i", LIF(v_rest=-70.0, v_r=-70.0, v_th=-50.0, tau_m=10.0, c_m=100.0, t_ref=2.5), s.inhibitory, sign="inhibitory"
    )
    glutamate, gaba = Exponential(tau=10.0, e_rev=0.0), Exponential(tau=10.0, e_rev=-80.0)
    scale = 1.0 if heterosynaptic else 0.0
    rule = ConsolidatingSTDP(A=s.a, beta=scale * s.beta, delta=scale * s.delta, w_max=5.0)
    apart = np.abs(np.arange(s.cells)[:, None] - np.arange(s.cells))
    fields = s.w_input * np.where(np.minimum(apart, s.cells - apart) <= s.field, 2.0, 1.0)
    balance = VogelsSTDP(eta=0.01, alpha=2 * 20.0 * s.target_hz / 1000.0, tau=20.0, w_max=10.0)
    for pre, post, p, weight, delay, receptor, plasticity in (
        ("input", "e", 0.2, fields, 0.5, glutamate, rule), ("e", "e", 0.2, s.w_recurrent, 1.0, glutamate, rule),
        ("e", "i", 0.5, 1.5 * s.w_recurrent, 1.0, glutamate, ()), ("i", "e", 0.5, 0.5, 1.0, gaba, balance),
        ("i", "i", 0.5, 0.2, 1.0, gaba, ()),
    ):  # fmt: skip
        connector = FixedProbability(p)
        net.project(pre, post, connector, weight=weight, delay=delay, receptor=receptor, plasticity=plasticity)
    net.probe("e", "counts")
    return net


def answers(s: Settings, run: Run, part: float, rng: np.random.Generator) -> np.ndarray:
    """The rates of all assemblies, Hz, to cues with ``part`` of each pattern's inputs: [cues, patterns, assemblies]."""
    found = np.zeros((s.cues, s.patterns, s.patterns))
    quiet, groups = np.full(s.cells, s.background_hz), home(s)
    for cue in range(s.cues):
        for pattern in range(s.patterns):
            members = np.flatnonzero(groups == pattern)
            rate = quiet.copy()
            rate[rng.choice(members, round(part * members.size), replace=False)] = s.pattern_hz
            run["input"].set(rate=quiet)
            before = run.run(s.on_ms)["e"].counts.copy()
            run["input"].set(rate=rate)
            fired = run.run(DT * round(s.cue_ms / DT))["e"].counts - before
            found[cue, pattern] = np.bincount(groups, fired) / (s.cells // s.patterns) / s.cue_ms * 1000.0
    return found


def reproduce(settings: Settings, context: Context) -> Result:
    """Learn and recall, with heterosynaptic plasticity and without; resumes after the first."""
    s = settings

    def learned(k: int) -> Outcome:
        run = network(s, context.seed, heterosynaptic=k == 0).build("events")
        rates, second = [], 1000.0 * s.learn_s / 20
        for _ in range(20):
            before = run["e"].counts.sum()
            run.run(DT * round(second / DT))
            rates.append(float(run["e"].counts.sum() - before) / s.cells / second * 1000.0)
        run.learning = False
        rng, pattern = np.random.default_rng([context.seed, 1]), np.arange(s.patterns)
        whole, cued = answers(s, run, 1.0, rng), answers(s, run, s.cue, rng)
        right = whole[:, pattern, pattern].mean()
        others = (whole.sum(axis=2) - whole[:, pattern, pattern]).mean() / (s.patterns - 1)
        weights = run.synapses("e->e")["weight"]
        return {
            "recall": 100.0 * float((cued.argmax(axis=2) == pattern).mean()), "contrast": float(right / max(others, 1e-9)),
            "rates": rates, "largest": float(weights.max()), "mean": float(weights.mean()),
        }  # fmt: skip

    (with_it, without), spent = repeated(context, "learn", ["with", "without"], learned)
    measured = {
        "recall": with_it["recall"], "contrast": with_it["contrast"], "recall without": without["recall"],
        "largest weight": with_it["largest"], "largest weight without": without["largest"],
        "rate": with_it["rates"][-1], "rate without": without["rates"][-1],
    }  # fmt: skip
    metrics = {"rates": with_it["rates"], "rates without": without["rates"]}
    return Result(measured, int(2 * s.learn_s * 1000.0 / (s.on_ms + s.off_ms)), spent, metrics)
