"""Integrate-and-fire neuron without a leak.

    c_m dv/dt = i;      v >= v_th: spike, v <- v_r, held for t_ref

The membrane is a capacitor that keeps all charge: the rate is (i / c_m) / (v_th - v_r), whatever course the current takes, which is
why converted networks use it. It is stepped exactly.

Source: Abbott 1999, doi:10.1016/S0361-9230(99)00161-6, on Lapicque 1907.

Not where inputs should be forgotten: see LIF.
"""

from maichong.spec import Input, Param, State, neuron


def flow(i, c_m):
    return i / c_m


def fires(v, v_th):
    return v - v_th


def reset(v_r):
    return v_r


IF = neuron(
    "IF",
    params=[
        Param("c_m", 250.0, "pF", "membrane capacitance", above=0),
        Param("v_0", -70.0, "mV", "potential at the start"),
        Param("v_th", -55.0, "mV", "threshold"),
        Param("v_r", -70.0, "mV", "reset potential"),
    ],
    states=[State("v", "v_0", "mV", "membrane potential", membrane=True)],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
