"""Homeostatic threshold: a neuron that fires often becomes harder to fire.

    tau_theta dtheta/dt = -theta;      spike: theta <- theta + theta_plus;      v_th is raised by theta

With tau_theta of hours the thresholds learn along with the weights and share the work out among the neurons. It is part of
learning: where learning is switched off, theta stays as it is.

Source: Diehl & Cook 2015, doi:10.3389/fncom.2015.00099; Zhang & Linden 2003, doi:10.1038/nrn1248.

Not for adaptation within a stimulus: see AdaptiveLIF.
"""

from maichong.spec import Param, State, intrinsic_rule


def flow(theta, tau_theta):
    return -theta / tau_theta


def on_spike(theta, theta_plus):
    return theta + theta_plus


def modulate(value, theta):
    return value + theta


HomeostaticThreshold = intrinsic_rule(
    "HomeostaticThreshold",
    scope="synapse",
    target="v_th",
    params=[
        Param("theta_plus", 0.05, "mV", "rise per spike"),
        Param("tau_theta", 1e7, "ms", "time constant of the decay", above=0),
        Param("theta_0", 20.0, "mV", "theta at the start"),
    ],
    states=[State("theta", "theta_0", "mV", "rise of the threshold")],
    flow=flow,
    on_spike=on_spike,
    modulate=modulate,
    doc=__doc__,
)
