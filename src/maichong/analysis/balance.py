"""How far excitation and inhibition of neurons cancel: on average, and from moment to moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief


@dataclass(frozen=True)
class Balance:
    """Of each neuron, [n]: ``ratio``, the mean inhibitory current over the mean excitatory one, 1 where they balance loosely;
    ``residual``, what is left of the mean excitation, abs(E - I) / E; ``correlation`` of the two in time, near 1 where they balance
    tightly, too. NaN where there is no excitation, or where one of the two never changes."""

    ratio: np.ndarray
    residual: np.ndarray
    correlation: np.ndarray


def balance(excitation: Any, inhibition: Any) -> Balance:
    """The balance of recorded currents, or of conductances times driving forces, ``excitation`` and ``inhibition``
    [samples, n], both as sizes (>= 0 or, inhibition, all <= 0).

        ratio = mean I / mean E;      residual = abs(mean E - mean I) / mean E;      correlation of E and I over the samples

    >>> import numpy as np
    >>> e = np.array([[1.0], [3.0], [2.0]])
    >>> found = balance(e, 0.9 * e)
    >>> float(found.ratio[0].round(3)), float(found.correlation[0].round(3))
    (0.9, 1.0)

    Raises ParameterError for arrays that are not finite, not [samples, n] with two samples or more, or not alike.

    Source: loose and tight balance as in Hennequin, Agnes & Vogels 2017, doi:10.1146/annurev-neuro-072116-031005; the residual is
    the balance index of Ahmadian & Miller 2021, doi:10.1016/j.neuron.2021.07.031. The rule that brings balance about is
    VogelsSTDP.
    """
    e, i = (_currents(name, values) for name, values in (("excitation", excitation), ("inhibition", inhibition)))
    if e.shape != i.shape:
        raise ParameterError("balance", "must get arrays of one shape [samples, n]", f"{list(e.shape)} and {list(i.shape)}")
    e, i = np.abs(e), np.abs(i)
    mean_e, mean_i = e.mean(axis=0), i.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        together = ((e - mean_e) * (i - mean_i)).mean(axis=0) / (e.std(axis=0) * i.std(axis=0))
        ratio, residual = mean_i / mean_e, np.abs(mean_e - mean_i) / mean_e
    none = mean_e == 0
    return Balance(np.where(none, np.nan, ratio), np.where(none, np.nan, residual), together)


def _currents(name: str, values: Any) -> np.ndarray:
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"balance, {name}", "must be an array [samples, n]", brief(values)) from None
    if found.ndim != 2 or len(found) < 2 or not np.isfinite(found).all():
        raise ParameterError(
            f"balance, {name}", "must be finite, [samples, n], of two samples or more", f"shape {list(found.shape)}"
        )
    if (found < 0).any() and (found > 0).any():
        raise ParameterError(f"balance, {name}", "must be of one sign", f"{found.min():g} to {found.max():g}")
    return found
