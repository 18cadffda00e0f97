"""The Bienenstock-Cooper-Munro rule: a target that is more active than a threshold strengthens its active inputs, else it weakens
them, and the threshold follows the square of its activity.

    in every step:  w <- w + eta s_pre s_post (s_post - theta);      theta <- theta + pace (s_post^2 - theta)

Each target comes to answer to one of its inputs' patterns: with p equally likely, linearly independent ones it answers p to one of
them and 0 to the others. Stable where the threshold is quicker than the weights, pace >> eta.

Source: Bienenstock, Cooper & Munro 1982, doi:10.1523/JNEUROSCI.02-01-00032.1982; Intrator & Cooper 1992,
doi:10.1016/S0893-6080(05)80003-6.

Not for spikes of single steps, whose square is themselves: give it rates, in layers; for spikes see TripletSTDP.
"""

from maichong.spec import Param, State, rule


def on_step(w, theta, s_pre, s_post, eta, pace):
    return w + eta * s_pre * s_post * (s_post - theta), theta + pace * (s_post * s_post - theta)


BCM = rule(
    "BCM",
    params=[
        Param("eta", 0.001, "", "learning rate"),
        Param("pace", 0.05, "", "part of the way to the present square that the threshold goes in a step", low=0, high=1),
        Param("theta_0", 0.1, "", "threshold at the start"),
    ],
    states=[State("theta", "theta_0", "", "sliding threshold")],
    on_step=on_step,
    bounds=(None, None),
    doc=__doc__,
)
