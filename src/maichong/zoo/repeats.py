"""Many small trainings, one after another: halves of a table to learn and to test on, and a checkpoint after each training."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from maichong import files
from maichong.data import Table
from maichong.errors import CheckpointError
from maichong.zoo.protocol import Context

Outcome = Mapping[str, Any]
"""Figures of one training, as JSON can hold them."""


def repeated(context: Context, stage: str, keys: Sequence[str], run: Callable[[int], Outcome]) -> tuple[list[Outcome], float]:
    """What ``run(k)`` finds for each of ``keys``, in order, and the seconds that all took; what was found before is kept.

    After each the checkpoint is written; Ctrl-C is heard between two of them, and then ``context.interrupted()`` is raised.
    """
    found: dict[str, Outcome] = {}
    spent = 0.0
    if context.checkpoint.exists():
        state, _ = files.read_bundle(context.checkpoint)
        if not isinstance(state, dict) or not {"found", "spent"} <= state.keys():
            raise CheckpointError(str(context.checkpoint), "must hold finished trainings", "something else")
        found, spent = state["found"], state["spent"]
    for k, key in enumerate(keys):
        if context.stopping:
            raise context.interrupted()
        if key not in found:
            begun = time.perf_counter()
            found[key] = run(k)
            spent += time.perf_counter() - begun
            files.write_bundle(context.checkpoint, {"found": found, "spent": spent})
        context.tell(stage=stage, done=k + 1, total=len(keys))
    return [found[key] for key in keys], spent


def halves(table: Table, seed: int, split: int, validate: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of samples to learn and to test on: two halves, drawn by ``seed`` and ``split``, of each class its share.

    With ``validate``, so many samples of the first half are what is tested on, and the second half is not touched.
    """
    drawn = table.draw(len(table.y) // 2, seed=1000 * seed + split)
    train, test = np.flatnonzero(drawn), np.flatnonzero(~drawn)
    if not validate:
        return train, test
    first_half = Table(name=table.name, x=table.x[train], y=table.y[train], features=table.features, classes=table.classes)
    held = first_half.draw(validate, seed=1000 * seed + split)
    return train[~held], train[held]
