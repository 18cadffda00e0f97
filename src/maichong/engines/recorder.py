"""What a run does with what its probes see: kept in memory, or streamed to files; and the samples of weights, which it takes
itself, between two steps, so that every engine has them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong import interrupts
from maichong.engines.recording import Recording, Records, Samples, Spikes, Track, joined
from maichong.engines.streaming import Stream
from maichong.errors import NetworkError, RecordingError, brief
from maichong.network import SpikeTimes
from maichong.probes import Probe
from maichong.spec import weight_unit

if TYPE_CHECKING:
    from maichong.engines.run import Backend

FLUSH_S = 0.5
"""Wall time, roughly, for which what was recorded may wait in memory while a run streams."""


class Recorder:
    """The recordings of one run. Its probes are those of the plan, then those of weights."""

    def __init__(self, backend: Backend) -> None:
        plan = backend.plan
        self._backend, self._plan = backend, plan
        self.probes = (*plan.probes, *plan.weight_probes)
        self._readers = [self._reader(probe) for probe in plan.weight_probes]
        self._weights: list[Records] = [[] for _ in plan.weight_probes]
        self._sampled = 0
        self._flushed = 0.0
        self.stream: Stream | None = None

    def _reader(self, probe: Probe) -> Callable[[], np.ndarray]:
        chosen = None if probe.synapses is None else np.array(probe.synapses)
        return self._backend.weights_of(self._projection(probe), chosen)

    def _projection(self, probe: Probe) -> int:
        return next(k for k, entry in enumerate(self._plan.projections) if entry.name == probe.projection)

    def until_sample(self) -> int | None:
        """The steps to the next sample of a weight; None where there is none to come."""
        step = self._backend.step
        due = []
        for probe in self._plan.weight_probes:
            first, last = probe.interval(self._plan.dt)
            every = probe.steps(self._plan.dt)
            following = (max(step, first) // every + 1) * every
            if following <= last:
                due.append(following - step)
        return min(due, default=None)

    def look(self, full: bool = False) -> None:
        """Sample the weights that are due now, once; while streaming, write what has waited long, or is ``full``."""
        with interrupts.deferred(unless_watched=True) as interrupted:
            self._sample()
            if self.stream and (full or time.monotonic() - self._flushed > FLUSH_S):
                self._write(self.stream)
        if interrupted():
            raise KeyboardInterrupt

    def _sample(self) -> None:
        step = self._backend.step
        if step == self._sampled:
            return
        self._sampled = step
        for probe, read, pieces in zip(self._plan.weight_probes, self._readers, self._weights, strict=True):
            first, last = probe.interval(self._plan.dt)
            if step % probe.steps(self._plan.dt) == 0 and first < step <= last:
                pieces.append((np.array([step]), read()[None]))

    def restored(self) -> None:
        """The run was put at another time: what is due there was sampled there."""
        self._sampled = self._backend.step

    def _write(self, stream: Stream) -> None:
        records = [self._records(k) for k in range(len(self.probes))]
        pieces = [joined(pieces) for pieces in records]
        if any(stamps.size for stamps, _ in pieces) or stream.t != self._now:
            stream.append(((stamps * self._plan.dt, values) for stamps, values in pieces), self._now)
            for known in records:
                known.clear()
        self._flushed = time.monotonic()

    @property
    def _now(self) -> float:
        return self._backend.step * self._plan.dt

    def _records(self, k: int) -> Records:
        own = k - len(self._plan.probes)
        return self._weights[own] if own >= 0 else self._backend.records(k)

    def recorded(self, probe: object) -> Spikes | Samples:
        """What one probe saw."""
        for k, known in enumerate(self.probes):
            if isinstance(probe, Probe) and known == probe and probe.what != "counts":
                return self._data(k)
        raise NetworkError("run", "has no recording of this probe", brief(probe))

    def _data(self, k: int) -> Spikes | Samples:
        self.look(full=True)
        if self.stream:
            times, values = self.stream.data(k)
        else:
            stamps, values = joined(self._records(k))
            times = stamps * self._plan.dt
            if not stamps.size and self.probes[k].what != "spikes":
                values = np.zeros((0, len(self._facts()[k].chosen)))
        if self.probes[k].what == "spikes":
            return Spikes(times, values.astype(np.int64, copy=False))
        return Samples(times, values)

    def recording(self) -> Recording:
        """All recordings, with what is needed to read them."""
        tracks = [
            self._track(probe, self._data(k)) for k, probe in enumerate(self.probes) if probe.what != "counts"
        ]  # fmt: skip
        return Recording(self._now, self._plan.dt, tuple(tracks))

    def _track(self, probe: Probe, data: Spikes | Samples) -> Track:
        if probe.projection is not None:
            entry = self._plan.projections[self._projection(probe)]
            words = " + ".join(repr(part) for part in (entry.projection.receptor, *entry.rules))
            return Track(probe, entry.size, words, weight_unit(entry.projection.receptor), data)
        population = self._plan.network.populations[probe.population]
        if isinstance(population.model, SpikeTimes):
            return Track(probe, population.n, "SpikeTimes", "ms", data)
        words = " + ".join(repr(part) for part in (population.model, *population.plasticity))
        places = self._plan.populations[self._plan.index(probe.population)].places
        return Track(probe, population.n, words, places[probe.what].unit if probe.what in places else "ms", data)

    def _facts(self) -> list[Track]:
        nothing = Spikes(np.zeros(0), np.zeros(0, np.int64))
        return [self._track(probe, nothing) for probe in self.probes]

    def begin(self, folder: Path) -> None:
        """Stream to ``folder`` from now on; what was recorded so far goes there first."""
        if self.stream:
            raise RecordingError("run.stream", "the run streams already", str(self.stream.folder))
        self.stream = Stream.begin(folder, self._plan.dt, self._facts())
        self.look(full=True)

    # what a checkpoint keeps ---------------------------------------------------------------------------------------------

    def save(self) -> tuple[dict[str, Any] | None, dict[str, np.ndarray]]:
        """The extent of the stream, on the disk by now, or None and all that was recorded."""
        self.look(full=True)
        if self.stream:
            self.stream.sync()
            return {"folder": str(self.stream.folder.absolute()), **self.stream.extent()}, {}
        arrays = {}
        for k in range(len(self.probes)):
            stamps, values = joined(self._records(k))
            arrays |= {f"record/{k}/stamps": stamps, f"record/{k}/values": values}
        return None, arrays

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put back what ``save`` gave as arrays."""
        for k in range(len(self.probes)):
            self._records(k)[:] = [(arrays[f"record/{k}/stamps"], arrays[f"record/{k}/values"])]
        self.restored()

    def carry_on(self, folder: Path, known: Mapping[str, Any]) -> None:
        """Go on with the stream that ``save`` told of, cut back to what it had then."""
        for k in range(len(self.probes)):
            self._records(k).clear()
        self.stream = Stream.carry_on(folder, known, self._plan.dt, self._facts())
        self.restored()
