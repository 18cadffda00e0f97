"""The presynaptic differential rule: the change of a source's activity times the target's.

    in every step:  w <- w + eta (s_pre[t] - s_pre[t-1]) s_post[t-1]

Source: Zhang & Xu 2021, table 2; after Kosko 1986, doi:10.1063/1.36225.

Not where the target's change should teach: see PostsynapticDifferential.
"""

from maichong.spec import Param, State, rule


def on_step(w, was_pre, was_post, s_pre, s_post, eta):
    return w + eta * (s_pre - was_pre) * was_post, s_pre, s_post


PresynapticDifferential = rule(
    "PresynapticDifferential",
    params=[Param("eta", 0.01, "", "learning rate")],
    states=[
        State("was_pre", 0.0, "", "the source's activity in the step before"),
        State("was_post", 0.0, "", "the target's activity in the step before"),
    ],
    on_step=on_step,
    doc=__doc__,
)
