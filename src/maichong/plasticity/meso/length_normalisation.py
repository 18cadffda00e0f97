"""Length normalisation: the weights onto one neuron keep the sum of their squares.

    at the signal "sample":  w_ij <- w_ij length / sqrt(sum_k w_kj^2)

The weights onto a neuron, as a vector, keep their Euclidean length. Of neurons with equal thresholds that one gets most input whose
weights point most nearly where the input does, be its pattern small or large; where sums are kept, small patterns are favoured, as
few large weights are longer than many small ones of the same sum. A neuron whose weights are all zero is left alone.

Source: Goodhill & Barrow 1994, doi:10.1162/neco.1994.6.2.255, who compare both; Kohonen 1982, doi:10.1007/BF00337288.

The weights keep their signs.
"""

from maichong.ops import maximum, sqrt, where
from maichong.spec import Param, rule


def on_signal(w, w_squares, length):
    return where(w_squares > 0, w * (length / sqrt(maximum(w_squares, 1e-30))), w)


LengthNormalisation = rule(
    "LengthNormalisation",
    scope="circuit",
    params=[Param("length", 5.6, "", "Euclidean length of the weights onto one neuron", above=0)],
    on_signal=on_signal,
    signal="sample",
    bounds=(None, None),
    doc=__doc__,
)
