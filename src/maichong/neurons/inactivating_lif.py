"""Inactivating integrate-and-fire neuron: the threshold follows the membrane, as sodium channels inactivate.

    tau_m dv/dt = v_rest - v + (tau_m / c_m) i;      tau_theta dtheta/dt = v_t + k max(v - v_i, 0) - theta
    v >= theta: spike, v <- v_r, held for t_ref, theta <- theta + delta_theta

A slow rise of v takes the threshold along and fires late or never; a quick one meets it low, so the cell detects coincidences.
k = k_a / k_i is the slope of activation over that of inactivation. At k >= 1 it never fires where v changes slowly. In the paper a
spike leaves theta (delta_theta = 0) and t_ref is 5 ms.

Source: Platkiewicz & Brette 2011, doi:10.1371/journal.pcbi.1001129; the threshold's equation Platkiewicz & Brette 2010,
doi:10.1371/journal.pcbi.1000850.

Not for thresholds that hang on spikes alone: see AdaptiveLIF, MAT2.
"""

from maichong.ops import maximum
from maichong.spec import Input, Param, State, neuron


def followed(v, v_t, k, v_i):
    """Where the threshold would be in the long run."""
    return v_t + k * maximum(v - v_i, 0.0)


def flow(v, theta, i, v_rest, tau_m, c_m, tau_theta, v_t, k, v_i):
    return (v_rest - v) / tau_m + i / c_m, (followed(v, v_t, k, v_i) - theta) / tau_theta


def fires(v, theta):
    return v - theta


def reset(theta, v_r, delta_theta):
    return v_r, theta + delta_theta


InactivatingLIF = neuron(
    "InactivatingLIF",
    params=[
        Param("tau_m", 5.0, "ms", "membrane time constant", above=0),
        Param("c_m", 250.0, "pF", "membrane capacitance", above=0),
        Param("v_rest", -70.0, "mV", "resting potential"),
        Param("v_r", -70.0, "mV", "reset potential"),
        Param("v_t", -55.0, "mV", "threshold below v_i, where nothing is inactivated"),
        Param("v_i", -63.0, "mV", "potential from which the threshold follows the membrane"),
        Param("k", 5.0 / 6.0, "", "slope of the threshold over the membrane in the long run", low=0),
        Param("tau_theta", 5.0, "ms", "time constant of the threshold: that of inactivation", above=0),
        Param("delta_theta", 0.0, "mV", "rise of the threshold per spike"),
    ],
    states=[
        State("v", "v_rest", "mV", "membrane potential", membrane=True),
        State("theta", followed, "mV", "threshold"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
