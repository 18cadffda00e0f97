"""Kosko's differential Hebb rule: it learns from changes of activity that come together, not from activity.

    in every step:  w <- w + eta ((s_pre[t] - s_pre[t-1]) (s_post[t] - s_post[t-1]) - decay w)

Source: Kosko 1986, "Differential Hebbian learning", doi:10.1063/1.36225.

Not where one side alone should change: see PostsynapticDifferential and PresynapticDifferential.
"""

from maichong.spec import Param, State, rule


def on_step(w, was_pre, was_post, s_pre, s_post, eta, decay):
    return w + eta * ((s_pre - was_pre) * (s_post - was_post) - decay * w), s_pre, s_post


DifferentialHebb = rule(
    "DifferentialHebb",
    params=[
        Param("eta", 0.01, "", "learning rate"),
        Param("decay", 0.0, "", "part of the weight that each step takes away", low=0),
    ],
    states=[
        State("was_pre", 0.0, "", "the source's activity in the step before"),
        State("was_post", 0.0, "", "the target's activity in the step before"),
    ],
    on_step=on_step,
    doc=__doc__,
)
