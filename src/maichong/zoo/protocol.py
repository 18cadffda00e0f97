"""What every paper of the zoo shares: claims, seeds, run folders, resuming, verdicts. The science stands in the paper's file.

A paper's module has ``NAME``, ``TITLE``, ``Settings`` (a frozen dataclass: its command line), ``DATA`` (what each data set
changes in the settings; the first is the default; a name that ``maichong.data`` does not know stands for data that the paper's file
draws itself), ``SMOKE`` (what a quick look changes), ``CLAIMS``, ``preset(data, given) -> dict`` (all changes, with what the user
gave) and ``reproduce(settings, context) -> Result``. Where what it learns is a task and no data set, it has ``load(name)`` too,
which gives what ``context.data`` is.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import os
import pkgutil
import time
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from maichong import files, interrupts
from maichong.data import load
from maichong.data import names as data_names
from maichong.errors import CheckpointError, MaichongError, ParameterError, brief, did_you_mean
from maichong.interrupts import Interrupted
from maichong.zoo.machine import peak_rss_mib, versions
from maichong.zoo.settings import check_data, given_settings, settle, typed

RESULT, SETTINGS, CHECKPOINT, REPORT = "result.json", "settings.json", "checkpoint.npz", "report.html"

CONTRACT = ("name", "data", "settings", "seeds", "claims", "wall_s", "train_samples_per_s", "peak_rss_mib", "versions")
JUDGED = ("quantity", "paper", "ours", "tolerance", "verdict")
"""What other programs rely on: the keys of an outcome, and of each of its claims; ``result.json`` holds more."""

LEFT_OUT: Any = object()  # a number of seeds that was not said, where None is no number


@dataclass(frozen=True)
class Claim:
    """A figure of the paper: ``quantity`` of a result should reach ``paper`` within ``tolerance`` when ``when`` holds.

    ``better="higher"`` passes above the paper as well, "lower" below it; "near" must be within the tolerance on both sides.
    """

    quantity: str
    paper: float
    tolerance: float
    when: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "%"
    note: str = ""
    better: str = "higher"

    @property
    def condition(self) -> str:
        """``when`` in words: data=mnist, neurons=400."""
        return ", ".join(f"{key}={value}" for key, value in self.when.items())

    def verdict(self, ours: Sequence[float]) -> str:
        """ "holds" or "fails", on the mean over the seeds."""
        mean = sum(ours) / len(ours)
        over = mean - self.paper
        short = {"higher": -over, "lower": over}.get(self.better, abs(over))
        # what lies on the edge holds, however its difference is rounded
        return "holds" if short <= self.tolerance + 1e-9 * max(1.0, abs(self.paper)) else "fails"


@dataclass(frozen=True)
class Result:
    """What one seed gave: ``measured`` by quantity, and what the report shows."""

    measured: Mapping[str, float]
    samples: int
    train_s: float
    metrics: Mapping[str, Any] = field(default_factory=dict)
    figures: Callable[[], Sequence[Any]] = tuple


@dataclass
class Context:
    """What a reproduction gets from its caller: the data, the seed, its folder, and somebody to tell about progress."""

    data: Any  # what ``maichong.data.load`` gives: a DataSet of images, a RollSet of music, a Table; None: the paper draws its own
    seed: int
    folder: Path
    tell: Callable[..., None] = lambda **_: None
    _stop: Callable[[], bool] = lambda: False

    @property
    def checkpoint(self) -> Path:
        """Where the reproduction keeps its checkpoint."""
        return self.folder / CHECKPOINT

    @property
    def stopping(self) -> bool:
        """Whether Ctrl-C was pressed: save, then raise ``interrupted()``."""
        return self._stop()

    def interrupted(self) -> Interrupted:
        return Interrupted(self.folder.parent)


def names() -> list[str]:
    """The papers of the zoo, by name."""
    return sorted(module.NAME for module in _modules())


def find(name: str) -> ModuleType:
    """The module of the paper called ``name``; ParameterError with a suggestion."""
    if not isinstance(name, str):
        raise ParameterError("reproduce", "must get the name of a paper", repr(name))
    for module in _modules():
        if name.replace("_", "-").casefold() == module.NAME:
            return module
    raise ParameterError("reproduce", f"there is no paper called {brief(name)}", fix=did_you_mean(name, names()))


def _modules() -> Iterator[ModuleType]:
    package = importlib.import_module("maichong.zoo")
    for entry in pkgutil.iter_modules(package.__path__):
        if entry.name.rsplit("_", 1)[-1].isdigit():
            yield importlib.import_module(f"maichong.zoo.{entry.name}")


def contract(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an outcome that other programs rely on, which is what ``--json`` writes.

    What was measured and no claim judges stands among the claims, with null for the paper's figure and the tolerance.
    """
    claims = [{key: claim[key] for key in JUDGED} for claim in outcome["claims"]]
    judged = {claim["quantity"] for claim in claims}
    claims += [
        dict(zip(JUDGED, (quantity, None, ours, None, "not judged"), strict=True))
        for quantity, ours in outcome["measured"].items()
        if quantity not in judged
    ]
    return _finite({**{key: outcome[key] for key in CONTRACT}, "claims": claims})


