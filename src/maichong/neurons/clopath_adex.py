"""AdEx neuron with an afterdepolarisation, a threshold that a spike raises and a spike that has a width: made for ClopathSTDP.

    c_m dv/dt = g_leak (e_leak - v) + g_leak delta_t exp((v - v_t) / delta_t) - w + z + i
    tau_w dw/dt = a (v - e_leak) - w;      tau_z dz/dt = -z;      tau_t dv_t/dt = v_t_rest - v_t
    v >= v_peak: spike, v <- v_peak for t_ref, then v <- v_r;      w <- w + b, z <- z_spike, v_t <- v_t_max

    tau_minus du_minus/dt = v - u_minus;      tau_plus du_plus/dt = v - u_plus;      tau_bar du_bar/dt = u_minus - u_bar

u_minus, u_plus and u_bar are what the voltage rule reads: the potential of late, of the last moment and on average. They see
the spike for the t_ref that it lasts, through which v and w stand still. The spike's width is not in the paper's equations: it
is in the authors' code, and the rule's amplitudes are fitted with it. The defaults are those of visual cortex.

Source: Clopath, Busing, Vasilaki & Gerstner 2010, doi:10.1038/nn.2479; its spike and v_r are those of the authors' code on
ModelDB, 144566.

Not without a rule that reads its averages: AdEx is cheaper. Not at dt above 0.1 ms.
"""

from maichong.neurons.eif import intrinsic
from maichong.ops import minimum
from maichong.spec import Input, Param, State, neuron


def flow(
    v, w, z, v_t, spike, u_minus, u_plus, u_bar, i,
    c_m, g_leak, e_leak, delta_t, v_peak, a, tau_w, tau_z, v_t_rest, tau_t, tau_minus, tau_plus, tau_bar,
):  # fmt: skip
    seen = minimum(v, v_peak)
    # where no solution lingers: e^20 brings the spike to its height within 1e-6 ms, and no step overflows
    v = minimum(v, v_t + 20.0 * delta_t)
    free = 1.0 - spike
    return (
        free * (intrinsic(v, g_leak, e_leak, v_t, delta_t) - w + z + i) / c_m,
        free * (a * (seen - e_leak) - w) / tau_w,
        -z / tau_z,
        (v_t_rest - v_t) / tau_t,
        0.0 * spike / tau_w,
        (seen - u_minus) / tau_minus,
        (seen - u_plus) / tau_plus,
        (u_minus - u_bar) / tau_bar,
    )


def fires(v, v_peak):
    return v - v_peak


def reset(v, w, z, v_t, spike, u_minus, u_plus, u_bar, v_peak, b, z_spike, v_t_max):
    return v_peak, w + b, z_spike, v_t_max, 1.0, u_minus, u_plus, u_bar


def recover(v, w, z, v_t, spike, u_minus, u_plus, u_bar, v_r):
    return v_r, w, z, v_t, 0.0, u_minus, u_plus, u_bar


ClopathAdEx = neuron(
    "ClopathAdEx",
    params=[
        Param("c_m", 281.0, "pF", "membrane capacitance", above=0),
        Param("g_leak", 30.0, "nS", "leak conductance", above=0),
        Param("e_leak", -70.6, "mV", "reversal potential of the leak"),
        Param("delta_t", 2.0, "mV", "sharpness: over how many mV the start of a spike grows e-fold", above=0),
        Param("v_peak", 33.0, "mV", "height of the spike, where the potential stays for t_ref"),
        Param("v_r", -49.6, "mV", "potential after the spike"),
        Param("a", 4.0, "nS", "adaptation below threshold: its conductance"),
        Param("b", 80.5, "pA", "rise of the adaptation per spike"),
        Param("tau_w", 144.0, "ms", "time constant of the adaptation", above=0),
        Param("z_spike", 400.0, "pA", "current of the afterdepolarisation at a spike"),
        Param("tau_z", 40.0, "ms", "time constant of the afterdepolarisation", above=0),
        Param("v_t_rest", -50.4, "mV", "threshold at rest: where the membrane turns upward by itself"),
        Param("v_t_max", 30.4, "mV", "threshold after a spike"),
        Param("tau_t", 50.0, "ms", "time constant of the threshold", above=0),
        Param("tau_minus", 10.0, "ms", "time over which depression averages the potential", above=0),
        Param("tau_plus", 7.0, "ms", "time over which potentiation averages it", above=0),
        Param("tau_bar", 500.0, "ms", "time over which homeostasis averages it", above=0),
    ],
    states=[
        State("v", "e_leak", "mV", "membrane potential", membrane=True),
        State("w", 0.0, "pA", "current of adaptation"),
        State("z", 0.0, "pA", "current of the afterdepolarisation"),
        State("v_t", "v_t_rest", "mV", "threshold"),
        State("spike", 0.0, "", "1 while a spike lasts, else 0"),
        State("u_minus", "e_leak", "mV", "the potential, averaged over tau_minus"),
        State("u_plus", "e_leak", "mV", "the potential, averaged over tau_plus"),
        State("u_bar", "e_leak", "mV", "the potential, averaged over tau_minus and then over tau_bar"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    recover=recover,
    t_ref=2.0,
    doc=__doc__,
)
