"""Calcium-window rule: a presynaptic spike strengthens or weakens a synapse by how much its target fired of late.

    pre:  w <- w + eta_plus   if c_theta < c < c_theta + width
          w <- w - eta_minus  if c_theta - width < c < c_theta
    tau_c dc/dt = -c (jumps by 1 at postsynaptic spikes)

A teacher that pulls the calcium c of wanted neurons just above c_theta, and that of others just below, makes a classifier of it;
where a target fires far more or far less than that, nothing is left to learn. In the paper steps come by chance, of a fixed size:
eta is their probability times their size.

Source: Zhang, Li, Jin & Choe 2015, doi:10.1109/TNNLS.2015.2388544, after Brader, Senn & Fusi 2007,
doi:10.1162/neco.2007.19.11.2881.

Not for learning without a teacher: see PairSTDP. For two-valued synapses that keep what they learned: SDSP.
"""

from maichong.ops import where
from maichong.spec import Param, Trace, rule


def on_pre(w, c, c_theta, width, eta_plus, eta_minus):
    up = (c > c_theta) & (c < c_theta + width)
    down = (c < c_theta) & (c > c_theta - width)
    return w + where(up, eta_plus, where(down, -eta_minus, 0.0))


CalciumWindow = rule(
    "CalciumWindow",
    scope="synapse",
    params=[
        Param("c_theta", 5.0, "", "calcium between weakening and strengthening"),
        Param("width", 4.5, "", "how far from it weights still change", above=0),
        Param("eta_plus", 0.002, "", "step up, in the weight's own unit", low=0),
        Param("eta_minus", 0.002, "", "step down, in the weight's own unit", low=0),
        Param("tau_c", 64.0, "ms", "time constant of the calcium", above=0),
    ],
    traces=[Trace("c", on="post", tau="tau_c", meaning="calcium: the target's recent spikes")],
    on_pre=on_pre,
    bounds=(None, None),
    doc=__doc__,
)
