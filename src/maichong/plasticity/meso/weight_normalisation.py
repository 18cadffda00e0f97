"""Weight normalisation: the weights onto one neuron keep their sum.

    at the signal "sample":  w_ij <- w_ij total / sum_k w_kj

Every neuron gets the same total strength, so that none wins by its weights alone; inputs onto it compete. A neuron whose
weights are all zero is left alone.

Source: Diehl & Cook 2015, doi:10.3389/fncom.2015.00099; von der Malsburg 1973, doi:10.1007/BF00288907.

Not for weights of mixed sign: the sum may vanish.
"""

from maichong.ops import maximum, where
from maichong.spec import Param, rule


def on_signal(w, w_sum, total):
    return where(w_sum > 0, w * (total / maximum(w_sum, 1e-30)), w)


WeightNormalisation = rule(
    "WeightNormalisation",
    scope="circuit",
    params=[Param("total", 78.0, "", "sum of the weights onto one neuron", above=0)],
    on_signal=on_signal,
    signal="sample",
    bounds=(0.0, None),
    doc=__doc__,
)
