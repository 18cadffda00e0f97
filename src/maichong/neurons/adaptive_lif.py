"""Leaky integrate-and-fire neuron with an adaptive threshold (ALIF, the neuron of long short-term memory SNNs).

    tau_m dv/dt = v_rest - v + (tau_m / c_m) i
    tau_a da/dt = -a;      v >= v_th + a: spike, v <- v_r, a <- a + delta_a

Each spike raises the threshold, which falls back slowly: the rate adapts to the stimulus, and the threshold remembers.

Source: Bellec, Salaj, Subramoney, Legenstein & Maass 2018, arXiv:1803.09574; the threshold after Gerstner & Kistler 2002,
doi:10.1017/CBO9780511815706.

Not for a threshold that learns over minutes: that is the rule HomeostaticThreshold, on any neuron.
"""

from maichong.spec import Input, Param, State, neuron


def flow(v, a, i, v_rest, tau_m, c_m, tau_a):
    return (v_rest - v) / tau_m + i / c_m, -a / tau_a


def fires(v, a, v_th):
    return v - (v_th + a)


def reset(a, v_r, delta_a):
    return v_r, a + delta_a


AdaptiveLIF = neuron(
    "AdaptiveLIF",
    params=[
        Param("tau_m", 20.0, "ms", "membrane time constant", above=0),
        Param("c_m", 250.0, "pF", "membrane capacitance", above=0),
        Param("v_rest", -70.0, "mV", "resting potential"),
        Param("v_th", -55.0, "mV", "threshold at rest"),
        Param("v_r", -70.0, "mV", "reset potential"),
        Param("tau_a", 200.0, "ms", "time constant of the threshold", above=0),
        Param("delta_a", 1.5, "mV", "rise of the threshold per spike"),
    ],
    states=[
        State("v", "v_rest", "mV", "membrane potential", membrane=True),
        State("a", 0.0, "mV", "rise of the threshold above v_th"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
