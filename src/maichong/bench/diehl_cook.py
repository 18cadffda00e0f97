"""The Diehl-Cook benchmark: how fast maichong and its peers learn from the same images."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maichong.bench.environments import SCRIPTS, interpreter
from maichong.bench.process import measured
from maichong.errors import ParameterError

NAME = "diehl-cook-2015"
TITLE = "Diehl & Cook 2015, 784 inputs, 400 + 400 neurons, learning from images"

PEERS: Mapping[str, Mapping[str, Any]] = {
    "brian2": {"script": "diehl_cook_brian2.py", "extra": (), "images": 200},
    "bindsnet": {"script": "diehl_cook_bindsnet.py", "extra": ("--no-deps", "bindsnet==0.3.4"), "images": 30},
}
"""The peers of the Diehl-Cook network: the script that an interpreter of their own runs, what pip adds to its requirements, and
how many images their speed allows."""


def compare(
    against: Sequence[str] = (),
    *,
    images: int = 2000,
    neurons: int = 400,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Time the training of the Diehl-Cook network, ours and that of the peers in ``against``.

    Everything runs one after the other, each in a process of its own, on one thread. Returns ``network``, ``rows`` (one for
    each tool: version, threads, images_per_s, build_s, spikes_per_image, realtime_factor in wall seconds for a second of
    biological time, peak_rss_mib, notes; ours has first_build_s, with the compilation of kernels that were not in the cache),
    ``ratios`` (ours over theirs; above 1 we are faster) and ``ratios_without_delays``: the peers leave the paper's delays out.
    Raises EngineError where a peer cannot run.
    """
    if images < 2 or neurons < 1:
        raise ParameterError("bench", "needs at least 2 images and 1 neuron", f"{images} images, {neurons} neurons")
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "images.npz"
        np.savez(pictures, x=_pictures(images))
        rows = []
        for label, extra in (("maichong", ()), ("maichong, no delays", ("--no-delays",))):
            tell(f"{label}: {images} images")
            ours = [sys.executable, "-m", "maichong.bench.own_training"]
            # where kernels are not in the cache yet, a first process compiles them
            cold = _measure([*ours, *extra], pictures, 2, neurons, label)
            row = _measure([*ours, *extra], pictures, images, neurons, label)
            rows.append({**row, "tool": label, "first_build_s": cold["build_s"]})
        for peer in against:
            entry = PEERS[peer]
            python = interpreter(peer, tell, entry["extra"])
            count = min(images, entry["images"])
            tell(f"{peer}: {count} images")
            script = [python, str(SCRIPTS / entry["script"])]
            rows.append({**_measure(script, pictures, count, neurons, peer), "tool": peer})
    for row in rows:
        row["realtime_factor"] = 2.0 / row["images_per_s"]  # half a biological second per image
        row.setdefault("threads", 1)
    ratios, without = ({row["tool"]: ours["images_per_s"] / row["images_per_s"] for row in rows[2:]} for ours in rows[:2])
    title = f"Diehl & Cook 2015, {neurons} + {neurons} neurons, learning"
    return {"network": title, "rows": rows, "ratios": ratios, "ratios_without_delays": without}


def _pictures(images: int) -> np.ndarray:
    from maichong.data import load

    return load("mnist").x_train[:images]


def _measure(script: list[str], pictures: Path, images: int, neurons: int, tool: str) -> dict[str, Any]:
    command = [
        *script, "--images", str(pictures), "--count", str(images), "--neurons", str(neurons), "--dt", "0.5",
        "--present-ms", "350", "--rest-ms", "150", "--seed", "1",
    ]  # fmt: skip
    return measured(command, pictures.with_name("row.json"), 1, tool)
