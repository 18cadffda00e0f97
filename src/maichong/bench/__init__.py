"""Benchmarks: maichong and its peers on the same network, one after the other, on the user's own machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maichong.errors import EngineError, ParameterError, did_you_mean

HERE = Path(__file__).parent

PEERS: Mapping[str, Mapping[str, Any]] = {
    "brian2": {"script": "diehl_cook_brian2.py", "requirements": "brian2.txt", "extra": (), "images": 200},
    "bindsnet": {
        "script": "diehl_cook_bindsnet.py",
        "requirements": "bindsnet.txt",
        "extra": ("--no-deps", "bindsnet==0.3.4"),
        "images": 30,
    },
}
"""The peers of the Diehl-Cook network: the script that an interpreter of their own runs, what that needs, and how many images
their speed allows."""

BENCHMARKS = ("diehl-cook-2015",)


def run(
    name: str,
    against: Sequence[str] = (),
    *,
    images: int = 2000,
    neurons: int = 400,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Time the training of the Diehl-Cook network, ours and that of the peers in ``against``.

    Everything runs one after the other, each in a process of its own, on one thread. Returns ``network``, ``rows`` (one for each
    tool: version, threads, images_per_s, build_s, spikes_per_image, realtime_factor, peak_rss_mib, notes; ours has first_build_s,
    with the compilation of kernels that were not in the cache), ``ratios`` (ours over theirs; above 1 we are faster) and
    ``ratios_without_delays``: the peers leave the paper's delays out. Raises ParameterError for unknown names, EngineError where a
    peer cannot run.
    """
    if name not in BENCHMARKS:
        raise ParameterError("bench", f"there is no benchmark {name!r}", fix=did_you_mean(name, BENCHMARKS))
    for peer in against:
        if peer not in PEERS:
            raise ParameterError("bench, --against", f"there is no peer {peer!r}", fix=did_you_mean(peer, PEERS))
    if images < 2 or neurons < 1:
        raise ParameterError("bench", "needs at least 2 images and 1 neuron", f"{images} images, {neurons} neurons")
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "images.npz"
        np.savez(pictures, x=_pictures(images))
        rows = []
        for label, extra in (("maichong", ()), ("maichong, no delays", ("--no-delays",))):
            tell(f"{label}: {images} images")
            ours = ["-m", "maichong.bench.ours"]
            # where kernels are not in the cache yet, a first process compiles them
            cold = _measure(sys.executable, ours, pictures, 2, neurons, folder, extra)
            row = _measure(sys.executable, ours, pictures, images, neurons, folder, extra)
            rows.append({**row, "tool": label, "first_build_s": cold["build_s"]})
        for peer in against:
            entry = PEERS[peer]
            python = _environment(peer, entry, tell)
            tell(f"{peer}: {entry['images']} images")
            script = [str(HERE / "peers" / entry["script"])]
            rows.append({**_measure(python, script, pictures, entry["images"], neurons, folder), "tool": peer})
    for row in rows:
        row["realtime_factor"] = 2.0 * row["images_per_s"]  # half a biological second per image
        row.setdefault("threads", 1)
    ratios, without = ({row["tool"]: ours["images_per_s"] / row["images_per_s"] for row in rows[2:]} for ours in rows[:2])
    title = f"Diehl & Cook 2015, {neurons} + {neurons} neurons, learning"
    return {"network": title, "rows": rows, "ratios": ratios, "ratios_without_delays": without}


def _pictures(images: int) -> np.ndarray:
    from maichong.data import load

    return load("mnist").x_train[:images]


def _measure(
    python: str, script: list[str], pictures: Path, images: int, neurons: int, folder: str, extra: Sequence[str] = ()
) -> dict[str, Any]:
    out = Path(folder) / "row.json"
    command = [
        python, *script, "--images", str(pictures), "--count", str(images), "--neurons", str(neurons), "--dt", "0.5",
        "--present-ms", "350", "--rest-ms", "150", "--seed", "1", "--json", str(out), *extra,
    ]  # fmt: skip
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **threads}, check=False)
    if done.returncode or not out.exists():
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise EngineError("bench", f"{Path(script[-1]).name} must run to its end", last)
    row = json.loads(out.read_text())
    out.unlink()
    return row


def _environment(peer: str, entry: Mapping[str, Any], tell: Callable[[str], None]) -> str:
    """The interpreter of a peer's own virtual environment, made on first use in the user's cache folder."""
    from maichong.engines.events.emit import cache_folder

    folder = cache_folder().parent / "peers" / peer
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    ready = folder / "ready"
    if not ready.exists():
        tell(f"{peer}: making an environment of its own, once")
        venv.create(folder, with_pip=True, clear=True)
        steps = [["-r", str(HERE / "peers" / entry["requirements"])], *([list(entry["extra"])] if entry["extra"] else [])]
        for step in steps:
            done = subprocess.run(
                [str(python), "-m", "pip", "install", "-q", *step], capture_output=True, text=True, check=False
            )
            if done.returncode:
                last = (done.stderr.strip() or "no output").splitlines()[-1]
                raise EngineError(f"bench, {peer}", "must be installable with pip", last, "is there a network?")
        ready.touch()
    return str(python)
