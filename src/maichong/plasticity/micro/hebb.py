"""Hebb's rule: cells that fire together wire together; with a decay, those that do not come apart.

    in every step:  w <- w + eta (s_pre s_post - decay)

s is 1 where a neuron spikes and 0 else, or an activity in a layer. Without decay weights only grow: set w_max.

Source: Hebb 1949, "The Organization of Behavior"; with the decay Zhang & Xu 2021, table 2.

Not for a sign that hangs on order in time: see PairSTDP.
"""

from maichong.spec import Param, rule


def on_step(w, s_pre, s_post, eta, decay):
    return w + eta * (s_pre * s_post - decay)


Hebb = rule(
    "Hebb",
    params=[
        Param("eta", 0.01, "", "learning rate"),
        Param("decay", 0.0, "", "what each step takes away", low=0),
    ],
    on_step=on_step,
    doc=__doc__,
)
