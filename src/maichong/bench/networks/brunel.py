"""Brunel's sparsely connected network, balanced by inhibition, with jumps of the voltage (delta) or alpha currents as synapses.

The numbers are those of NEST's two examples: 10,000 + 2,500 cells, a tenth of all sources onto each, g = 5, eta = 2, and a
reset to 0 mV, which the paper has at 10. The Poisson input of each cell stands for as many external synapses as come from
excitatory cells.

Source: Brunel 2000, doi:10.1023/A:1008925309027.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from maichong.bench.networks.benchmark import Benchmark, Span, constant
from maichong.bench.networks.potentials import alpha_peak
from maichong.network import Network
from maichong.neurons.lif import LIF
from maichong.synapses.alpha import Alpha
from maichong.synapses.delta import Delta
from maichong.topology import FixedInDegree


@dataclass(frozen=True)
class Constants:
    """The network's constants, with delta synapses unless ``tau_syn`` is set."""

    dt: float = constant(0.1, "ms", "time step")
    n_exc: int = constant(10_000, "", "excitatory cells")
    n_inh: int = constant(2_500, "", "inhibitory cells")
    k_exc: int = constant(1_000, "", "excitatory synapses onto each cell, from sources drawn with replacement")
    k_inh: int = constant(250, "", "inhibitory synapses onto each cell")
    tau_m: float = constant(20.0, "ms", "membrane time constant")
    c_m: float = constant(250.0, "pF", "membrane capacitance")
    e_l: float = constant(0.0, "mV", "resting potential, and voltage at the start")
    v_th: float = constant(20.0, "mV", "threshold")
    v_r: float = constant(0.0, "mV", "reset")
    t_ref: float = constant(
        2.0, "ms", "refractory time, from the spike's stamp on; voltage jumps that arrive within it are lost"
    )
    tau_syn: float | None = constant(None, "ms", "time to the peak of alpha currents; None: a spike jumps the voltage")
    j: float = constant(0.1, "mV", "peak of an excitatory postsynaptic potential")
    g: float = constant(5.0, "", "inhibition relative to excitation")
    eta: float = constant(2.0, "", "external rate relative to the one that holds a cell at its threshold")
    delay: float = constant(1.5, "ms", "delay of all synapses")

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
        """The excitatory weight: mV, or pA at the peak of an alpha current."""
        return self.j if self.tau_syn is None else self.j / alpha_peak(self.tau_m, self.tau_syn, self.c_m)

    @property
    def w_inh(self) -> float:
        """The inhibitory weight."""
        return -self.g * self.w_exc

    @property
    def rate_ext(self) -> float:
        """The rate in Hz of each of a cell's ``k_exc`` external synapses."""
        # one spike moves the steady voltage by j tau_m, or by the charge w e tau_syn of an alpha current
        moved = self.j * self.tau_m
        if self.tau_syn is not None:
            moved = self.w_exc * math.e * self.tau_syn * self.tau_m / self.c_m
        return 1000.0 * self.eta * (self.v_th - self.e_l) / (self.k_exc * moved)


def network(c: Constants, seed: int) -> Network:
    """The network in maichong."""
    net = Network(dt=c.dt, seed=seed)
    cell = LIF(tau_m=c.tau_m, c_m=c.c_m, v_rest=c.e_l, v_th=c.v_th, v_r=c.v_r, t_ref=c.t_ref)
    receptor = Delta() if c.tau_syn is None else Alpha(tau=c.tau_syn)
    exc, inh = (net.population(name, cell, n) for name, n in c.sizes.items())
    for post in (exc, inh):
        net.project(exc, post, FixedInDegree(c.k_exc), weight=c.w_exc, delay=c.delay, receptor=receptor)
        net.project(inh, post, FixedInDegree(c.k_inh), weight=c.w_inh, delay=c.delay, receptor=receptor)
        net.background(post, rate=c.k_exc * c.rate_ext, weight=c.w_exc, receptor=receptor)
        net.probe(post, "counts")
    return net


def _benchmark(kind: str, constants: Constants) -> Benchmark:
    n = sum(constants.sizes.values())
    title = f"Brunel's balanced network with {kind} synapses, {n:,} neurons, {constants.synapses:,} synapses"
    spans = {"maichong": Span(1000.0, 3), "brian2": Span(1000.0), "nest": Span(1000.0)}
    return Benchmark(f"brunel-{kind}", title, "brunel", constants, 100.0, spans)


BENCHMARKS = (_benchmark("delta", Constants()), _benchmark("alpha", replace(Constants(), tau_syn=0.5)))
