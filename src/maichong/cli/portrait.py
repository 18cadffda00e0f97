"""``show NAME --plot``: a neuron on one page, from its firing patterns to its bifurcations."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.cli import drawn
from maichong.errors import MaichongError, ParameterError
from maichong.spec import Configured, NeuronModel
from maichong.spec.model import Model, names
from maichong.spec.reading import arguments

if TYPE_CHECKING:
    from maichong.analysis import Course, FixedPoint
    from maichong.plots import Drawing

STEP = 0.1
"""ms, at which a neuron is run, if it does not diverge."""
STEPS = (0.9, 1.1, 1.5, 2.5)
"""Currents at which a neuron without patterns of its own is shown, as shares of where its firing sets in."""


def check(model: Model, out: Path | None) -> None:
    """Raise ParameterError for what cannot be drawn, or not into such a file."""
    if not isinstance(model, NeuronModel):
        raise ParameterError("show --plot", "draws neurons", f"{model.name}, a {model.kind}")
    if not model.inputs:
        raise ParameterError("show --plot", "draws neurons that have an input", model.name)
    drawn.check_suffix(out)


def draw(model: Model, out: Path | None) -> Path:
    """Draw ``model`` and write it to ``out``; its name with .png in this folder if None."""
    assert isinstance(model, NeuronModel)
    drawings = list(drawings_of(model))
    if not drawings:
        raise ParameterError("show --plot", "finds nothing to draw: it fires under no constant current", model.name)
    lead = model.doc.partition("\n")[0].rstrip(".")
    command, settings = f"maichong show {model.name} --plot", dict(model().values)
    target = out or Path(f"{model.name}.png")
    return drawn.write(target, drawings, title=model.name, lead=lead, command=command, settings=settings)


def drawings_of(model: NeuronModel) -> Iterator[Drawing]:
    """What there is to draw of a neuron."""
    from maichong import analysis, plots

    entry = model.inputs[0]
    xlabel = f"current {entry.name} ({entry.unit or '1'})"
    cell, dt, (low, high) = _stepping(model())
    begins, kind = _onset(cell, low, high, dt) if high > low else (None, "")
    how = f" By Euler's method at {dt:g} ms: at {STEP:g} ms its own integrator finds no finite f-I curve." if dt < STEP else ""
    if model.patterns:
        yield _gallery("Firing patterns", "Each under its own current, drawn below it.", _patterns(model))
    elif begins is not None:
        yield _gallery(
            "Steps of current",
            f"From the initial state: currents below and above the one at which firing sets in.{how}",
            _steps(cell, begins, entry.unit, dt),
        )
    if begins is not None:
        currents = np.linspace(low, high, 81)
        curve = analysis.f_i_curve(cell, currents, dt=dt)
        title = f"f-I curve{f', class {kind}' if kind else ''}"
        yield plots.Drawing(
            title, f"One cell for each current, from its initial state.{how}",
            lambda ax: plots.f_i(curve.currents, curve.rates, first_rates=_filled(curve), onset=begins, xlabel=xlabel, ax=ax),
        )  # fmt: skip
        yield from _diagram(cell, low, high, xlabel)
    if len(model.states) == 2:
        yield from _planes(cell, begins, entry.unit, dt)


def _stepping(cell: Configured) -> tuple[Configured, float, tuple[float, float]]:
    """The cell and the step at which it fires without diverging, and the currents to draw it over; none where it never fires."""
    from maichong import analysis

    for one, dt in ((cell, STEP), (cell.replace(integrator="euler"), 0.01)):
        with contextlib.suppress(ParameterError):
            low, high = analysis.firing_range(one, dt=dt)
            if np.isfinite(analysis.f_i_curve(one, np.linspace(low, high, 21), dt=dt).rates).all():
                return one, dt, (low, high)
    return cell, STEP, (0.0, 0.0)


def _onset(cell: Configured, low: float, high: float, dt: float) -> tuple[float | None, str]:
    """Where firing sets in between the two, and its class; no class where it cannot be told."""
    from maichong import analysis

    try:
        found = analysis.onset(cell, low, high, duration=1000.0, dt=dt)
        return found.current, found.kind
    except ParameterError:
        curve = analysis.f_i_curve(cell, np.linspace(low, high, 81), dt=dt)
        fires = np.flatnonzero(curve.rates > 0)
        return (float(curve.currents[fires[0]]), "") if fires.size else (None, "")


def _filled(curve: Any) -> np.ndarray:
    """The rate of the first interval; 0 where there is none."""
    return np.where(np.isnan(curve.first_rates), 0.0, curve.first_rates)


def _patterns(model: NeuronModel) -> list[tuple[Configured, Course]]:
    from maichong import analysis

    return [(model(**pattern.values), analysis.run_pattern(model, pattern)) for pattern in model.patterns]


def _steps(cell: Configured, begins: float, unit: str, dt: float) -> list[tuple[Configured, Course]]:
    from maichong import analysis
    from maichong.spec import Steps

    found = []
    for share in STEPS:
        current = begins + (share - 1.0) * abs(begins)
        steps = Steps([0.0, 20.0], [min(0.0, begins), current])
        found.append((cell, analysis.course(cell, steps, 250.0, dt=dt, engine="events", name=f"{current:.4g} {unit}")))
    return [(cell, one) for cell, one in found if all(np.isfinite(values).all() for values in one.states.values())]


def _gallery(title: str, caption: str, runs: list[tuple[Configured, Course]]) -> Drawing:
    from maichong import plots

    panels, peak = [], -np.inf
    for cell, one in runs:
        assert isinstance(cell.model, NeuronModel)
        membrane = one.states[cell.model.membrane]
        spikes = one.spikes if cell.model.reset else []
        peak = max(peak, float(np.nanmax(_thresholds(cell, one))) if cell.model.reset else float(membrane.max()))
        panels.append((one.name, one.times, membrane, one.current, spikes))
    rows = -(-len(panels) // 4)
    return plots.Drawing(
        title, caption, lambda ax: plots.gallery(panels, peak=peak, ax=ax), wide=True, height=1.5 * rows if rows > 1 else 1.9
    )


def _thresholds(cell: Configured, one: Course) -> np.ndarray:
    """Where the membrane would spike at each sample."""
    model = cell.model
    assert isinstance(model, NeuronModel)
    known = {**cell.values, **one.states}
    membrane = one.states[model.membrane]
    return membrane - np.asarray(model.fires(*(known[name] for name in arguments(model.fires))))


def _diagram(cell: Configured, low: float, high: float, xlabel: str) -> Iterator[Drawing]:
    from maichong import analysis, plots

    try:
        found = analysis.steady_states(cell, low, high)
    except MaichongError:
        return
    if not found.branches:
        return
    model = cell.model
    assert isinstance(model, NeuronModel)
    name = model.membrane
    unit = next(state.unit for state in model.states if state.name == name)
    branches = [(branch.current, branch.states[name], branch.stable) for branch in found.branches]
    points = [(point.current, point.states[name], point.kind) for point in found.bifurcations]
    yield plots.Drawing(
        "Steady states", "Of the flow between spikes: full where they attract, dashed where they do not.",
        lambda ax: plots.bifurcation_diagram(branches, points=points, xlabel=xlabel, ylabel=f"{name} ({unit or '1'})", ax=ax),
    )  # fmt: skip


def _planes(cell: Configured, begins: float | None, unit: str, dt: float) -> Iterator[Drawing]:
    """The phase planes below and above the onset of firing, over the same window; that without a current where there is none."""
    from maichong import analysis

    at = {"": 0.0}
    if begins is not None:
        at = {f" {word} the onset": begins + (share - 1.0) * abs(begins) for word, share in (("below", 0.5), ("above", 1.5))}
    points: dict[str, list[analysis.FixedPoint]] = {}
    for where, current in at.items():
        points[where] = []
        with contextlib.suppress(ParameterError):
            points[where] = list(analysis.fixed_points(cell, current))
    paths = {where: analysis.course(cell, current, 300.0, dt=dt, engine="events") for where, current in at.items()}
    window = {}
    for state in names(cell.model.states):
        near = [point.states[state] for found in points.values() for point in found]
        window[state] = _limits(np.concatenate([path.states[state] for path in paths.values()]), near)
    for where, current in at.items():
        title = f"Phase plane{where}, {current:.4g} {unit}".strip()
        yield _plane(cell, current, title, points[where], paths[where], window)


def _plane(
    cell: Configured, current: float, title: str, found: list[FixedPoint], path: Course, window: dict[str, tuple[float, float]]
) -> Drawing:
    """The phase plane at a constant current, with the course of a cell from its initial state."""
    from maichong import analysis, plots

    model = cell.model
    assert isinstance(model, NeuronModel)
    v, w = model.membrane, next(name for name in names(model.states) if name != model.membrane)
    units = {state.name: state.unit or "1" for state in model.states}
    points = [(point.states[v], point.states[w], point.kind) for point in found]
    points = [(x, y, kind) for x, y, kind in points if window[v][0] <= x <= window[v][1] and window[w][0] <= y <= window[w][1]]
    lines = analysis.nullclines(cell, current, window[v], window[w])
    shown = {line.state: (line.v, line.w) for line in lines if np.isfinite(line.w).any()}
    grid = np.meshgrid(np.linspace(*window[v], 22), np.linspace(*window[w], 20))
    field = np.stack([*grid, *_slopes(cell, {v: grid[0], w: grid[1]}, current, (v, w))])
    trajectory = _trajectory(cell, path, v, w)
    return plots.Drawing(
        title, "Nullclines, fixed points (full where they attract), and a cell from its initial state.",
        lambda ax: plots.phase_plane(
            shown, points=points, trajectory=trajectory, field=field, xlim=window[v], ylim=window[w], ax=ax,
            xlabel=f"{v} ({units[v]})", ylabel=f"{w} ({units[w]})",
        ),
        height=4.2,
    )  # fmt: skip


def _slopes(cell: Configured, states: dict[str, np.ndarray], current: float, order: tuple[str, str]) -> list[np.ndarray]:
    model = cell.model
    assert isinstance(model, NeuronModel)
    inputs = {entry.name: 0.0 for entry in model.inputs} | {model.inputs[0].name: current}
    known = {**cell.values, **states, **inputs}
    results = dict(zip(names(model.states), model.flow(*(known[name] for name in arguments(model.flow))), strict=True))
    return [np.broadcast_to(results[name], states[order[0]].shape) for name in order]


def _trajectory(cell: Configured, one: Course, v: str, w: str) -> np.ndarray:
    """[2, samples] of the course, broken where a spike resets it, and drawn on to the threshold there."""
    model = cell.model
    assert isinstance(model, NeuronModel)
    path = np.stack([one.states[v], one.states[w]])
    if not model.reset or not one.spikes.size:
        return path
    at = np.searchsorted(one.times, one.spikes - 1e-9)
    at = at[(at > 0) & (at < path.shape[1])]
    ends = np.stack([_thresholds(cell, one)[at - 1], path[1, at - 1]])
    gaps = np.full((2, at.size), np.nan)
    both = np.stack([ends, gaps], axis=2).reshape(2, -1)
    return np.insert(path, np.repeat(at, 2), both, axis=1)


def _limits(values: np.ndarray, points: list[float]) -> tuple[float, float]:
    """The reach of trajectories and of the fixed points that lie near them, with a margin."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    width = max(high - low, 1e-3 * max(1.0, abs(low)))
    near = [point for point in points if low - 2 * width <= point <= high + 2 * width]
    low, high = min([low, *near]), max([high, *near])
    width = max(high - low, width)
    return low - 0.15 * width, high + 0.15 * width
