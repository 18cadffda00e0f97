"""Leaky integrate-and-fire neuron.

    tau_m dv/dt = v_rest - v + (tau_m / c_m) i;      v >= v_th: spike, v <- v_r, held for t_ref

The membrane is one leaky capacitor. With currents that are constant or decay exponentially the flow is linear and stepped
exactly, and ``spike_times="exact"`` has spikes where the threshold is crossed, whatever dt is; with conductance receptors
(``Exponential(tau=5, e_rev=0)``) it is the conductance-based LIF, linear in v alone.

Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570 (exact integration); Brette et al. 2007,
doi:10.1007/s10827-007-0038-6 (conductance form).

Not for adaptation, bursts or the shape of a spike: see AdaptiveLIF, Izhikevich.
"""

from maichong.spec import Input, Param, State, neuron


def flow(v, i, v_rest, tau_m, c_m):
    return (v_rest - v) / tau_m + i / c_m


def fires(v, v_th):
    return v - v_th


def reset(v_r):
    return v_r


LIF = neuron(
    "LIF",
    params=[
        Param("tau_m", 10.0, "ms", "membrane time constant", above=0),
        Param("c_m", 250.0, "pF", "membrane capacitance", above=0),
        Param("v_rest", -70.0, "mV", "resting potential"),
        Param("v_th", -55.0, "mV", "threshold"),
        Param("v_r", -70.0, "mV", "reset potential"),
    ],
    states=[State("v", "v_rest", "mV", "membrane potential", membrane=True)],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
