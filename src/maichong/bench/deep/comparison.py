"""The training of a network in maichong and its peers, one after the other, and what the rows say together."""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maichong import files
from maichong.bench.deep.nets import NETS, Net, drawn
from maichong.bench.environments import SCRIPTS, interpreter
from maichong.bench.networks.benchmark import given, values
from maichong.bench.process import measured
from maichong.engines.events.together import cores
from maichong.errors import MaichongError

SEED = 1
ALIKE = 0.05
"""Rates and gradients that differ by more are those of other work."""
BUSY = 0.05
"""The share of time in which threads may wait for cores that other programs hold."""


@dataclass(frozen=True)
class Peer:
    """A library that trains spiking networks: the script that an interpreter of its own runs, and what a second call of pip adds
    to its requirements.
    """

    script: str
    extra: tuple[str, ...] = ()


PEERS: Mapping[str, Peer] = {
    # these two ask for torchvision, of which the scripts need nothing
    "spikingjelly": Peer("deep_spikingjelly.py", ("--no-deps", "spikingjelly==2.0.0")),
    "norse": Peer("deep_norse.py", ("--no-deps", "norse==1.1.0")),
    "snntorch": Peer("deep_snntorch.py"),
    "torch": Peer("deep_torch.py"),
}

WAYS = ("eager", "compile")
"""Each peer as it is, and by torch.compile: either may be its faster one."""


PRODUCTS = ("float32", "bfloat16")
"""What products of float32 numbers may be taken in, by torch's own switch, which all tools are given; torch's own products heed it
where the CPU's library has quicker ones."""


@dataclass(frozen=True)
class Job:
    """One row to measure: a tool, and for a peer the way in which it runs the network."""

    tool: str
    way: str = ""

    @property
    def label(self) -> str:
        """The row in words."""
        return f"{self.tool} {self.way}".rstrip()

    @property
    def compiles(self) -> bool:
        """Whether its first call compiles what later processes find."""
        return self.tool == "maichong" or self.way == "compile"


