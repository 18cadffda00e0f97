"""Self-backpropagation: what changes at a neuron's output synapses spreads to its input synapses, and to its neighbours'.

From the changes dW of one layer after the other, [pre, post], with P their positive and M their negative part and
share(x) = x / sum x:

    pre-lateral:   LTP = diag(1 + l_pre f share(sum_j P)) P;      LTD = diag(1 + l_pre f share(sum_j |M|)) M
    post-lateral:  LTD = M diag(1 + l_post f share(sum_i |M|))
    backwards:     LTP = P diag(1 + l_back f share(sum_k LTP_pre of the next layer)), LTD from its |LTD_pre| likewise
    dW <- mean of the LTPs + mean of the LTDs; the last layer has no part that comes backwards

Potentiation stays potentiation and depression depression, and no weight is touched that does not change by itself. ``survey`` is
the form that the survey prints.

Source: Zhang, Cheng, Jia & Xu 2021, "Self-backpropagation of synaptic modifications elevates the efficiency of spiking and
artificial neural networks", doi:10.1126/sciadv.abh0146; the biology: Fitzsimonds, Song & Poo 1997, doi:10.1038/41267.

Not a way to find the changes themselves: it takes those of any rule, such as the contrastive Hebb rule's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maichong.errors import ParameterError, brief


def spread(
    changes: Sequence[np.ndarray], fraction: float = 0.2, pre: float = 1.0, post: float = 0.5, back: float = 1.0
) -> list[np.ndarray]:
    """The changes of each layer, [pre, post], first layer first, after they have spread.

    ``fraction`` is f, ``pre``, ``post`` and ``back`` are l. Raises ParameterError for layers that do not fit one behind the other,
    and for numbers that are not finite.

    >>> first, last = np.array([[0.1, -0.2], [0.3, 0.4]]), np.array([[0.2, -0.1], [-0.3, 0.5]])
    >>> spread([first, last])[1].round(5)
    array([[ 0.21143, -0.10375],
           [-0.33375,  0.57143]])
    """
    layers = _layers(changes)
    found: list[np.ndarray] = []
    ahead: tuple[np.ndarray, np.ndarray] | None = None
    for change in reversed(layers):
        up, down = np.maximum(change, 0.0), np.minimum(change, 0.0)
        rises = [_rows(up, pre * fraction)]
        falls = [_rows(down, pre * fraction), _rows(down.T, post * fraction).T]
        if ahead is not None:
            rises.append(up * (1.0 + back * fraction * _share(ahead[0].sum(axis=1))))
            falls.append(down * (1.0 + back * fraction * _share(-ahead[1].sum(axis=1))))
        ahead = rises[0], falls[0]
        found.insert(0, np.mean(rises, axis=0) + np.mean(falls, axis=0))
    return found


def survey(change: np.ndarray, b_ltp: float = 0.2, b_ltd: float = 0.1) -> np.ndarray:
    """The signal of each neuron, [n], from the changes [n, next] of its output synapses, as the survey prints it.

        delta_j = b_ltp sum_k [dW_jk]+ + b_ltd sum_k [dW_jk]-

    The changes of its input synapses are proportional to it. Raises ParameterError as :func:`spread`.

    >>> survey(np.array([[0.2, -0.1], [-0.3, 0.5]]))
    array([0.03, 0.07])
    """
    (layer,) = _layers([change])
    return b_ltp * np.maximum(layer, 0.0).sum(axis=1) + b_ltd * np.minimum(layer, 0.0).sum(axis=1)


def _layers(changes: Sequence[np.ndarray]) -> list[np.ndarray]:
    layers = [np.asarray(change, np.float64) for change in changes]
    for k, layer in enumerate(layers):
        if layer.ndim != 2 or not np.isfinite(layer).all():
            raise ParameterError(
                "self-backpropagation", f"layer {k} must be a matrix of finite numbers [pre, post]", brief(layer)
            )
        if k and len(layer) != layers[k - 1].shape[1]:
            expected = f"layer {k} must have the {layers[k - 1].shape[1]} neurons of the layer before as its rows"
            raise ParameterError("self-backpropagation", expected, len(layer))
    return layers


def _rows(part: np.ndarray, most: float) -> np.ndarray:
    """Each row raised by its share of all that changes."""
    return part * (1.0 + most * _share(np.abs(part).sum(axis=1)))[:, None]


def _share(amounts: np.ndarray) -> np.ndarray:
    total = amounts.sum()
    return amounts / total if total else np.zeros_like(amounts)