def _finite(value: Any) -> Any:
    """``value`` as JSON can hold it: a figure that diverged is null, rather than the loss of hours of work."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def reproduce(
    name: str,
    *,
    data: str | None = None,
    settings: Mapping[str, Any] | None = None,
    seeds: int = LEFT_OUT,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    smoke: bool = False,
    tell: Callable[..., None] | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Reproduce a paper, with one seed where ``seeds`` is left out, and return what ``result.json`` holds, and ``report``.

    Everything lands in the folder ``out`` (by default ``runs/NAME``): settings, checkpoints, weights, metrics, result and
    report. A finished run that stands there is replaced, an unfinished one never. ``resume`` continues the experiment of
    such a folder. ``tell`` hears of the progress: ``stage``, ``done``, ``total`` and facts, or a ``note``. Raises
    MaichongError for bad input, Interrupted after Ctrl-C, with the state saved.
    """
    module, tell = find(name), tell or (lambda **_: None)
    if seeds is not LEFT_OUT:
        _check_seeds(seeds, f"{module.NAME}, seeds")
    if data is not None:
        check_data(module, data)
    if resume is None:
        data = next(iter(module.DATA)) if data is None else data
        seeds = 1 if seeds is LEFT_OUT else seeds
        chosen = settle(module, data, settings or {}, smoke)
        folder = Path("runs") / module.NAME if out is None else _path(out, "--out")
        _clear(folder, tell)
        experiment = {"name": module.NAME, "data": data, "seeds": seeds, "settings": dataclasses.asdict(chosen)}
        files.write_json(folder / SETTINGS, experiment)
    else:
        folder = _path(resume, "--resume")
        if out is not None and _path(out, "--out") != folder:
            raise ParameterError("--out", f"must be left out beside --resume, which carries on in {folder}", repr(str(out)))
        known = _begun(module, folder)
        _check_same(known, {"data": data, "seeds": None if seeds is LEFT_OUT else seeds}, folder)
        _check_same(dataclasses.asdict(known["settings"]), given_settings(module, settings or {}, smoke), folder)
        data, seeds, chosen = known["data"], known["seeds"], known["settings"]
    try:
        return _run(module, data, chosen, seeds, folder, tell, command)
    except KeyboardInterrupt:
        raise Interrupted(folder) from None


def _run(
    module: ModuleType, data: str, chosen: Any, seeds: int, folder: Path, tell: Callable[..., None], command: str
) -> dict[str, Any]:
    drawn = data in module.DATA and data not in data_names()
    dataset = getattr(module, "load", (lambda _: None) if drawn else load)(data)
    begun = time.perf_counter()
    results: list[Result] = []
    with interrupts.deferred() as stop:
        for seed in range(1, seeds + 1):
            place = folder / f"seed-{seed}"
            place.mkdir(parents=True, exist_ok=True)
            results.append(module.reproduce(chosen, Context(dataset, seed, place, tell, stop)))
    outcome = {
        "name": module.NAME,
        "title": module.TITLE,
        "data": data,
        "settings": dataclasses.asdict(chosen),
        "seeds": list(range(1, seeds + 1)),
        "claims": _judge(module.CLAIMS, chosen, data, results),
        "measured": {key: [float(r.measured[key]) for r in results] for key in results[0].measured},
        "wall_s": time.perf_counter() - begun,
        "train_samples_per_s": sum(r.samples for r in results) / max(sum(r.train_s for r in results), 1e-9),
        "peak_rss_mib": peak_rss_mib(),
        "versions": versions(),
        "command": command,
    }
    files.write_json(folder / RESULT, _finite(outcome))
    for seed, result in enumerate(results, 1):
        files.write_json(folder / f"seed-{seed}" / "metrics.json", _finite({**result.measured, **result.metrics}))
    outcome["report"] = str(_report(module, folder, outcome, results))
    return outcome


def _check_seeds(seeds: Any, where: str) -> None:
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise ParameterError(where, "must be a whole number >= 1", repr(seeds))


def _path(value: Any, where: str) -> Path:
    if not isinstance(value, (str, os.PathLike)) or not str(value).isprintable():
        raise ParameterError(where, "must be the name of a folder", repr(value))
    return Path(value)


