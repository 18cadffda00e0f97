"""What users give for synapses and neurons: numbers, arrays, distributions and steps, checked where they come in."""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec import Configured, Distribution, Steps
from maichong.spec.quantities import in_unit
from maichong.spec.rule_model import weight_bounds
from maichong.topology import Connector


def synaptic(value: Any, unit: str, where: str, connector: Connector, n_pre: int, n_post: int) -> Any:
    """A weight or delay as it was given, in ``unit``: checked to be a number, a distribution, or one for each synapse."""
    if isinstance(value, Distribution):
        if value.of_pairs and not connector.spatial:
            fix = "use DistanceProbability, which does"
            raise NetworkError(where, f"goes by distance, and {type(connector).__name__} knows no places of neurons", fix=fix)
        return value
    number = in_unit(value, unit, where)
    array = np.asarray(number)
    if array.ndim == 2:
        if array.shape != (n_pre, n_post):
            raise NetworkError(where, f"a matrix must have the shape [{n_pre}, {n_post}] (pre, post)", array.shape)
        array = number = _where_connected(array, connector)
    if not np.isfinite(array).all():
        raise ParameterError(where, "must be finite", "NaN or infinity")
    if array.ndim == 1 and connector.counted:
        expected = int(connector.expected(n_pre, n_post))
        if array.size != expected:
            raise NetworkError(where, f"must be one number or one per synapse, {expected}", array.size)
    if array.ndim > 2:
        raise NetworkError(where, "must be a number, one per synapse or a matrix [pre, post]", array.shape)
    return number


def each(value: Any, unit: str, n: int, where: str, *, steps_of: float | None = None) -> Any:
    """What was given for each of ``n`` neurons, in ``unit``; ``steps_of``, the time step in ms, is given where Steps may be."""
    if isinstance(value, Distribution):
        if value.of_pairs:
            raise NetworkError(where, "is one value per neuron, and a DistanceKernel gives one per synapse", brief(value))
        return value
    if isinstance(value, Steps) and steps_of is not None:
        value = value.in_unit(unit, where)
        value.check(n, steps_of, where)
        return value
    number = in_unit(value, unit, where)
    array = np.asarray(number)
    if array.ndim and array.shape != (n,):
        raise NetworkError(where, f"must be one number or {n}, one per neuron", array.shape)
    if not np.isfinite(array).all():
        raise ParameterError(where, "must be finite", "NaN or infinity")
    return number


def check_delay(delay: Any, where: str, least: float) -> None:
    """NetworkError for a delay below ``least`` ms."""
    lowest = delay.bounds()[0] if isinstance(delay, Distribution) else float(np.min(delay, initial=np.inf))
    if lowest < least * (1 - 1e-9):
        low = f", as its {'floor' if delay.of_pairs else 'low'}," if isinstance(delay, Distribution) else ","
        must = f"must be >= dt = {least:g} ms, one step" if least else "must be >= 0 ms"
        fix = f"use at least {least:g}{low} or leave the delay out: spikes then act from their own stamp on" if least else None
        raise NetworkError(where, must, f"{lowest:g} ms", fix)


def lowest(value: Any) -> float:
    """The smallest value that a number, an array, a distribution or steps hold."""
    return float(value.bounds()[0] if isinstance(value, (Distribution, Steps)) else np.min(value))


def _where_connected(matrix: np.ndarray, connector: Connector) -> np.ndarray:
    """``matrix`` with one of its entries at pairs wherever there is no pair, so that what stands there does not count.

    Where pairs are random they are not known yet, and every entry counts.
    """
    if connector.kind == "all_to_all" or connector.drawn:
        return matrix
    n_pre, n_post = matrix.shape
    pairs = connector.pairs(n_pre, n_post, np.random.default_rng(0))
    entries = matrix[pairs]
    filled = np.full(matrix.shape, entries[0] if entries.size else 1.0)
    filled[pairs] = entries
    filled.setflags(write=False)
    return filled


def check_one_sign(weight: Any, keeps: int, source: str, where: str) -> None:
    """ParameterError for a weight of the sign that the source's does not allow."""
    array = np.asarray(weight.bounds() if isinstance(weight, Distribution) else weight)
    bad = array < 0 if keeps > 0 else (array > 0) & (keeps < 0)
    if bad.any():
        got = f"{float(array[bad].flat[0]) if array.ndim else float(array):g}"
        fix = "give one that fits, or the population no sign"
        raise ParameterError(where, f"must be {'>=' if keeps > 0 else '<='} 0: {source} keeps Dale's principle", got, fix)


def check_signed_bounds(rule: Configured, keeps: int, source: str, where: str) -> None:
    """ParameterError for a rule whose bounds leave nothing but 0 of the sign that the source's weights have."""
    low, high = weight_bounds(rule)
    if (keeps > 0 and high <= 0) or (keeps < 0 and low >= 0):
        raise ParameterError(
            f"{where}, {rule.model.name}", f"must allow weights {'>' if keeps > 0 else '<'} 0: {source} keeps Dale's principle",
            f"{low:g} to {high:g}", "set its w_min and w_max",
        )  # fmt: skip


def check_bounds(weight: Any, rule: Configured, where: str) -> None:
    """ParameterError for a weight beyond what its rule allows."""
    low, high = weight_bounds(rule)
    array = np.asarray(weight.bounds() if isinstance(weight, Distribution) else weight)
    bad = (array < low) | (array > high)
    if bad.any():
        raise ParameterError(
            where,
            f"must lie between {low:g} and {high:g}, the bounds of {rule.model.name}",
            f"{float(array[bad].flat[0]) if array.ndim else float(array):g}",
            "start inside the bounds, or set w_min and w_max",
        )
