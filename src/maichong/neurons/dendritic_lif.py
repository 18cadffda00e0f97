"""Leaky soma with a dendrite that spikes by itself: two inputs, and bursts where they meet.

    c_s dv/dt = (c_s / tau_s) (e_leak - v) + g_s f(v_d) - w_s + i;          v >= v_th: spike, v <- e_leak, w_s <- w_s + b_s
    c_d dv_d/dt = (c_d / tau_d) (e_leak - v_d) + g_d f(v_d) + c_bap K - w_d + i_d
    tau_ws dw_s/dt = -w_s;      tau_wd dw_d/dt = a_d (v_d - e_leak) - w_d;      f(v) = 1 / (1 + exp((v_f - v) / k_f))

The dendrite drives itself through f and stays up until w_d ends its plateau; each spike of the soma goes back to it as a box K of
current, from ``delay`` to delay + ``width`` after the spike. The paper's box has vertical sides; here they are steep, tanh of
(age - delay) / rise, so that no step of the grid meets an edge. A plateau on top of somatic input makes a burst. t_ref is 3 ms as
a rule.

Source: Naud & Sprekeler 2018, doi:10.1073/pnas.1720995115; Payeur, Guerguiev, Zenke, Richards & Naud 2021,
doi:10.1038/s41593-021-00857-x.

Not for ion channels: see PinskyRinzel. For dendrites of more compartments see Cable.
"""

from maichong.ops import exp, tanh
from maichong.spec import Input, Param, State, neuron


def activation(v_d, v_f, k_f):
    return 1.0 / (1.0 + exp((v_f - v_d) / k_f))


def box(age, delay, width, rise):
    return 0.5 * (tanh((age - delay) / rise) - tanh((age - delay - width) / rise))


def flow(
    v, v_d, w_s, w_d, age, i, i_d, tau_s, c_s, tau_d, c_d, e_leak, g_s, g_d, v_f, k_f,
    c_bap, delay, width, rise, tau_ws, tau_wd, a_d,
):  # fmt: skip
    open_d = activation(v_d, v_f, k_f)
    return (
        (e_leak - v) / tau_s + (g_s * open_d - w_s + i) / c_s,
        (e_leak - v_d) / tau_d + (g_d * open_d + c_bap * box(age, delay, width, rise) - w_d + i_d) / c_d,
        -w_s / tau_ws,
        (a_d * (v_d - e_leak) - w_d) / tau_wd,
        1.0,
    )


def fires(v, v_th):
    return v - v_th


def reset(v_d, w_s, w_d, e_leak, b_s):
    return e_leak, v_d, w_s + b_s, w_d, 0.0


DendriticLIF = neuron(
    "DendriticLIF",
    params=[
        Param("tau_s", 16.0, "ms", "time constant of the soma", above=0),
        Param("c_s", 370.0, "pF", "capacitance of the soma", above=0),
        Param("tau_d", 7.0, "ms", "time constant of the dendrite", above=0),
        Param("c_d", 170.0, "pF", "capacitance of the dendrite", above=0),
        Param("e_leak", -70.0, "mV", "resting potential of both, and reset potential of the soma"),
        Param("v_th", -50.0, "mV", "threshold of the soma"),
        Param("g_s", 1300.0, "pA", "current into the soma from an active dendrite"),
        Param("g_d", 1200.0, "pA", "current by which the dendrite drives itself"),
        Param("v_f", -38.0, "mV", "potential at which the dendrite is half active"),
        Param("k_f", 6.0, "mV", "over how many mV it becomes active", above=0),
        Param("c_bap", 2600.0, "pA", "current into the dendrite by a spike that goes back"),
        Param("delay", 0.5, "ms", "time from a spike to that current", low=0),
        Param("width", 2.0, "ms", "how long that current lasts", above=0),
        Param("rise", 0.05, "ms", "how steep it rises and falls: within twice this, for the most part", above=0),
        Param("tau_ws", 100.0, "ms", "time constant of the soma's adaptation", above=0),
        Param("b_s", 200.0, "pA", "rise of the soma's adaptation per spike"),
        Param("tau_wd", 30.0, "ms", "time constant of the dendrite's adaptation", above=0),
        Param("a_d", 13.0, "nS", "the dendrite's adaptation: its conductance"),
        Param("age_0", 1000.0, "ms", "time since the last spike at the start", low=0),
    ],
    states=[
        State("v", "e_leak", "mV", "membrane potential of the soma", membrane=True),
        State("v_d", "e_leak", "mV", "membrane potential of the dendrite"),
        State("w_s", 0.0, "pA", "current of adaptation of the soma"),
        State("w_d", 0.0, "pA", "current of adaptation of the dendrite"),
        State("age", "age_0", "ms", "time since the last spike"),
    ],
    inputs=[
        Input("i", "pA", "synaptic and injected current of the soma"),
        Input("i_d", "pA", "synaptic and injected current of the dendrite", at="v_d"),
    ],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