def compare(
    nets: Sequence[str] = (),
    against: Sequence[str] = (),
    *,
    products: str = PRODUCTS[0],
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Train each of the ``nets`` (all if empty) here and in the peers, every row in a process of its own, on all cores.

    With ``products`` "bfloat16" all tools are told ``torch.set_float32_matmul_precision("medium")``.
    Returns ``name``, ``threads``, ``products`` and ``nets``, each with its ``name``, ``network``, ``constants``, ``rows``,
    ``ratios`` (``train`` and ``infer``: ours over theirs in samples/s, the best row of each; above 1 we are faster), ``warnings``
    where rates or gradients say that it was not the same work or the machine was busy, ``failures`` of peers and ``skipped``, why
    there is no row of ours.
    A row holds tool, way, version, torch (its version), threads, train_per_s and infer_per_s (samples/s: the medians of
    train_spans_s and infer_spans_s, each for ``steps`` batches), first_train_s and first_infer_s (the first call, compilation
    included), waited (the share of time in which threads waited for cores that others held), baseline_mib (libraries and data),
    beyond_mib (what the peak of resident memory has beyond that), cold_mib (the same of the first process), rates and
    trained_rates (spikes of a neuron in a step, by layer, with the initial weights and after training), gradients (the norm of the
    first, by layer), loss_first, loss_last and notes. What compiles has two processes: one whose first calls compile, which
    says what that costs, and one that finds what was compiled.
    """
    missing = _missing()
    return {
        "name": "deep",
        "threads": cores(),
        "products": products,
        "nets": [_compare(NETS[name], against, products, missing, tell) for name in nets or NETS],
    }


def _missing() -> str:
    """Why there can be no row of ours: "" if there can."""
    if importlib.util.find_spec("maichong.nn") is None:
        return "maichong: no row of ours, as this version has no maichong.nn"
    if importlib.util.find_spec("torch") is None:
        return 'maichong: no row of ours, as maichong.nn needs torch: pip install "maichong[deep]"'
    return ""


def _compare(net: Net, against: Sequence[str], products: str, missing: str, tell: Callable[[str], None]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    failures = []
    if missing:
        tell(missing)
    with tempfile.TemporaryDirectory(prefix="maichong-bench-") as folder:
        arrays = Path(folder) / "arrays.npz"
        np.savez(arrays, **drawn(net.constants, SEED))  # pyright: ignore[reportArgumentType]
        for job in jobs(against, ours=not missing):
            try:
                with tempfile.TemporaryDirectory(dir=folder) as own:
                    cold = _measured(net, job, products, arrays, Path(own), tell, first=True) if job.compiles else None
                    row = row_of(_measured(net, job, products, arrays, Path(own), tell), job, net, cold)
            except MaichongError as error:
                if job.tool == "maichong":
                    raise
                failures.append(f"{net.name}, {job.label}: {error}")
                tell(failures[-1])
                continue
            rows.append(row)
            tell(f"{net.name}, {job.label}: {row['train_per_s']:.0f} samples/s of training")
    return {
        "name": net.name,
        "network": net.title,
        "constants": given(net.constants),
        "steps": net.steps,
        "repeats": net.repeats,
        "rows": rows,
        "ratios": ratios(rows),
        "warnings": warnings(rows),
        "failures": failures,
        "skipped": [missing] if missing else [],
    }


def jobs(against: Sequence[str], *, ours: bool = True) -> list[Job]:
    """The rows of a comparison: ours, and each peer in both ways."""
    return [Job("maichong")] * ours + [Job(peer, way) for peer in against for way in WAYS]


def row_of(raw: Mapping[str, Any], job: Job, net: Net, cold: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The row of a tool, from what its script counted and timed; ``cold`` is that of the process that compiled, if one did."""
    samples = net.constants.batch * net.steps
    return {
        "tool": job.tool,
        "way": job.way,
        "train_per_s": samples / statistics.median(raw["train_spans_s"]),
        "infer_per_s": samples / statistics.median(raw["infer_spans_s"]),
        "beyond_mib": raw["peak_mib"] - raw["baseline_mib"],
        **{key: value for key, value in raw.items() if key != "peak_mib"},
        **_of_first(raw if cold is None else cold),
    }


def _of_first(raw: Mapping[str, Any]) -> dict[str, float]:
    """What the first process says."""
    return {"cold_mib": raw["peak_mib"] - raw["baseline_mib"], **{key: raw[key] for key in ("first_train_s", "first_infer_s")}}


def ratios(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """For each peer our speed over its, of training and of inference, the best row of each: above 1 we are faster."""
    best: dict[str, dict[str, float]] = {}
    for row in rows:
        known = best.setdefault(row["tool"], {"train": 0.0, "infer": 0.0})
        best[row["tool"]] = {what: max(speed, row[f"{what}_per_s"]) for what, speed in known.items()}
    ours = best.pop("maichong", None)
    if ours is None:
        return {}
    return {tool: {what: ours[what] / speed for what, speed in theirs.items()} for tool, theirs in best.items()}


COMPARED = {
    "rates": "{layer} fires {got:.4f} spikes a step",
    "trained_rates": "after training {layer} fires {got:.4f} spikes a step",
    "gradients": "the first gradient of {layer} is {got:.3g}",
}
"""What must be alike in all rows."""


def warnings(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What to say of rows whose rates or gradients differ from those of the first, or that had to share the cores."""
    found = []
    for row in rows:
        if row["waited"] > BUSY:
            label = Job(row["tool"], row["way"]).label
            found.append(f"a busy machine: {label} waited {100 * row['waited']:.0f} % of the time for cores that others held")
    for row in rows[1:]:
        for key, words in COMPARED.items():
            for layer, wanted in rows[0][key].items():
                got = row[key][layer]
                if abs(got - wanted) > ALIKE * abs(wanted):
                    label, first = (Job(entry["tool"], entry["way"]).label for entry in (row, rows[0]))
                    said = words.format(layer=layer, got=got)
                    found.append(f"not the same work: in {label} {said}, against {wanted:.4g} in {first}")
    return found


def _measured(
    net: Net, job: Job, products: str, arrays: Path, folder: Path, tell: Callable[[str], None], *, first: bool = False
) -> dict[str, Any]:
    """What a process of its own measured; ``first`` is for its first calls alone."""
    often = (
        {"warmup": 0, "steps": 1, "repeats": 1} if first else {"warmup": net.warmup, "steps": net.steps, "repeats": net.repeats}
    )
    constants = values(net.constants)
    task = {
        "constants": constants, "arrays": str(arrays), "way": job.way, "threads": cores(), "products": products, **often,
    }  # fmt: skip
    path = folder / "task.json"
    files.write_json(path, task)
    # whatever is compiled, the first process of a row compiles it anew
    fresh = {"TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor"), "MAICHONG_CACHE": str(folder / "kernels")}
    what = f"{net.name}, {job.label}" + (", first calls" if first else "")
    if job.tool == "maichong":
        tell(what)
        command = [sys.executable, "-m", "maichong.bench.own_deep", "--task", str(path)]
        return measured(command, folder / "row.json", cores(), job.tool, {**os.environ, **fresh})
    peer = PEERS[job.tool]
    python = interpreter(job.tool, tell, peer.extra)
    tell(what)
    foreign = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [python, str(SCRIPTS / peer.script), "--task", str(path)]
    return measured(command, folder / "row.json", cores(), job.tool, {**foreign, **fresh})
