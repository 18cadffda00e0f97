"""Potjans and Diesmann's microcircuit: four layers of cortex under a square millimetre, with Poisson input from outside.

Below scale 1 neurons and in-degrees shrink alike, weights grow by 1 / sqrt(scale) and a current makes up for the mean input
that is lost, so that rates stay; correlations do not, and nor do all rates. Initial voltages are the "optimized" ones of NEST's
example, which spare the burst at the start. Sources and targets are drawn with replacement (a fixed total number for each pair
of populations); delays below dt are drawn again.

Source: Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358; scaling: van Albada, Helias & Diesmann 2015,
doi:10.1371/journal.pcbi.1004490; the rates of the full model that scaling needs are those of pynest/examples/Potjans_2014.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from maichong.bench.networks.benchmark import Benchmark, Span, constant
from maichong.bench.networks.potentials import exponential_peak
from maichong.network import Network
from maichong.neurons.lif import LIF
from maichong.spec import Normal
from maichong.synapses.exponential import Exponential
from maichong.topology import FixedTotalNumber

Matrix = tuple[tuple[float, ...], ...]
"""By target, then source."""

PROBABILITIES: Matrix = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443),
)


@dataclass(frozen=True)
class Constants:
    """The network's constants. Those by population follow ``populations``, and so do the rows and columns of matrices."""

    dt: float = constant(0.1, "ms", "time step")
    scale: float = constant(1.0, "", "neurons and in-degrees, relative to the full model")
    populations: tuple[str, ...] = constant(
        ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"), "", "layer, excitatory or inhibitory"
    )
    n_full: tuple[int, ...] = constant(
        (20_683, 5_834, 21_915, 5_479, 4_850, 1_065, 14_395, 2_948), "", "cells of the full model"
    )
    probability: tuple[tuple[float, ...], ...] = constant(
        PROBABILITIES, "", "that a pair is connected at least once, by target (rows) and source"
    )
    k_ext: tuple[int, ...] = constant(
        (1_600, 1_500, 2_100, 1_900, 2_000, 1_900, 2_900, 2_100), "", "external synapses onto each cell of the full model"
    )
    rate_ext: float = constant(8.0, "Hz", "rate of each external synapse")
    rate_full: tuple[float, ...] = constant(
        (0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829), "Hz", "rates of the full model, which scaling needs"
    )
    tau_m: float = constant(10.0, "ms", "membrane time constant")
    c_m: float = constant(250.0, "pF", "membrane capacitance")
    e_l: float = constant(-65.0, "mV", "resting potential")
    v_th: float = constant(-50.0, "mV", "threshold")
    v_r: float = constant(-65.0, "mV", "reset")
    t_ref: float = constant(2.0, "ms", "refractory time, from the spike's stamp on")
    tau_syn: float = constant(0.5, "ms", "decay of synaptic currents")
    psp: float = constant(0.15, "mV", "peak of an excitatory postsynaptic potential in the full model")
    g: float = constant(4.0, "", "inhibition relative to excitation")
    doubled: tuple[str, str] = constant(("L23E", "L4E"), "", "target and source of the connection whose weights are doubled")
    weight_sd: float = constant(0.1, "", "standard deviation of weights relative to their mean, normal, drawn again at 0")
    delay_exc: float = constant(1.5, "ms", "mean delay from excitatory cells")
    delay_inh: float = constant(0.75, "ms", "mean delay from inhibitory cells")
    delay_sd: float = constant(0.5, "", "standard deviation of delays relative to their mean, normal, drawn again below dt")
    v0_mean: tuple[float, ...] = constant(
        (-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43), "mV", "mean voltage at the start, normal"
    )
    v0_sd: tuple[float, ...] = constant((5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48), "mV", "its standard deviation")

    @property
    def sizes(self) -> dict[str, int]:
        """Neurons by population."""
        return {name: round(n * self.scale) for name, n in zip(self.populations, self.n_full, strict=True)}

    @property
    def numbers(self) -> tuple[tuple[int, ...], ...]:
        """The number of synapses by target and source."""
        share = self.scale * self.scale
        return tuple(tuple(round(number * share) for number in row) for row in self._numbers_full())

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return sum(map(sum, self.numbers))

    @property
    def w_ext(self) -> float:
        """The weight of external synapses in pA."""
        return self.psp / exponential_peak(self.tau_m, self.tau_syn, self.c_m) / math.sqrt(self.scale)

    @property
    def weights(self) -> Matrix:
        """The mean weight in pA by target and source."""
        rows = []
        for post in self.populations:
            signs = [(2.0 if (post, pre) == self.doubled else 1.0) if _excites(pre) else -self.g for pre in self.populations]
            rows.append(tuple(sign * self.w_ext for sign in signs))
        return tuple(rows)

    @property
    def delays(self) -> tuple[float, ...]:
        """The mean delay in ms by source."""
        return tuple(self.delay_exc if _excites(pre) else self.delay_inh for pre in self.populations)

    @property
    def rates_ext(self) -> tuple[float, ...]:
        """The rate in Hz of all external input to a cell, by population."""
        return tuple(round(k * self.scale) * self.rate_ext for k in self.k_ext)

    @property
    def drive(self) -> tuple[float, ...]:
        """The current in pA, by population, that makes up for the mean input which scaling takes away."""
        lost, currents = 1.0 - math.sqrt(self.scale), []
        for k, n, numbers, weights in zip(self.k_ext, self.n_full, self._numbers_full(), self.weights, strict=True):
            inner = sum(w * q / n * rate for w, q, rate in zip(weights, numbers, self.rate_full, strict=True))
            # weights here are those of the scaled network: sqrt(scale) brings the full ones back
            currents.append(1e-3 * self.tau_syn * lost * math.sqrt(self.scale) * (inner + self.w_ext * k * self.rate_ext))
        return tuple(currents)

    def _numbers_full(self) -> list[list[float]]:
        """Synapses of the full model: so many that a pair is connected at least once with the given probability."""
        return [
            [math.log1p(-p) / math.log1p(-1.0 / (n_post * n_pre)) for p, n_pre in zip(row, self.n_full, strict=True)]
            for row, n_post in zip(self.probability, self.n_full, strict=True)
        ]


