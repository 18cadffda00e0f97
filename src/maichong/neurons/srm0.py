"""Spike response model SRM0: the membrane is a sum of kernels, and a spike changes none of them.

    v(t) = h(t) + eta(t - t_last);      v >= v_th: spike
    h(t) = v_rest + int_0^inf exp(-s / tau_m) i(t - s) / c_m ds
    eta(s) = -eta_0 exp(-s / tau_eta)

h is what the input alone would do to the membrane, eta what the last spike did. A receptor's current goes through the membrane's
filter: an Exponential of time constant tau_s has the kernel eps(s) = (exp(-s / tau_m) - exp(-s / tau_s)) / (1 / tau_s - 1 / tau_m)
/ c_m. In the states v and eta the flow is linear, and stepped exactly:

    dv/dt = (v_rest + eta - v) / tau_m + i / c_m - eta / tau_eta;      d eta/dt = -eta / tau_eta
    v <- v - eta - eta_0;      eta <- -eta_0

Until its first spike it is a LIF. After a spike a LIF has forgotten its input, and is at v_r; SRM0 has not, and is eta_0 below h.
Only the last spike counts. With ``escape=Escape(...)`` it is the stochastic model of the book, section 5.3.

Source: Gerstner & Kistler 2002, doi:10.1017/CBO9780511815706 (section 4.2.3).

Not for a reset that forgets, which is LIF's, nor for the adaptation that many spikes add up to: see AdaptiveLIF, GLIF.
"""

from maichong.spec import Input, Param, State, neuron


def flow(v, eta, i, v_rest, tau_m, c_m, tau_eta):
    return (v_rest + eta - v) / tau_m + i / c_m - eta / tau_eta, -eta / tau_eta


def fires(v, v_th):
    return v - v_th


def reset(v, eta, eta_0):
    return v - eta - eta_0, -eta_0


SRM0 = neuron(
    "SRM0",
    params=[
        Param("tau_m", 10.0, "ms", "membrane time constant", above=0),
        Param("c_m", 250.0, "pF", "membrane capacitance", above=0),
        Param("v_rest", -70.0, "mV", "resting potential"),
        Param("v_th", -55.0, "mV", "threshold"),
        Param("eta_0", 15.0, "mV", "how far a spike takes the membrane below what its input makes it"),
        Param("tau_eta", 10.0, "ms", "time constant with which it comes back", above=0),
    ],
    states=[
        State("v", "v_rest", "mV", "membrane potential", membrane=True),
        State("eta", 0.0, "mV", "what the last spike has left of itself on the membrane"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    holds=False,
    doc=__doc__,
)
