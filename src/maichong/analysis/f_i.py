"""How fast a neuron fires under constant currents, and how its firing sets in."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.analysis.dynamics import number, span
from maichong.errors import ModelError, ParameterError, brief
from maichong.network import Network
from maichong.parts import whole_steps
from maichong.spec import Configured, NeuronModel

JUMP = 0.5
"""Firing of class II: so much of the rate near the onset is left at the onset itself."""
FEW = 4
"""Firing of class II: more spikes than this in the time that is looked at, however near the onset."""
LATE = 1.5
"""A cell has stopped if it has been silent for more than so many of its longest interval."""
NEAR = 1e-2
"""How far above the onset the rate is first measured, as a share of the range that was searched."""


@dataclass(frozen=True, eq=False)
class FICurve:
    """``rates`` (Hz) in the steady state and ``first_rates`` (Hz, from the first interval) under ``currents``, all [currents].

    NaN where a cell diverged, and for a first rate where there is no interval.
    """

    currents: np.ndarray
    rates: np.ndarray
    first_rates: np.ndarray


@dataclass(frozen=True)
class Onset:
    """Where firing sets in: at ``current``, found to within ``within``; above it the rates are ``rates`` (Hz) at ``currents``.

    ``kind`` is ``"I"`` where they go on falling towards the onset, so that any low rate can be had, and ``"II"`` where they start
    with a jump.
    """

    current: float
    within: float
    kind: str
    currents: tuple[float, ...]
    rates: tuple[float, ...]


def f_i_curve(
    neuron: Configured | NeuronModel,
    currents: Any,
    *,
    duration: Any = 1000.0,
    discard: Any = 200.0,
    dt: float = 0.1,
    init: Mapping[str, float] | None = None,
    engine: str = "events",
    **options: Any,
) -> FICurve:
    """Measure the f-I curve of ``neuron``: one population, a cell for each of ``currents`` (its first input's unit, pA).

    The current is switched on at t = 0 and stays. The steady rate is the inverse of the mean interval between the spikes after
    ``discard`` ms (of ``duration`` ms), or of the last interval where there are not two; 0 for a cell that has stopped, silent
    for more than 1.5 of its longest interval, or that fired less than twice. ``init`` are the states at the start, the model's
    own if left out, so a neuron that can rest or fire under the same current shows what a step from there does.

    Raises ParameterError for currents that are not finite numbers and times that do not rise.

    >>> from maichong import LIF
    >>> from maichong.analysis import f_i_curve
    >>> f_i_curve(LIF(t_ref=2.0), [300.0, 1000.0], engine="reference").rates.round(1).tolist()
    [0.0, 147.1]

    Spikes lie on the grid of ``dt``: where the rate itself is wanted to the last digit take a linear neuron with
    ``spike_times="exact"``.
    """
    configured = neuron() if isinstance(neuron, NeuronModel) else neuron
    if not isinstance(configured, Configured) or not isinstance(configured.model, NeuronModel):
        raise ParameterError("f_i_curve", "must get a neuron, such as Izhikevich(a=0.02)", brief(neuron))
    if not configured.model.inputs:
        raise ModelError(f"f_i_curve, {configured.model.name}", "must have an input to vary")
    entry = configured.model.inputs[0]
    try:
        given = np.atleast_1d(np.asarray(currents, np.float64))
    except (TypeError, ValueError):
        raise ParameterError("f_i_curve, currents", f"must be numbers in {entry.unit}", brief(currents)) from None
    if given.ndim != 1 or not given.size or not np.isfinite(given).all():
        raise ParameterError("f_i_curve, currents", "must be a list of finite numbers", brief(currents))
    begin, end = number("f_i_curve, discard", discard, "ms"), number("f_i_curve, duration", duration, "ms")
    if not 0 <= begin < end:
        raise ParameterError("f_i_curve, discard", "must be >= 0 ms and below duration", f"{begin:g} and {end:g} ms")
    trains = _trains(configured, given, end, dt, init, engine, options)
    rates, firsts = np.zeros(given.size), np.full(given.size, np.nan)
    for k, times in enumerate(trains):
        if times is None:
            rates[k] = np.nan
            continue
        if times.size < 2:
            continue
        firsts[k] = 1000.0 / (times[1] - times[0])
        last = times[-1] - times[-2]
        if end - times[-1] <= LATE * np.diff(times).max():
            late = times[times > begin]
            rates[k] = 1000.0 * (late.size - 1) / (late[-1] - late[0]) if late.size > 1 else 1000.0 / last
    return FICurve(given, rates, firsts)


def onset(
    neuron: Configured | NeuronModel,
    low: Any,
    high: Any,
    *,
    duration: Any = 2000.0,
    dt: float = 0.1,
    cells: int = 41,
    init: Mapping[str, float] | None = None,
    engine: str = "events",
    **options: Any,
) -> Onset:
    """Find where between the currents ``low`` and ``high`` a neuron begins to fire for good, and of which class its onset is.

    Populations of ``cells`` narrow the place down to a millionth of the range, then the rate is measured at a hundredth, a
    thousandth and a ten-thousandth of the range above it. These three are carried on to the onset itself (Aitken). Where less
    than half of the first is left there, or no more than four spikes in ``duration``, the onset is of class I (Hodgkin's:
    continuous, as at a saddle-node on the cycle, where f grows like the square root, or of a LIF, where it grows like 1 / log),
    else of class II (a jump, as at a Hopf point or a fold of cycles). A cell counts as firing that has not stopped by ``duration``
    ms, so a longer one sees lower rates.

    Raises ParameterError where the neuron fires at ``low`` already, not at ``high``, or diverges in between.

    Hodgkin 1948, doi:10.1113/jphysiol.1948.sp004260; Rinzel & Ermentrout 1998, in Methods in Neuronal Modeling.
    """
    configured = neuron() if isinstance(neuron, NeuronModel) else neuron
    if not isinstance(configured, Configured) or not isinstance(configured.model, NeuronModel) or not configured.model.inputs:
        raise ParameterError("onset", "must get a neuron with an input, such as Izhikevich(a=0.02)", brief(neuron))
    unit = configured.model.inputs[0].unit
    below, above = span("onset", low, high, unit)
    whole = above - below
    length = number("onset, duration", duration, "ms")
    asked: dict[str, Any] = {"duration": length, "discard": length / 2, "dt": dt, "init": init, "engine": engine, **options}
    while True:
        curve = f_i_curve(configured, np.linspace(below, above, cells), **asked)
        name = configured.model.name
        _check_finite(name, curve, unit)
        fires = curve.rates > 0.0
        if fires[0]:
            raise ParameterError(f"onset, {name}", "must be silent at low", f"it fires at {below:g} {unit}", "begin lower")
        if not fires.any():
            raise ParameterError(f"onset, {name}", "must fire at high", f"it is silent up to {above:g} {unit}", "go higher")
        first = int(np.argmax(fires))
        below, above = float(curve.currents[first - 1]), float(curve.currents[first])
        if above - below < 1e-6 * whole:
            break
    near = above + whole * NEAR * np.array([1.0, 0.1, 0.01])
    curve = f_i_curve(configured, near, **asked)
    _check_finite(configured.model.name, curve, unit)
    rates = curve.rates
    seen = rates[-1] > FEW * 1000.0 / length  # else it is the duration that keeps rates from falling further
    kind = "II" if seen and _limit(*rates) > JUMP * rates[0] else "I"
    return Onset(above, above - below, kind, tuple(map(float, near)), tuple(map(float, rates)))


def _limit(first: float, second: float, third: float) -> float:
    """Where three values that approach a limit by powers go."""
    before, after = second - first, third - second
    if before == after or abs(after) >= abs(before):
        return third  # they do not settle down yet, or are equal up to the grid
    return third - after * after / (after - before)


def _check_finite(name: str, curve: FICurve, unit: str) -> None:
    lost = ~np.isfinite(curve.rates)
    if lost.any():
        where = f"onset, {name}"
        raise ParameterError(
            where, f"diverges at {curve.currents[lost][0]:g} {unit}", fix="use a smaller dt or another integrator"
        )


def firing_range(
    neuron: Configured | NeuronModel, *, duration: float = 500.0, dt: float = 0.1, engine: str = "events", **options: Any
) -> tuple[float, float]:
    """Currents between which a neuron goes from rest to brisk firing, to draw it over: (low, high) in its first input's unit.

    It is looked for from 1e-3 to 1e5 of that unit, four currents to an octave; a neuron that fires by itself is looked at from
    the current that silences it.

    Raises ParameterError where no current makes it fire.
    """
    sizes = np.geomspace(1e-3, 1e5, 107)
    asked: dict[str, Any] = {"duration": duration, "discard": duration / 2, "dt": dt, "engine": engine, **options}
    curve = f_i_curve(neuron, np.concatenate([-sizes[::-1], [0.0], sizes]), **asked)
    fires = np.isfinite(curve.rates) & (curve.rates > 0)
    if not fires.any():
        configured = neuron() if isinstance(neuron, NeuronModel) else neuron
        raise ParameterError(f"firing_range, {configured.model.name}", "fires under no constant current up to 1e5")
    middle = sizes.size
    if not fires[middle]:
        above = np.flatnonzero(fires[middle:])
        if above.size:
            return 0.0, 2.5 * float(curve.currents[middle + above[0]])
        return 2.5 * float(curve.currents[np.flatnonzero(fires)[-1]]), 0.0
    silent = np.flatnonzero(~fires[:middle])
    low = float(curve.currents[silent[-1]]) if silent.size else -1.0
    return 2.0 * low, -2.0 * low


def _trains(
    neuron: Configured, currents: np.ndarray, duration: float, dt: float, init: Any, engine: str, options: Mapping[str, Any]
) -> list[np.ndarray | None]:
    """The spike times of each cell; None for one whose membrane is no number in the end."""
    net = Network(dt=dt)
    cells = net.population("cells", neuron, currents.size, drive=currents, init=dict(init or {}))
    net.probe(cells)
    if whole_steps(duration, dt) is None:
        duration = round(duration / dt) * dt
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        run = net.build(engine, **options).run(duration)
    view = run["cells"]
    spikes = view.spikes
    order = np.argsort(spikes.ids, kind="stable")
    bounds = np.searchsorted(spikes.ids[order], np.arange(currents.size + 1))
    sound = np.isfinite(view[neuron.model.membrane])  # type: ignore[attr-defined]
    times = spikes.times[order]
    return [times[bounds[k] : bounds[k + 1]] if sound[k] else None for k in range(currents.size)]