def _excites(population: str) -> bool:
    return population.endswith("E")


def network(c: Constants, seed: int) -> Network:
    """The network in maichong."""
    net = Network(dt=c.dt, seed=seed)
    cell = LIF(tau_m=c.tau_m, c_m=c.c_m, v_rest=c.e_l, v_th=c.v_th, v_r=c.v_r, t_ref=c.t_ref)
    receptor = Exponential(tau=c.tau_syn)
    starts = [Normal(mean, sd) for mean, sd in zip(c.v0_mean, c.v0_sd, strict=True)]
    for (name, n), start, drive, rate in zip(c.sizes.items(), starts, c.drive, c.rates_ext, strict=True):
        net.population(name, cell, n, init={"v": start}, drive=drive)
        net.background(name, rate=rate, weight=c.w_ext, receptor=receptor)
        net.probe(name, "counts")
    for post, numbers, weights in zip(c.populations, c.numbers, c.weights, strict=True):
        for pre, number, mean, delay in zip(c.populations, numbers, weights, c.delays, strict=True):
            if number:
                bound = {"low": 0.0} if mean > 0 else {"high": 0.0}
                net.project(
                    pre, post, FixedTotalNumber(number), weight=Normal(mean, c.weight_sd * abs(mean), **bound),
                    delay=Normal(delay, c.delay_sd * delay, low=c.dt), receptor=receptor,
                )  # fmt: skip
    return net


PUBLISHED = dict(zip(Constants().populations, (0.86, 2.80, 4.45, 5.93, 7.59, 8.64, 1.09, 7.88), strict=True))
"""Hz, of the full model with Poisson input."""

_SPANS = {
    0.1: {"maichong": Span(2000.0, 3), "brian2": Span(2000.0), "nest": Span(2000.0)},
    0.2: {"maichong": Span(1000.0, 3), "brian2": Span(1000.0), "nest": Span(1000.0)},
    1.0: {"maichong": Span(1000.0), "brian2": Span(500.0), "nest": Span(500.0)},
}


def _benchmark(scale: float) -> Benchmark:
    constants = replace(Constants(), scale=scale)
    n, full = sum(constants.sizes.values()), scale == 1.0
    title = f"Potjans-Diesmann microcircuit at scale {scale:g}, {n:,} neurons, {constants.synapses:,} synapses"
    return Benchmark(
        "microcircuit" if full else f"microcircuit-{scale:g}", title, "microcircuit", constants, 200.0, _SPANS[scale],
        precisions=("float32",) if full else ("float32", "float64"), published=PUBLISHED,
        publication="Potjans & Diesmann 2014, full scale, Poisson input",
    )  # fmt: skip


BENCHMARKS = tuple(_benchmark(scale) for scale in _SPANS)
