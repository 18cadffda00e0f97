"""What every paper of the zoo shares: claims, seeds, run folders, resuming, verdicts. The science stands in the paper's file.

A paper's module has ``NAME``, ``TITLE``, ``Settings`` (a frozen dataclass: its command line), ``DATA`` (what each data set
changes in the settings; the first is the default), ``SMOKE`` (what a quick look changes), ``CLAIMS`` and
``reproduce(settings, context) -> Result``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import pkgutil
import platform
import signal
import subprocess
import threading
import time
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from maichong import __version__, files
from maichong.data import DataSet, load
from maichong.errors import CheckpointError, MaichongError, ParameterError, did_you_mean

RESULT, SETTINGS, CHECKPOINT = "result.json", "settings.json", "checkpoint.npz"


@dataclass(frozen=True)
class Claim:
    """A figure of the paper: ``quantity`` of a result should reach ``paper`` within ``tolerance`` when ``when`` holds.

    ``better="higher"`` passes above the paper as well; "near" must be within the tolerance on both sides.
    """

    quantity: str
    paper: float
    tolerance: float
    when: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "%"
    note: str = ""
    better: str = "higher"

    def verdict(self, ours: Sequence[float]) -> str:
        """ "holds" or "fails", on the mean over the seeds."""
        mean = sum(ours) / len(ours)
        short = self.paper - mean if self.better == "higher" else abs(self.paper - mean)
        return "holds" if short <= self.tolerance else "fails"


@dataclass(frozen=True)
class Result:
    """What one seed gave: ``measured`` by quantity, and what the report shows."""

    measured: Mapping[str, float]
    samples: int
    train_s: float
    metrics: Mapping[str, Any] = field(default_factory=dict)
    figures: Callable[[], Sequence[Any]] = tuple


class Interrupted(KeyboardInterrupt):
    """Ctrl-C was heard and the checkpoint written; ``folder`` is what ``--resume`` takes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


@dataclass
class Context:
    """What a reproduction gets from its caller: the data, the seed, its folder, and somebody to tell about progress."""

    data: DataSet
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
    for module in _modules():
        if name.replace("_", "-").casefold() == module.NAME:
            return module
    raise ParameterError("reproduce", f"there is no paper called {name!r}", fix=did_you_mean(name, names()))


def _modules() -> Iterator[ModuleType]:
    package = importlib.import_module("maichong.zoo")
    for entry in pkgutil.iter_modules(package.__path__):
        if entry.name.rsplit("_", 1)[-1].isdigit():
            yield importlib.import_module(f"maichong.zoo.{entry.name}")


def settle(module: ModuleType, data: str, given: Mapping[str, str], smoke: bool) -> Any:
    """The settings: the paper's, changed by the data set, by ``smoke`` and by what the user gave as text."""
    if data not in module.DATA:
        raise ParameterError(
            f"{module.NAME}, data", f"runs on {', '.join(module.DATA)}", repr(data), did_you_mean(data, module.DATA)
        )
    values: dict[str, Any] = {**module.DATA[data], **(module.SMOKE if smoke else {})}
    kinds = typing.get_type_hints(module.Settings)
    for key, text in given.items():
        if key not in kinds:
            raise ParameterError(f"{module.NAME}, --set", f"has no setting {key!r}", fix=did_you_mean(key, kinds))
        values[key] = _typed(text, kinds[key], f"{module.NAME}.{key}")
    return module.Settings(**values)


def _typed(text: str, kind: Any, where: str) -> Any:
    if not isinstance(text, str):
        return text
    if kind is bool:
        if text.casefold() not in ("true", "false"):
            raise ParameterError(where, "must be true or false", repr(text))
        return text.casefold() == "true"
    try:
        return kind(text)
    except (TypeError, ValueError):
        words = {int: "a whole number", float: "a number"}.get(kind, "text")
        raise ParameterError(where, f"must be {words}", repr(text)) from None


