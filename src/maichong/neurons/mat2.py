"""Multi-timescale adaptive threshold neuron (MAT): a leaky membrane that a spike leaves alone; only the threshold jumps.

    tau_m dv/dt = v_rest - v + (tau_m / c_m) i;      dh_k/dt = -h_k / tau_k  for k = 1, 2
    v >= omega + h_1 + h_2: spike, h_k <- h_k + alpha_k, and no other for t_ref

The membrane is linear in the input for ever, so a threshold of two time constants, a spike's own and a slow one, is all that is
fitted to a cell: it won the first competitions in predicting spikes. Give ``t_ref``, 2 ms in the paper: without it a strong input
fires in every step until the threshold is above v.

Source: Kobayashi, Tsubo & Shinomoto 2009, doi:10.3389/neuro.10.009.2009.

Not for the potential after a spike, which it does not follow, nor for conductances that shunt: see AdaptiveLIF.
"""

from maichong.spec import Input, Param, State, neuron


def flow(v, h_1, h_2, i, v_rest, tau_m, c_m, tau_1, tau_2):
    return (v_rest - v) / tau_m + i / c_m, -h_1 / tau_1, -h_2 / tau_2


def fires(v, h_1, h_2, omega):
    return v - (omega + h_1 + h_2)


def reset(v, h_1, h_2, alpha_1, alpha_2):
    return v, h_1 + alpha_1, h_2 + alpha_2


MAT2 = neuron(
    "MAT2",
    params=[
        Param("tau_m", 5.0, "ms", "membrane time constant", above=0),
        Param("c_m", 100.0, "pF", "membrane capacitance", above=0),
        Param("v_rest", -70.0, "mV", "resting potential"),
        Param("omega", -51.0, "mV", "threshold at rest"),
        Param("tau_1", 10.0, "ms", "time constant of the quick part of the threshold", above=0),
        Param("tau_2", 200.0, "ms", "time constant of its slow part", above=0),
        Param("alpha_1", 37.0, "mV", "rise of the quick part per spike"),
        Param("alpha_2", 2.0, "mV", "rise of the slow part per spike"),
    ],
    states=[
        State("v", "v_rest", "mV", "membrane potential", membrane=True),
        State("h_1", 0.0, "mV", "quick part of the threshold above omega"),
        State("h_2", 0.0, "mV", "slow part of the threshold above omega"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    holds=False,
    doc=__doc__,
)
