"""The contrastive Hebb rule: what two neurons do together now, less what they did together before.

    in every step:  w <- w + eta (s_pre[t] s_post[t] - s_pre[t-1] s_post[t-1])

Over any span its changes add up to those of its two ends. Between a phase that runs freely and one that is nudged towards a target
it is the update of equilibrium propagation.

Source: Movellan 1991, "Contrastive Hebbian learning in the continuous Hopfield model"; Scellier & Bengio 2017,
doi:10.3389/fncom.2017.00024.

Not for spikes without phases: its changes cancel.
"""

from maichong.spec import Param, State, rule


def on_step(w, was_pre, was_post, s_pre, s_post, eta):
    return w + eta * (s_pre * s_post - was_pre * was_post), s_pre, s_post


ContrastiveHebb = rule(
    "ContrastiveHebb",
    params=[Param("eta", 0.01, "", "learning rate")],
    states=[
        State("was_pre", 0.0, "", "the source's activity in the step before"),
        State("was_post", 0.0, "", "the target's activity in the step before"),
    ],
    on_step=on_step,
    doc=__doc__,
)
