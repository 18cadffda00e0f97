"""Tempotron: sums bi-exponential potentials, spikes once, and then shunts what arrives.

    v(t) = v_rest + sum_j w_j sum_f K(t - t_jf);      v >= v_th: spike
    K(t) = k_0 (exp(-t / tau) - exp(-t ratio / tau));      k_0 = ratio^(ratio / (ratio - 1)) / (ratio - 1)

As states, with the receptor Delta, which jumps s by the weight:

    tau dv/dt = v_rest - v + (ratio - 1) k_0 s;      tau ds/dt = -ratio s + (tau / c_m) i

k_0 makes 1 the peak of K: a weight in mV is the height of its potential. A spike sets s to 0, and t_ref, as long as a trial by
default, holds it there: all that arrives meanwhile is lost, and v goes back to v_rest by itself. A gate in the flow would shunt as
well, but its product with s is not linear; this flow is, and is stepped exactly. The next trial can begin t_ref after the spike:
let there be such a pause between two trials, or choose t_ref by the pause that there is.

What arrives jumps s: so s is the membrane to receptors and to t_ref, and v the potential that is compared and recorded.

Source: Guetig & Sompolinsky 2006, doi:10.1038/nn1643 (tau = 15 ms, ratio = 4, trials of 500 ms).

Not with other receptors than Delta, whose own time course would come before that of s, nor with another reset than the hard one.
The rule by which its weights learn is no part of it.
"""

from maichong.spec import Input, Param, State, neuron


def gain(ratio):
    # (ratio - 1) k_0
    return ratio ** (ratio / (ratio - 1.0))


def flow(v, s, i, v_rest, tau, ratio, c_m):
    return (v_rest - v + gain(ratio) * s) / tau, -ratio * s / tau + i / c_m


def fires(v, v_th):
    return v - v_th


def reset(v):
    return v, 0.0


Tempotron = neuron(
    "Tempotron",
    params=[
        Param("tau", 15.0, "ms", "membrane time constant", above=0),
        Param("ratio", 4.0, "", "how many times shorter that of the synapses is", above=1),
        Param("c_m", 1.0, "pF", "capacitance: a current i raises s by i / c_m per ms", above=0),
        Param("v_rest", -70.0, "mV", "resting potential"),
        Param("v_th", -55.0, "mV", "threshold"),
    ],
    states=[
        State("v", "v_rest", "mV", "membrane potential"),
        State("s", 0.0, "mV", "synaptic current, as the potential that it gives", membrane=True),
    ],
    inputs=[Input("i", "pA", "injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    t_ref=500.0,
    doc=__doc__,
)
