"""The covariance rule: a weight follows how two neurons vary together, whatever their mean activity is.

    in every step:  w <- w + eta (s_pre - m_pre) (s_post - m_post);      m <- m + pace (s - m)

m are running means of what came before; with pace = 0 they stay as they were given.

Source: Sejnowski 1977, doi:10.1007/BF00275079.

Not for weights that should stay bounded by themselves: see Oja.
"""

from maichong.spec import Param, State, rule


def on_step(w, m_pre, m_post, s_pre, s_post, eta, pace):
    changed = w + eta * (s_pre - m_pre) * (s_post - m_post)
    return changed, m_pre + pace * (s_pre - m_pre), m_post + pace * (s_post - m_post)


Covariance = rule(
    "Covariance",
    params=[
        Param("eta", 0.01, "", "learning rate"),
        Param("pace", 0.001, "", "part of the way to the present activity that a mean goes in a step", low=0, high=1),
        Param("mean_pre", 0.0, "", "the source's mean activity at the start"),
        Param("mean_post", 0.0, "", "the target's mean activity at the start"),
    ],
    states=[
        State("m_pre", "mean_pre", "", "the source's mean activity"),
        State("m_post", "mean_post", "", "the target's mean activity"),
    ],
    on_step=on_step,
    bounds=(None, None),
    doc=__doc__,
)
