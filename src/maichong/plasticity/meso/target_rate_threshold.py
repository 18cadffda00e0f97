"""Threshold homeostasis with a target rate: a neuron that fires more often becomes harder to fire, one that fires less, easier.

    dtheta/dt = -theta_plus / interval;      spike: theta <- theta + theta_plus;      v_th is raised by theta

which is dtheta/dt = theta_plus (A - 1 / interval), A the neuron's spikes: theta rests where they come once in ``interval`` on
average, whatever the input. In the paper A is their mean rate over a window, which moves theta by as much, later. It is part of
learning: where learning is switched off, theta stays as it is.

Source: Querlioz, Bichler, Dollfus & Gamrat 2013, doi:10.1109/TNANO.2013.2250995.

Not for inputs that may be silent for long: the threshold would fall to where nothing is needed to fire. See HomeostaticThreshold.
"""

from maichong.spec import Param, State, intrinsic_rule


def flow(theta_plus, interval):
    return -theta_plus / interval


def on_spike(theta, theta_plus):
    return theta + theta_plus


def modulate(value, theta):
    return value + theta


TargetRateThreshold = intrinsic_rule(
    "TargetRateThreshold",
    scope="synapse",
    target="v_th",
    params=[
        Param("theta_plus", 0.05, "mV", "rise per spike"),
        Param("interval", 1000.0, "ms", "mean time between two spikes at which theta rests", above=0),
        Param("theta_0", 0.0, "mV", "theta at the start"),
    ],
    states=[State("theta", "theta_0", "mV", "rise of the threshold")],
    flow=flow,
    on_spike=on_spike,
    modulate=modulate,
    doc=__doc__,
)
