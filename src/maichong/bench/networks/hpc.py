"""The balanced network of NEST's hpc_benchmark at scale 1: 11,250 inputs to each cell, and plastic E->E synapses.

STDP has power-law potentiation and multiplicative depression, and the delay of plastic synapses is dendritic, as all delays are
in NEST. At this scale inputs share most of their sources, so that all cells fire in volleys. With NEST's lam = 0.1 weights grow
by them, and one seed in three is at 30 to 120 Hz within 300 ms; so learning is ten times slower here, towards the same weights
and with the same work. Even so chance moves the rate of half a second by 10 %.

Source: Morrison, Aertsen & Diesmann 2007, doi:10.1162/neco.2007.19.6.1437; Kunkel et al. 2014, doi:10.3389/fninf.2014.00078;
the numbers are those of pynest/examples/hpc_benchmark.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from maichong.bench.networks.benchmark import Benchmark, Span, constant
from maichong.bench.networks.potentials import alpha_peak
from maichong.network import Network
from maichong.neurons.lif import LIF
from maichong.plasticity.micro.morrison_stdp import MorrisonSTDP
from maichong.spec import Normal
from maichong.synapses.alpha import Alpha
from maichong.topology import FixedInDegree


@dataclass(frozen=True)
class Constants:
    """The network's constants."""

    dt: float = constant(0.1, "ms", "time step")
    n_exc: int = constant(9_000, "", "excitatory cells")
    n_inh: int = constant(2_250, "", "inhibitory cells")
    k_exc: int = constant(9_000, "", "excitatory synapses onto each cell, from sources drawn with replacement, never itself")
    k_inh: int = constant(2_250, "", "inhibitory synapses onto each cell")
    tau_m: float = constant(10.0, "ms", "membrane time constant")
    c_m: float = constant(250.0, "pF", "membrane capacitance")
    e_l: float = constant(0.0, "mV", "resting potential")
    v_th: float = constant(20.0, "mV", "threshold")
    v_r: float = constant(0.0, "mV", "reset")
    t_ref: float = constant(0.5, "ms", "refractory time, from the spike's stamp on")
    tau_syn: float = constant(
        0.32582722403722841, "ms", "time to the peak of alpha currents: the voltage peaks after 1.700759 ms"
    )
    j: float = constant(0.14, "mV", "peak of an excitatory postsynaptic potential, at the start where it is plastic")
    g: float = constant(5.0, "", "inhibition relative to excitation")
    eta: float = constant(1.685, "", "external rate relative to the one that holds a cell at its threshold")
    delay: float = constant(1.5, "ms", "delay of all synapses, dendritic where they are plastic")
    v0_mean: float = constant(5.7, "mV", "mean voltage at the start, normally distributed")
    v0_sd: float = constant(7.2, "mV", "its standard deviation")
    lam: float = constant(
        0.01, "", "STDP: potentiation of a pair at zero lag, relative, at a weight of w_0; in NEST's script 0.1"
    )
    alpha: float = constant(0.0513, "", "STDP: depression relative to potentiation, at a weight of w_0")
    mu: float = constant(0.4, "", "STDP: exponent of the weight in potentiation")
    w_0: float = constant(1.0, "pA", "STDP: reference weight")
    tau_plus: float = constant(15.0, "ms", "STDP: time constant of potentiation")
    tau_minus: float = constant(30.0, "ms", "STDP: time constant of depression")

    @property
    def sizes(self) -> dict[str, int]:
        """Neurons by population."""
        return {"exc": self.n_exc, "inh": self.n_inh}

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return (self.n_exc + self.n_inh) * (self.k_exc + self.k_inh)

    @property
    def w_exc(self) -> float:
        """The excitatory weight in pA at the peak of an alpha current, at the start where it is plastic."""
        return self.j / alpha_peak(self.tau_m, self.tau_syn, self.c_m)

    @property
    def w_inh(self) -> float:
        """The inhibitory weight in pA."""
        return -self.g * self.w_exc

    @property
    def rate_ext(self) -> float:
        """The rate in Hz of each of a cell's ``k_exc`` external synapses."""
        moved = self.w_exc * math.e * self.tau_syn * self.tau_m / self.c_m
        return 1000.0 * self.eta * (self.v_th - self.e_l) / (self.k_exc * moved)


def network(c: Constants, seed: int) -> Network:
    """The network in maichong."""
    net = Network(dt=c.dt, seed=seed)
    cell = LIF(tau_m=c.tau_m, c_m=c.c_m, v_rest=c.e_l, v_th=c.v_th, v_r=c.v_r, t_ref=c.t_ref)
    exc, inh = (net.population(name, cell, n, init={"v": Normal(c.v0_mean, c.v0_sd)}) for name, n in c.sizes.items())
    learning = MorrisonSTDP(lam=c.lam, alpha=c.alpha, mu=c.mu, w_0=c.w_0, tau_plus=c.tau_plus, tau_minus=c.tau_minus)
    receptor = Alpha(tau=c.tau_syn)
    for post in (exc, inh):
        for pre, k, weight in ((exc, c.k_exc, c.w_exc), (inh, c.k_inh, c.w_inh)):
            plastic = pre is post is exc
            net.project(
                pre, post, FixedInDegree(k, autapses=pre is not post), weight=weight, receptor=receptor,
                delay=None if plastic else c.delay, dendritic_delay=c.delay if plastic else None,
                plasticity=learning if plastic else (),
            )  # fmt: skip
        net.background(post, rate=c.k_exc * c.rate_ext, weight=c.w_exc, receptor=receptor)
        net.probe(post, "counts")
    return net


_CONSTANTS = Constants()
_TITLE = (
    f"hpc_benchmark at scale 1, {sum(_CONSTANTS.sizes.values()):,} neurons, {_CONSTANTS.synapses:,} synapses, "
    f"{_CONSTANTS.n_exc * _CONSTANTS.k_exc:,} of them plastic, slow learning"
)
_SPANS = {"maichong": Span(500.0, 3), "brian2": Span(500.0), "nest": Span(500.0)}
BENCHMARKS = (Benchmark("hpc", _TITLE, "hpc", _CONSTANTS, 50.0, _SPANS, precisions=("float32",), alike=0.25),)