def reproduce(
    name: str,
    *,
    data: str | None = None,
    settings: Mapping[str, str] | None = None,
    seeds: int = 1,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    smoke: bool = False,
    tell: Callable[..., None] | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Reproduce a paper and return what the JSON file of the command holds.

    Everything lands in the folder ``out`` (by default ``runs/NAME``): settings, checkpoints, weights, metrics, result and
    report. ``resume`` continues the experiment of such a folder. Raises MaichongError for bad input, Interrupted after
    Ctrl-C, with the state saved.
    """
    module = find(name)
    if resume is not None:
        folder, experiment = Path(resume), files.read_json(Path(resume) / SETTINGS)
        given = {"data": data, "seeds": None if seeds == 1 else seeds} | dict(settings or {})
        _check_same(experiment, module.NAME, given, folder)
        data, seeds = experiment["data"], experiment["seeds"]
        chosen = module.Settings(**experiment["settings"])
    else:
        data = data or next(iter(module.DATA))
        if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
            raise ParameterError(f"{module.NAME}, seeds", "must be a whole number >= 1", repr(seeds))
        chosen = settle(module, data, settings or {}, smoke)
        folder = Path(out) if out else Path("runs") / module.NAME
        experiment = {"name": module.NAME, "data": data, "seeds": seeds, "settings": dataclasses.asdict(chosen)}
        files.write_json(folder / SETTINGS, experiment)
        for seed in range(1, seeds + 1):
            (folder / f"seed-{seed}" / CHECKPOINT).unlink(missing_ok=True)
    dataset = load(data)
    begun = time.perf_counter()
    results: list[Result] = []
    with _watched() as stop:
        for seed in range(1, seeds + 1):
            place = folder / f"seed-{seed}"
            place.mkdir(parents=True, exist_ok=True)
            results.append(module.reproduce(chosen, Context(dataset, seed, place, tell or (lambda **_: None), stop)))
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
    files.write_json(folder / RESULT, outcome)
    for seed, result in enumerate(results, 1):
        files.write_json(folder / f"seed-{seed}" / "metrics.json", {**result.measured, **result.metrics})
    outcome["report"] = str(_report(module, folder, outcome, results))
    return outcome


def _check_same(experiment: Mapping[str, Any], name: str, given: Mapping[str, Any], folder: Path) -> None:
    where = f"--resume {folder}"
    if not isinstance(experiment, dict) or not {"name", "data", "seeds", "settings"} <= experiment.keys():
        raise CheckpointError(where, "must be the folder of an earlier run", "a folder of something else")
    if experiment["name"] != name:
        raise CheckpointError(where, f"must be a folder of {name}", experiment["name"])
    for key, value in given.items():
        known = experiment.get(key, experiment["settings"].get(key))
        if value is not None and str(known) != str(value):
            raise CheckpointError(
                where, f"was begun with {key}={known}", value, "leave the setting out, or begin a new run with --out"
            )


def _judge(claims: Sequence[Claim], settings: Any, data: str, results: Sequence[Result]) -> list[dict[str, Any]]:
    judged = []
    for claim in claims:
        known = {**dataclasses.asdict(settings), "data": data}
        if any(known.get(key) != value for key, value in claim.when.items()):
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
    summary = [(key, ", ".join(f"{v:.2f}" for v in values)) for key, values in outcome["measured"].items()]
    summary += [
        ("wall time", f"{outcome['wall_s']:.1f} s"),
        ("training speed", f"{outcome['train_samples_per_s']:.0f} samples/s"),
        ("peak memory", f"{outcome['peak_rss_mib']:.0f} MiB"),
    ]
    report = Report(
        title=module.TITLE,
        lead=(module.__doc__ or "").split("\n\n")[0].replace("\n", " "),
        summary=summary,
        claims=claims,
        figures=[picture for result in results[:1] for picture in result.figures()],
        settings={"data": outcome["data"], **outcome["settings"]},
        versions=outcome["versions"],
        command=outcome["command"],
    )
    return write_report(folder / "report.html", report)


@contextlib.contextmanager
def _watched() -> Iterator[Callable[[], bool]]:
    """Within, the first Ctrl-C asks the reproduction to save and stop; the second stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    heard = False
    previous = signal.getsignal(signal.SIGINT)

    def hear(number: int, frame: Any) -> None:
        nonlocal heard
        if heard:
            raise KeyboardInterrupt
        heard = True

    signal.signal(signal.SIGINT, hear)
    try:
        yield lambda: heard
    finally:
        signal.signal(signal.SIGINT, previous)


def peak_rss_mib() -> float:
    """The largest resident memory of this process so far, in MiB."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if platform.system() == "Darwin" else 1024)


def versions() -> dict[str, str]:
    """What ran: maichong and its commit, where it has one, Python and the libraries that compute."""
    import llvmlite
    import numba
    import numpy
    import scipy

    found = {"maichong": __version__, "python": platform.python_version(), "machine": platform.machine()}
    found |= {module.__name__: module.__version__ for module in (numpy, numba, llvmlite, scipy)}
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        here = Path(__file__).parent
        commit = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True, timeout=5
        )
        found["commit"] = commit.stdout.strip()
    return found


__all__ = ["Claim", "Context", "Interrupted", "MaichongError", "Result", "find", "names", "reproduce"]
