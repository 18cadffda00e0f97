"""Izhikevich's quadratic neuron with recovery: twenty firing patterns from two equations.

    dv/dt = k2 v^2 + k1 v + k0 - u + i / c_m;      du/dt = a (b (v - v_u) - u_leak u)
    v >= v_peak: spike, v <- c, u <- u + d

The published coefficients are numbers in ms and mV; here they carry their units, so that k2 = 0.04 / (mV ms) and a current of
1 pA into c_m = 1 pF is the paper's I = 1. Two of the twenty patterns (class 1, integrator) use k1 = 4.1, k0 = 108; one
(accommodation) uses v_u = -65, u_leak = 0.

Integrators: ``figure1`` (v by Euler, then u with the new v: reproduces the published figures at their dt), ``izh2003`` (two
half steps of v, then u: the 2003 paper's network code at dt = 1) and ``ode`` (event-located, for reference). The first two do
not converge to the third at large dt, so say which one you used.

Source: Izhikevich 2003, doi:10.1109/TNN.2003.820440; Izhikevich 2004, doi:10.1109/TNN.2004.832719.

Not for spike shapes or subthreshold precision near rheobase at dt above 0.1 ms.
"""

from maichong.neurons.izhikevich_patterns import FIGURE_2004
from maichong.spec import Input, Param, State, neuron


def flow(v, u, i, k2, k1, k0, c_m, a, b, v_u, u_leak):
    return k2 * v * v + k1 * v + k0 - u + i / c_m, a * (b * (v - v_u) - u_leak * u)


def fires(v, v_peak):
    return v - v_peak


def reset(u, c, d):
    return c, u + d


def recovery_at_rest(b, v):
    return b * v


Izhikevich = neuron(
    "Izhikevich",
    params=[
        Param("a", 0.02, "1/ms", "rate of recovery"),
        Param("b", 0.2, "1/ms", "sensitivity of the recovery to v"),
        Param("c", -65.0, "mV", "reset potential"),
        Param("d", 8.0, "mV/ms", "rise of the recovery per spike"),
        Param("v_peak", 30.0, "mV", "peak of the spike, where it is cut"),
        Param("k2", 0.04, "1/(mV ms)", "quadratic coefficient"),
        Param("k1", 5.0, "1/ms", "linear coefficient"),
        Param("k0", 140.0, "mV/ms", "constant coefficient"),
        Param("c_m", 1.0, "pF", "capacitance that turns a current into mV/ms", above=0),
        Param("v_u", 0.0, "mV", "potential at which the recovery's drive vanishes"),
        Param("u_leak", 1.0, "", "decay of the recovery: 1, or 0 for accommodation"),
    ],
    states=[
        State("v", "c", "mV", "membrane potential", membrane=True),
        State("u", recovery_at_rest, "mV/ms", "recovery"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    schemes={"figure1": (("v", 1.0), ("u", 1.0)), "izh2003": (("v", 0.5), ("v", 0.5), ("u", 1.0))},
    patterns=FIGURE_2004,
    doc=__doc__,
)
