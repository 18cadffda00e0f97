"""Integrate-and-fire neuron without leak (perfect integrator, Lapicque 1907).

    c_m dv/dt = i;      v >= v_th: spike, v <- v_r, held for t_ref

It forgets nothing: under a constant current it fires at the rate i / (c_m (v_th - v_r)), linear in i above 0 and 0 below it, which
is the ReLU of artificial networks; with ``reset="soft"`` that holds for any course of i to within one spike.

Source: Abbott 1999, doi:10.1016/S0361-9230(99)00161-6; as the neuron of converted networks Cao, Chen & Khosla 2015,
doi:10.1007/s11263-014-0788-3.

Not for cells of the brain, which forget their input within a membrane time constant: see LIF.
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
        Param("v_th", -55.0, "mV", "threshold"),
        Param("v_r", -70.0, "mV", "reset potential"),
        Param("v_0", -70.0, "mV", "potential at the start"),
    ],
    states=[State("v", "v_0", "mV", "membrane potential", membrane=True)],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
