"""FitzHugh and Nagumo's neuron: the smallest excitable flow, two equations, one of them linear.

    c_m dv/dt = g (v - v^3 / (3 v_s^2)) - w + i;      dw/dt = epsilon (g (v + a) - b w)

FitzHugh's numbers have no units; here they carry those of Nagumo's circuit, v in mV and currents in pA, and with c_m = 1 pF,
g = 1 nS and v_s = 1 mV they are the same numbers. It fires between two Hopf points, at 0.3313 and 1.4187 pA.

The flow makes the whole spike: it is noticed where v rises through v_th.

Source: FitzHugh 1961, doi:10.1016/S0006-3495(61)86902-6; Nagumo, Arimoto & Yoshizawa 1962, doi:10.1109/JRPROC.1962.288235.

Not for real cells: its spikes last as long as its pauses. See MorrisLecar for channels in as many equations.
"""

from maichong.spec import Input, Param, State, neuron


def flow(v, w, i, c_m, g, v_s, epsilon, a, b):
    return (g * (v - v * v * v / (3.0 * v_s * v_s)) - w + i) / c_m, epsilon * (g * (v + a) - b * w)


def fires(v, v_th):
    return v - v_th


FitzHughNagumo = neuron(
    "FitzHughNagumo",
    params=[
        Param("c_m", 1.0, "pF", "membrane capacitance", above=0),
        Param("g", 1.0, "nS", "conductance, negative at v = 0: the cell drives itself", above=0),
        Param("v_s", 1.0, "mV", "scale of v: the flow turns at plus and minus v_s", above=0),
        Param("epsilon", 0.08, "1/ms", "speed of the recovery", above=0),
        Param("a", 0.7, "mV", "where the recovery's drive vanishes, below 0"),
        Param("b", 0.8, "", "decay of the recovery"),
        Param("v_th", 1.0, "mV", "potential at which a spike is noticed as v rises"),
        Param("v_0", -1.1994, "mV", "potential at the start: that of rest"),
        Param("w_0", -0.6243, "pA", "recovery at the start: that of rest"),
    ],
    states=[
        State("v", "v_0", "mV", "membrane potential", membrane=True),
        State("w", "w_0", "pA", "current of recovery"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    doc=__doc__,
)
