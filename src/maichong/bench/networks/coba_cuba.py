"""Vogels and Abbott's network of integrate-and-fire cells, with conductances (COBA) or currents (CUBA), sustained by a bias.

The variants differ between simulators, and with them the rates; this one is that of NEST's benchmark (6 / 67 nS, 0.1 ms, fixed
in-degrees), with a bias and random voltages in place of its stimulus. A random in-degree of the same mean raises the rate from
16 to 21 Hz. CUBA has the weights of Brian2's example, 1.62 and -9 mV.

Source: Vogels & Abbott 2005, doi:10.1523/JNEUROSCI.3508-05.2005; as benchmarks 1 and 2 Brette et al. 2007,
doi:10.1007/s10827-007-0038-6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from maichong.bench.networks.benchmark import Benchmark, Span, constant
from maichong.network import Network
from maichong.neurons.lif import LIF
from maichong.spec import Uniform
from maichong.synapses.exponential import Exponential
from maichong.topology import FixedInDegree


@dataclass(frozen=True)
class Constants:
    """The network's constants, those of COBA with 4,000 cells unless changed."""

    dt: float = constant(0.1, "ms", "time step")
    n_exc: int = constant(3200, "", "excitatory cells")
    n_inh: int = constant(800, "", "inhibitory cells")
    k_exc: int = constant(64, "", "excitatory synapses onto each cell, from sources drawn with replacement")
    k_inh: int = constant(16, "", "inhibitory synapses onto each cell")
    tau_m: float = constant(20.0, "ms", "membrane time constant")
    c_m: float = constant(200.0, "pF", "membrane capacitance")
    e_l: float = constant(-60.0, "mV", "reversal potential of the leak")
    v_th: float = constant(-50.0, "mV", "threshold")
    v_r: float = constant(-60.0, "mV", "reset")
    t_ref: float = constant(5.0, "ms", "refractory time, from the spike's stamp on")
    bias: float = constant(200.0, "pA", "constant current into each cell")
    e_exc: float | None = constant(0.0, "mV", "reversal potential of excitation; None: synapses give currents")
    e_inh: float | None = constant(-80.0, "mV", "reversal potential of inhibition; None: synapses give currents")
    tau_exc: float = constant(5.0, "ms", "decay of excitation")
    tau_inh: float = constant(10.0, "ms", "decay of inhibition")
    w_exc: float = constant(6.0, "nS or pA", "excitatory weight")
    w_inh: float = constant(67.0, "nS or pA", "inhibitory weight")
    delay: float = constant(0.1, "ms", "delay of all synapses")
    v0_low: float = constant(-60.0, "mV", "lowest voltage at the start, uniform up to v0_high")
    v0_high: float = constant(-50.0, "mV", "highest voltage at the start")

    @property
    def sizes(self) -> dict[str, int]:
        """Neurons by population."""
        return {"exc": self.n_exc, "inh": self.n_inh}

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return (self.n_exc + self.n_inh) * (self.k_exc + self.k_inh)

    @property
    def g_l(self) -> float:
        """The leak conductance in nS."""
        return self.c_m / self.tau_m


CUBA = Constants(e_l=-49.0, bias=0.0, e_exc=None, e_inh=None, w_exc=16.2, w_inh=-90.0)


def network(c: Constants, seed: int) -> Network:
    """The network in maichong."""
    net = Network(dt=c.dt, seed=seed)
    cell = LIF(tau_m=c.tau_m, c_m=c.c_m, v_rest=c.e_l, v_th=c.v_th, v_r=c.v_r, t_ref=c.t_ref)
    start = {"v": Uniform(c.v0_low, c.v0_high)}
    exc = net.population("exc", cell, c.n_exc, init=start, drive=c.bias or None)
    inh = net.population("inh", cell, c.n_inh, init=start, drive=c.bias or None)
    excitation, inhibition = Exponential(tau=c.tau_exc, e_rev=c.e_exc), Exponential(tau=c.tau_inh, e_rev=c.e_inh)
    for post in (exc, inh):
        net.project(exc, post, FixedInDegree(c.k_exc), weight=c.w_exc, delay=c.delay, receptor=excitation)
        net.project(inh, post, FixedInDegree(c.k_inh), weight=c.w_inh, delay=c.delay, receptor=inhibition)
        net.probe(post, "counts")
    return net


_SPANS = {
    # the rate of a second of the small ones differs by 2 % from seed to seed
    "coba-4000": {"maichong": Span(5000.0, 5), "brian2": Span(2000.0, 3), "nest": Span(2000.0)},
    "coba-20000": {"maichong": Span(1000.0, 3), "brian2": Span(1000.0, 3), "nest": Span(1000.0)},
    "coba-100000": {"maichong": Span(1000.0, 3), "brian2": Span(1000.0), "nest": Span(200.0)},
    "cuba-4000": {"maichong": Span(10000.0, 5), "brian2": Span(5000.0, 3), "nest": Span(5000.0)},
    "cuba-20000": {"maichong": Span(2000.0, 3), "brian2": Span(2000.0, 3), "nest": Span(2000.0)},
    "cuba-100000": {"maichong": Span(1000.0, 3), "brian2": Span(1000.0, 3), "nest": Span(1000.0)},
}


def _benchmark(name: str) -> Benchmark:
    kind, _, size = name.partition("-")
    n, base = int(size), Constants() if kind == "coba" else CUBA
    constants = replace(base, n_exc=n * 4 // 5, n_inh=n // 5)
    how = "conductances" if kind == "coba" else "currents"
    title = f"Vogels-Abbott with {how} ({kind.upper()}), {n:,} neurons, {constants.synapses:,} synapses"
    return Benchmark(name, title, "coba_cuba", constants, 200.0, _SPANS[name])


BENCHMARKS = tuple(map(_benchmark, _SPANS))
