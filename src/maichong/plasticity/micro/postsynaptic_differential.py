"""The postsynaptic differential rule: a source's activity times the change of the target's.

    in every step:  w <- w + eta s_pre[t-1] (s_post[t] - s_post[t-1])

With s a rate it is STDP seen from afar. A negative eta gives the sign of Xie & Seung.

Source: Xie & Seung 2000, "Spike-based learning rules and stabilization of persistent neural activity"; Zhang & Xu 2021, table 2.

Not for spikes that are rare: see PairSTDP.
"""

from maichong.spec import Param, State, rule


def on_step(w, was_pre, was_post, s_pre, s_post, eta):
    return w + eta * was_pre * (s_post - was_post), s_pre, s_post


PostsynapticDifferential = rule(
    "PostsynapticDifferential",
    params=[Param("eta", 0.01, "", "learning rate")],
    states=[
        State("was_pre", 0.0, "", "the source's activity in the step before"),
        State("was_post", 0.0, "", "the target's activity in the step before"),
    ],
    on_step=on_step,
    doc=__doc__,
)
