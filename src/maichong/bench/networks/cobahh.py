"""Traub and Miles's cells with sodium and potassium spikes, in Vogels and Abbott's network (COBAHH).

The connections are those of COBA: fixed in-degrees, 6 / 67 nS, 0.1 ms. There is neither a bias nor a stimulus: the cells fire
by themselves, at 14 Hz when alone. What counts as a spike differs and shifts its time by a part of a millisecond: maichong and
Brian2 notice where v rises through -20 mV, NEST stamps the peak.

Source: Brette et al. 2007, benchmark 3, doi:10.1007/s10827-007-0038-6; the cell Traub & Miles 1991, "Neuronal Networks of the
Hippocampus".
"""

from __future__ import annotations

from dataclasses import dataclass

from maichong.bench.networks.benchmark import Benchmark, Span, constant
from maichong.network import Network
from maichong.neurons.traub_miles import TraubMiles
from maichong.spec import Normal
from maichong.synapses.exponential import Exponential
from maichong.topology import FixedInDegree


@dataclass(frozen=True)
class Constants:
    """The network's constants."""

    dt: float = constant(0.1, "ms", "time step")
    n_exc: int = constant(3200, "", "excitatory cells")
    n_inh: int = constant(800, "", "inhibitory cells")
    k_exc: int = constant(64, "", "excitatory synapses onto each cell, from sources drawn with replacement")
    k_inh: int = constant(16, "", "inhibitory synapses onto each cell")
    c_m: float = constant(200.0, "pF", "membrane capacitance")
    g_l: float = constant(10.0, "nS", "leak conductance")
    g_na: float = constant(20_000.0, "nS", "largest sodium conductance")
    g_k: float = constant(6_000.0, "nS", "largest potassium conductance")
    e_l: float = constant(-60.0, "mV", "reversal potential of the leak")
    e_na: float = constant(50.0, "mV", "reversal potential of sodium")
    e_k: float = constant(-90.0, "mV", "reversal potential of potassium")
    v_t: float = constant(-63.0, "mV", "potential from which the gates' rates are counted")
    v_th: float = constant(-20.0, "mV", "potential at which a spike is noticed, where the tool lets one choose")
    t_ref: float = constant(3.0, "ms", "time without a further spike, where the tool needs one to notice each spike once")
    e_exc: float = constant(0.0, "mV", "reversal potential of excitation")
    e_inh: float = constant(-80.0, "mV", "reversal potential of inhibition")
    tau_exc: float = constant(5.0, "ms", "decay of excitation")
    tau_inh: float = constant(10.0, "ms", "decay of inhibition")
    w_exc: float = constant(6.0, "nS", "excitatory weight")
    w_inh: float = constant(67.0, "nS", "inhibitory weight")
    delay: float = constant(0.1, "ms", "delay of all synapses")
    v0_mean: float = constant(-65.0, "mV", "mean voltage at the start, normally distributed")
    v0_sd: float = constant(5.0, "mV", "its standard deviation")

    @property
    def sizes(self) -> dict[str, int]:
        """Neurons by population."""
        return {"exc": self.n_exc, "inh": self.n_inh}

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return (self.n_exc + self.n_inh) * (self.k_exc + self.k_inh)


def network(c: Constants, seed: int) -> Network:
    """The network in maichong."""
    net = Network(dt=c.dt, seed=seed)
    cell = TraubMiles(
        c_m=c.c_m, g_leak=c.g_l, g_na=c.g_na, g_k=c.g_k, e_leak=c.e_l, e_na=c.e_na, e_k=c.e_k, v_t=c.v_t, v_th=c.v_th
    )
    start = {"v": Normal(c.v0_mean, c.v0_sd)}
    exc, inh = (net.population(name, cell, n, init=start) for name, n in c.sizes.items())
    excitation, inhibition = Exponential(tau=c.tau_exc, e_rev=c.e_exc), Exponential(tau=c.tau_inh, e_rev=c.e_inh)
    for post in (exc, inh):
        net.project(exc, post, FixedInDegree(c.k_exc), weight=c.w_exc, delay=c.delay, receptor=excitation)
        net.project(inh, post, FixedInDegree(c.k_inh), weight=c.w_inh, delay=c.delay, receptor=inhibition)
        net.probe(post, "counts")
    return net


_TITLE = f"COBAHH, 4,000 Traub-Miles cells, {Constants().synapses:,} synapses"
_SPANS = {"maichong": Span(1000.0, 3), "brian2": Span(1000.0), "nest": Span(1000.0)}
BENCHMARKS = (Benchmark("cobahh", _TITLE, "cobahh", Constants(), 200.0, _SPANS),)
