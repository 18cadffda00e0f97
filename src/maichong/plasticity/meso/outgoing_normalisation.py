"""Outgoing normalisation: the weights from one neuron keep their sum.

    at the signal "sample":  w_ij <- w_ij total / sum_k w_ik

Every neuron has the same strength to give, and its targets compete for it: what a neuron gives to one it takes from the others,
so that among targets that are taught in turn a weight becomes the share of its source's spikes that came with that target. A
neuron whose weights are all zero is left alone.

Source: Goodhill & Barrow 1994, doi:10.1162/neco.1994.6.2.255, who compare sums that sources and that targets keep.

Not for weights of mixed sign: the sum may vanish.
"""

from maichong.ops import maximum, where
from maichong.spec import Param, rule


def on_signal(w, w_sum_pre, total):
    return where(w_sum_pre > 0, w * (total / maximum(w_sum_pre, 1e-30)), w)


OutgoingNormalisation = rule(
    "OutgoingNormalisation",
    scope="circuit",
    params=[Param("total", 8.0, "", "sum of the weights from one neuron", above=0)],
    on_signal=on_signal,
    signal="sample",
    bounds=(0.0, None),
    doc=__doc__,
)
