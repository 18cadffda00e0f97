"""What a probe saw: spikes or samples of a state, as one array each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Records = list[tuple[np.ndarray, np.ndarray]]
"""Pieces of a recording: stamps in steps, and what was seen at each."""


@dataclass(frozen=True)
class Spikes:
    """Recorded spikes: ``times`` in ms, float64, and the ``ids`` of the neurons, int64, in order of time."""

    times: np.ndarray
    ids: np.ndarray

    def __len__(self) -> int:
        return int(self.times.size)

    def of(self, neuron: int) -> np.ndarray:
        """The times of one neuron's spikes in ms."""
        return self.times[self.ids == neuron]


@dataclass(frozen=True)
class Samples:
    """A recorded state: ``times`` in ms [samples] and ``values`` [samples, cells]."""

    times: np.ndarray
    values: np.ndarray


def joined(records: Records) -> tuple[np.ndarray, np.ndarray]:
    """All pieces of a recording as one, and kept as one for the next call."""
    records[:] = [piece for piece in records if piece[0].size]
    if not records:
        return np.zeros(0, np.int64), np.zeros(0)
    if len(records) > 1:
        records[:] = [(np.concatenate([s for s, _ in records]), np.concatenate([v for _, v in records]))]
    return records[0]
