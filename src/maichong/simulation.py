"""A network run from its file into a folder: ``maichong simulate``. It can be stopped, killed and carried on, bit for bit.

settings.json     what was asked for            network.py   the file as it was (or .json, .npz)
recording/        what the probes see, from the first moment on: .npy files, explained in recording/recording.json
checkpoint.npz    the last good state, on engines that can write it down
result.json       rates, times, versions, the plan: when it is done
report.html       the same with a raster of the last stretch
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maichong import files, interrupts
from maichong.engines import ENGINES, Run, can_save, resume
from maichong.engines.recording import Spikes
from maichong.errors import CheckpointError, ParameterError, RecordingError, brief
from maichong.interrupts import Interrupted
from maichong.network_file import checked_duration, read_network
from maichong.parts import whole_steps
from maichong.zoo.machine import peak_rss_mib, versions

SETTINGS, CHECKPOINT, RESULT, REPORT, RECORDING = "settings.json", "checkpoint.npz", "result.json", "report.html", "recording"
DURATION = 1000.0
"""ms, where neither the caller nor the file says for how long."""
DRAWN = 100_000
"""Spikes in the report's raster, at most."""


def simulate(
    path: str | Path | None = None,
    *,
    duration: float | str | None = None,
    engine: str | None = None,
    options: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    checkpoint_every: float = 10.0,
    tell: Callable[..., None] | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Run the network in the file ``path`` for ``duration`` ms and return what ``result.json`` holds, and ``folder``.

    Everything lands in the folder ``out``, by default ``runs/NAME``. A finished run that stands there is replaced, an unfinished
    one never. ``resume`` is such a folder: the run goes on from its last checkpoint, up to its duration or to a longer one.
    ``options`` are the engine's; a checkpoint is written every ``checkpoint_every`` minutes, when the run is stopped and at its
    end, where the engine has such a thing ("nest" has not). ``tell`` hears of the progress: ``stage``, ``done``, ``total``,
    ``ms_per_s``, or a ``note``.

    Raises MaichongError for bad input, Interrupted after Ctrl-C, with the state saved; KeyboardInterrupt where it cannot be.
    """
    tell = tell or (lambda **_: None)
    if not isinstance(checkpoint_every, (int, float)) or not checkpoint_every > 0:
        raise ParameterError("--checkpoint-every", "must be a number of minutes > 0", brief(checkpoint_every))
    if resume is None:
        if path is None:
            raise ParameterError("simulate", "needs a network's file, or --resume DIR", "neither")
        folder, settings = _begin(files.as_path(path), duration, engine, options, out, tell)
    else:
        folder = files.as_path(resume)
        settings = _known(folder, path, duration, engine, options, out)
    try:
        return _run(folder, settings, 60.0 * checkpoint_every, tell, command)
    except KeyboardInterrupt:
        if can_save(settings["engine"]):
            raise Interrupted(folder) from None
        raise


def _begin(
    path: Path, duration: Any, engine: str | None, options: Mapping[str, Any] | None, out: str | Path | None, tell: Any
) -> tuple[Path, dict[str, Any]]:
    """The folder of a new run, with the network's file in it, and its settings."""
    described = read_network(path)
    asked = described.duration or DURATION if duration is None else checked_duration(duration, "--duration")
    if whole_steps(asked, described.network.dt) is None:
        expected = f"must be a whole number of steps of {described.network.dt:g} ms"
        raise ParameterError("--duration", expected, f"{asked:.12g} ms")
    folder = Path("runs") / path.stem if out is None else files.as_path(out)
    engine = engine or "events"
    can_save(engine)  # there is such an engine: nothing is cleared away for one that there is not
    _clear(folder, tell)
    settings = {
        "file": str(path.absolute()), "copy": f"network{path.suffix}", "duration_ms": asked, "engine": engine,
        "options": dict(options or {}),
    }  # fmt: skip
    files.write_bytes(folder / settings["copy"], path.read_bytes())
    files.write_json(folder / SETTINGS, settings)
    return folder, settings


def _clear(folder: Path, tell: Any) -> None:
    """Make room for a new run: a finished one goes, with a word; an unfinished one may be hours of work, and stays."""
    unfinished = _unfinished(folder)
    if unfinished:
        resumed = f"carry on with --resume {folder}, " if unfinished == CHECKPOINT else ""
        fix = f"{resumed}choose another --out, or delete the folder"
        raise CheckpointError(f"--out {folder}", "must not hold an unfinished run", unfinished, fix)
    if os.path.exists(folder / RESULT):
        tell(note=f"replacing the finished run in {folder}")
    try:
        for name in (RESULT, REPORT, CHECKPOINT):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(str(folder), "must be a folder that can be written to", error.strerror) from None
    _clear_recording(folder)


def _unfinished(folder: Path) -> str | None:
    """What an unfinished run has left: its checkpoint, or its recording where its engine writes no checkpoints."""
    if os.path.exists(folder / RESULT):
        return None
    if os.path.exists(folder / CHECKPOINT):
        return CHECKPOINT
    recorded = os.path.exists(folder / RECORDING / "recording.json") and os.path.isfile(folder / SETTINGS)
    settings = files.read_json(folder / SETTINGS) if recorded else None
    engine = settings.get("engine") if isinstance(settings, dict) else None
    return RECORDING if isinstance(engine, str) and engine in ENGINES and not can_save(engine) else None


def _clear_recording(folder: Path) -> None:
    if os.path.exists(folder / RECORDING / "recording.json"):
        shutil.rmtree(folder / RECORDING, ignore_errors=True)


def _known(
    folder: Path, path: Any, duration: Any, engine: str | None, options: Mapping[str, Any] | None, out: Any
) -> dict[str, Any]:
    """The settings of the run that was begun in ``folder``; what is given beside them must be the same, or a longer duration."""
    where = f"--resume {folder}"
    if out is not None and files.as_path(out) != folder:
        raise ParameterError("--out", f"must be left out beside --resume, which carries on in {folder}", brief(str(out)))
    if not os.path.isfile(folder / SETTINGS):
        raise CheckpointError(where, "must be the folder of an earlier run", f"no {SETTINGS} in it")
    settings = files.read_json(folder / SETTINGS)
    kinds = {"file": str, "copy": str, "duration_ms": (int, float), "engine": str, "options": dict}
    if not isinstance(settings, dict) or not all(isinstance(settings.get(name), kind) for name, kind in kinds.items()):
        raise CheckpointError(str(folder / SETTINGS), "must be the settings of a simulation", "something else")
    if not can_save(settings["engine"]):
        expected = f"was begun on the engine {settings['engine']!r}, which writes no checkpoint to carry on from"
        raise CheckpointError(where, expected, fix="begin a new run with --out")
    given = {"file": path and str(files.as_path(path).absolute()), "engine": engine, "options": dict(options or {}) or None}
    for name, value in given.items():
        if value is not None and value != settings[name]:
            fix = "leave it out, or begin a new run with --out"
            raise CheckpointError(where, f"was begun with {name} {brief(settings[name])}", brief(value), fix)
    if duration is not None:
        asked = checked_duration(duration, "--duration")
        if asked < settings["duration_ms"]:
            least = f"must be at least {settings['duration_ms']:g} ms, for which the run was begun"
            raise ParameterError("--duration", least, f"{asked:g} ms")
        settings["duration_ms"] = asked
        files.write_json(folder / SETTINGS, settings)
    return settings


def _start(folder: Path, settings: Mapping[str, Any]) -> Run:
    """The run at its last checkpoint, or at t = 0 where there is none yet."""
    described = read_network(folder / settings["copy"], Path(settings["file"]).parent)
    files.clear_parts(folder / CHECKPOINT)
    if os.path.exists(folder / CHECKPOINT):
        return resume(folder / CHECKPOINT, described.models)
    _clear_recording(folder)
    return described.network.build(settings["engine"], **settings["options"]).stream(folder / RECORDING)


def _run(folder: Path, settings: Mapping[str, Any], every_s: float, tell: Any, command: str) -> dict[str, Any]:
    begun = time.perf_counter()
    run = _start(folder, settings)
    built = time.perf_counter()
    duration, before = settings["duration_ms"], float(run.notes.get("wall_s", 0.0))
    if run.t >= duration:
        if os.path.exists(folder / RESULT):
            fix = f"give a longer --duration than {duration:g} to carry on"
            raise CheckpointError(f"--resume {folder}", f"is finished at {run.t:g} ms", fix=fix)
    else:
        (folder / RESULT).unlink(missing_ok=True)
    first, saved = run.t, built

    def notes() -> dict[str, float]:
        return {"wall_s": before + time.perf_counter() - built}

    with interrupts.deferred() as stop:

        def look(_: float) -> None:
            nonlocal saved
            now = time.perf_counter()
            tell(stage="simulate", done=run.t, total=duration, ms_per_s=(run.t - first) / max(now - built, 1e-9))
            if stop():
                raise KeyboardInterrupt
            if run.can_save and now - saved > every_s:
                run.save(folder / CHECKPOINT, notes())
                saved = time.perf_counter()

        try:
            run.run(duration - run.t, progress=look)
        except KeyboardInterrupt:
            if run.can_save:
                run.save(folder / CHECKPOINT, notes())
            raise
        except RecordingError as error:
            fix = f"{error.fix} with --resume {folder}" if error.fix and run.can_save else error.fix
            raise RecordingError(error.where, error.expected, error.got, fix) from None
        wall = notes()
        if run.can_save:
            run.save(folder / CHECKPOINT, wall)
    outcome = _outcome(run, settings, wall["wall_s"], built - begun, command)
    files.write_json(folder / RESULT, outcome)
    return {**outcome, "folder": str(folder), "report": str(_report(folder, run, outcome))}


def _outcome(run: Run, settings: Mapping[str, Any], wall_s: float, build_s: float, command: str) -> dict[str, Any]:
    names = list(run.network.populations)
    return {
        **settings,
        "dt_ms": run.network.dt,
        "seed": run.network.seed,
        "neurons": {name: population.n for name, population in run.network.populations.items()},
        "synapses": {entry.name: entry.size for entry in run.plan.projections},
        "spikes": {name: int(run[name].counts.sum()) for name in names},
        "rates_hz": {name: run[name].rate() for name in names},
        "build_s": build_s,
        "wall_s": wall_s,
        "realtime_factor": 1000.0 * wall_s / run.t,
        "peak_rss_mib": peak_rss_mib(),
        "plan": run.describe().splitlines(),
        "recording": RECORDING,
        "versions": versions(),
        "command": command,
    }


def _report(folder: Path, run: Run, outcome: Mapping[str, Any]) -> Path:
    from maichong.plots import Picture, Report, raster, write_report

    recorded = {
        track.probe.population: track for track in run.recording().tracks if isinstance(track.data, Spikes) and len(track.data)
    }
    figures = []
    if recorded:
        from matplotlib.figure import Figure

        start = _stretch([track.data.times for track in recorded.values()], run.t)  # type: ignore[union-attr]
        shown = {name: np.searchsorted(track.data.times, start, "right") for name, track in recorded.items()}
        times = {name: track.data.times[shown[name] :] for name, track in recorded.items()}
        ids = {name: track.data.ids[shown[name] :] for name, track in recorded.items()}  # type: ignore[union-attr]
        figure = Figure(figsize=(8, 5), layout="constrained")
        sizes = {name: track.n for name, track in recorded.items()}
        raster(times, ids, ax=figure.add_subplot(), sizes=sizes, window=(start, run.t))
        figures = [Picture("Spikes", f"From {start:g} ms to the end.", figure)]
    rates = [(f"rate of {name}", f"{rate:.3f} Hz") for name, rate in outcome["rates_hz"].items()]
    summary = [
        *rates,
        ("biological time", f"{run.t:g} ms"),
        ("wall time", f"{outcome['wall_s']:.2f} s after {outcome['build_s']:.2f} s of building"),
        ("real-time factor", f"{outcome['realtime_factor']:.3g}"),
        ("peak memory", f"{outcome['peak_rss_mib']:.0f} MiB"),
    ]
    report = Report(
        title=Path(outcome["file"]).name, lead=" ".join(outcome["plan"][:1]), summary=summary, figures=figures,
        settings={"engine": outcome["engine"], "dt_ms": outcome["dt_ms"], "seed": outcome["seed"], **outcome["options"]},
        versions=outcome["versions"], command=outcome["command"],
    )  # fmt: skip
    return write_report(folder / REPORT, report)


def _stretch(times: list[np.ndarray], t: float) -> float:
    """Where the last stretch begins that a raster can show: a second at most, and no more than ``DRAWN`` spikes."""
    start = max(0.0, t - 1000.0)
    while sum(array.size - np.searchsorted(array, start, "right") for array in times) > DRAWN:
        start = t - (t - start) / 2
    return float(start)
