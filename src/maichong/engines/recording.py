"""What probes saw: spikes, and samples of states and weights; of a run, or of the folder that a run streamed to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from maichong.errors import NetworkError, brief, did_you_mean, is_one_of
from maichong.probes import WEIGHTS, Probe

Records = list[tuple[np.ndarray, np.ndarray]]
"""Pieces of a recording: stamps in steps, and what was seen at each. Exact spike times are stamps off the grid, float64."""


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
    """A recorded state: ``times`` in ms [samples] and ``values`` [samples, cells]; of weights, [samples, synapses]."""

    times: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Track:
    """What one probe saw, with all that is needed to read it: how many neurons its population has, or synapses its projection,
    the model in words, and the unit of ``data``: "ms" for spikes, that of the values for samples."""

    probe: Probe
    n: int
    model: str
    unit: str
    data: Spikes | Samples = field(compare=False)

    @property
    def chosen(self) -> tuple[int, ...] | range:
        """The indices of the cells or synapses that were recorded: the columns of samples."""
        given = self.probe.cells if self.probe.projection is None else self.probe.synapses
        return range(self.n) if given is None else given


@dataclass(frozen=True)
class Recording:
    """All that the probes of a run saw up to ``t`` ms, on a grid of ``dt`` ms: ``run.recording()``, ``open_recording(folder)``.

    ``recording["e"].spikes``, ``recording["e"].samples("v")`` and ``recording.weight_samples("x->e")`` are as those of the run.
    """

    t: float
    dt: float
    tracks: tuple[Track, ...]

    def __getitem__(self, population: str) -> RecordedPopulation:
        names = [track.probe.population for track in self.tracks]
        if not is_one_of(population, names):
            raise NetworkError("recording", f"has no population {brief(population)}", fix=did_you_mean(population, names))
        return RecordedPopulation(self, population)

    def weight_samples(self, projection: str) -> Samples:
        """The recorded weights of a projection; NetworkError where no probe records them."""
        return cast(Samples, self.of(weights_probe((track.probe for track in self.tracks), projection)))

    def of(self, probe: Probe) -> Spikes | Samples:
        """What one probe saw."""
        for track in self.tracks:
            if track.probe == probe:
                return track.data
        raise NetworkError("recording", "holds nothing of this probe", brief(probe))


@dataclass(frozen=True)
class RecordedPopulation:
    """One population of a recording."""

    recording: Recording
    name: str

    @property
    def spikes(self) -> Spikes:
        """The recorded spikes; NetworkError where no probe recorded them."""
        return cast(Spikes, self._of("spikes"))

    def samples(self, state: str) -> Samples:
        """A recorded state; NetworkError where no probe recorded it."""
        return cast(Samples, self._of(state))

    def _of(self, what: str) -> Spikes | Samples:
        return self.recording.of(probe_for((track.probe for track in self.recording.tracks), self.name, what))


def probe_for(probes: Iterable[Probe], population: str, what: str) -> Probe:
    """The first probe that records ``what`` of a population, also by a short name; NetworkError where none or several do."""
    mine = [probe for probe in probes if probe.population == population and probe.projection is None]
    for probe in mine:
        if is_one_of(what, (probe.what,)):
            return probe
    alike = {probe.what: probe for probe in reversed(mine) if isinstance(what, str) and probe.what.endswith(f".{what}")}
    if len(alike) == 1:
        return next(iter(alike.values()))
    if alike:
        fix = f"give one of {', '.join(sorted(alike))}"
        raise NetworkError(f"population {population!r}", f"{what} of {len(alike)} things was recorded", fix=fix)
    said = what if isinstance(what, str) else brief(what)
    raise NetworkError(
        f"population {population!r}", f"its {said} were not recorded",
        fix=f"add net.probe({population!r}, {brief(what)}) before build",
    )  # fmt: skip


def weights_probe(probes: Iterable[Probe], projection: str) -> Probe:
    """The first probe that records the weights of a projection; NetworkError where none does."""
    for probe in probes:
        if probe.what == WEIGHTS and is_one_of(projection, (probe.projection,)):
            return probe
    raise NetworkError(
        f"projection {brief(projection)}", "its weights were not recorded",
        fix=f"add net.probe_weights({brief(projection)}, every=...) before build",
    )  # fmt: skip


def joined(records: Records) -> tuple[np.ndarray, np.ndarray]:
    """All pieces of a recording as one, and kept as one for the next call."""
    records[:] = [piece for piece in records if piece[0].size]
    if not records:
        return np.zeros(0, np.int64), np.zeros(0)
    if len(records) > 1:
        records[:] = [(np.concatenate([s for s, _ in records]), np.concatenate([v for _, v in records]))]
    stamps, values = records[0]
    if stamps.dtype.kind == "f" and (stamps[1:] < stamps[:-1]).any():
        # within a step spikes come by neuron; what is joined later lies behind them
        order = np.argsort(stamps, kind="stable")
        records[:] = [(stamps[order], values[order])]
    return records[0]
