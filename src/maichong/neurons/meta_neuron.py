"""Meta-dynamic neuron: a quadratic neuron with recovery, whose four parameters are learned or taken from a finite set of types.

    dv/dt = k2 v^2 - k1 v - u + i / c_m;      du/dt = a (b v - u)
    v >= v_th: spike, v <- c, u <- u + d

One step of Euler (``integrator="euler"``) at dt = 1 ms is the paper's, where all constants but a, b, c, d are 1 and the input is a
sigmoid. A spike resets v and adds to u, as Izhikevich's does; (a, b) say how the neuron recovers, (c, d) what a spike leaves.

Source: Cheng, Zhang, Jia & Xu 2020, Finite meta-dynamic neurons in spiking neural networks for spatio-temporal learning,
arXiv:2010.03140.

Not for biophysics: its units are those of a map, and v runs away above 1 where nothing resets it.
"""

from maichong.spec import Input, Param, State, neuron


def flow(v, u, i, k2, k1, c_m, a, b):
    return k2 * v * v - k1 * v - u + i / c_m, a * (b * v - u)


def fires(v, v_th):
    return v - v_th


def reset(u, c, d):
    return c, u + d


MetaNeuron = neuron(
    "MetaNeuron",
    params=[
        Param("a", 0.02, "1/ms", "rate of recovery"),
        Param("b", 0.2, "1/ms", "sensitivity of the recovery to v"),
        Param("c", 0.0, "mV", "reset potential"),
        Param("d", 0.08, "mV/ms", "rise of the recovery per spike"),
        Param("v_th", 0.5, "mV", "threshold"),
        Param("k2", 1.0, "1/(mV ms)", "quadratic coefficient"),
        Param("k1", 1.0, "1/ms", "linear coefficient"),
        Param("c_m", 1.0, "pF", "capacitance that turns a current into mV/ms", above=0),
        Param("u_0", 0.08, "mV/ms", "recovery at the start"),
    ],
    states=[
        State("v", 0.0, "mV", "membrane potential", membrane=True),
        State("u", "u_0", "mV/ms", "recovery"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