def _clear(folder: Path, tell: Callable[..., None]) -> None:
    """Make room for a new run: a finished one goes, with a word; an unfinished one may be hours of work, and stays."""
    checkpoints = sorted(folder.glob(f"seed-*/{CHECKPOINT}"))
    finished = os.path.exists(folder / RESULT)
    if checkpoints and not finished:
        got = str(checkpoints[0].relative_to(folder))
        fix = f"carry on with --resume {folder}, choose another --out, or delete the folder"
        raise CheckpointError(f"--out {folder}", "must not hold an unfinished run", got, fix)
    if finished:
        tell(note=f"replacing the finished run in {folder}")
    try:
        for old in filter(os.path.exists, (*checkpoints, folder / REPORT, folder / RESULT)):
            old.unlink()
    except OSError as error:
        raise CheckpointError(
            str(folder), "must be a place that can be written to", error.strerror, "choose another folder"
        ) from None


def _begun(module: ModuleType, folder: Path) -> dict[str, Any]:
    """The experiment that was begun in ``folder``, with its settings as the paper has them; CheckpointError if it is none."""
    found, where = files.read_json(folder / SETTINGS), f"--resume {folder}"
    if not isinstance(found, dict) or not {"name", "data", "seeds", "settings"} <= found.keys():
        raise CheckpointError(where, "must be the folder of an earlier run", "a folder of something else")
    if found["name"] != module.NAME:
        raise CheckpointError(where, f"must be a folder of {module.NAME}", found["name"])
    where = str(folder / SETTINGS)
    _check_seeds(found["seeds"], f"{where}, seeds")
    if not isinstance(found["settings"], dict):
        raise CheckpointError(f"{where}, settings", "must be a mapping of settings", repr(found["settings"]))
    kinds = typing.get_type_hints(module.Settings)
    for key in found["settings"].keys() - kinds.keys():
        raise CheckpointError(
            f"{where}, settings", f"holds {key!r}, which {module.NAME} does not know", fix=did_you_mean(key, kinds)
        )
    values = {key: typed(value, kinds[key], f"{where}, {key}") for key, value in found["settings"].items()}
    return {**found, "settings": module.Settings(**values)}


def _check_same(known: Mapping[str, Any], given: Mapping[str, Any], folder: Path) -> None:
    for key, value in given.items():
        if value is not None and value != known[key]:
            fix = "leave the setting out, or begin a new run with --out"
            raise CheckpointError(f"--resume {folder}", f"was begun with {key}={known[key]}", value, fix)


def _judge(claims: Sequence[Claim], settings: Any, data: str, results: Sequence[Result]) -> list[dict[str, Any]]:
    judged = []
    for claim in claims:
        known = {**dataclasses.asdict(settings), "data": data}
        if claim.quantity not in results[0].measured or any(known.get(key) != value for key, value in claim.when.items()):
            continue
        ours = [float(result.measured[claim.quantity]) for result in results]
        judged.append(
            {
                "quantity": claim.quantity, "paper": claim.paper, "ours": ours, "tolerance": claim.tolerance,
                "verdict": claim.verdict(ours), "unit": claim.unit, "note": claim.note,
            }
        )  # fmt: skip
    return judged


def _report(module: ModuleType, folder: Path, outcome: Mapping[str, Any], results: Sequence[Result]) -> Path:
    from maichong.plots import Report, write_report

    claims = [{**claim, "ours": [round(v, 2) for v in claim["ours"]]} for claim in outcome["claims"]]
    units = {claim.quantity: claim.unit for claim in module.CLAIMS}
    summary = [
        (key, f"{', '.join(f'{v:.2f}' for v in values)} {units.get(key, '')}".rstrip())
        for key, values in outcome["measured"].items()
    ]
    summary += [
        ("wall time", f"{outcome['wall_s']:.1f} s"),
        ("training speed", f"{outcome['train_samples_per_s']:.0f} samples/s"),
        ("peak memory", f"{outcome['peak_rss_mib']:.0f} MiB"),
    ]
    report = Report(
        title=module.TITLE,
        lead=_lead(module.__doc__ or ""),
        summary=summary,
        claims=claims,
        figures=[picture for result in results[:1] for picture in result.figures()],
        settings={"data": outcome["data"], **outcome["settings"]},
        versions=outcome["versions"],
        command=outcome["command"],
    )
    return write_report(folder / REPORT, report)


def _lead(doc: str) -> str:
    """The paragraph after the title, where there is one."""
    paragraphs = doc.strip().split("\n\n")[:2]
    return " ".join(paragraphs[-1].split())


__all__ = ["Claim", "Context", "Interrupted", "MaichongError", "Result", "contract", "find", "names", "reproduce", "settle"]
