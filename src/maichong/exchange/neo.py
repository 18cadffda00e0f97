"""Recordings to and from Neo, the field's common form of spike trains and signals, and so to Elephant, NIX and NWB.

Garcia et al. 2014, Neo: an object model for handling electrophysiology data in multiple formats, doi:10.3389/fninf.2014.00010.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from maichong import __version__
from maichong.errors import MaichongError, ParameterError, brief
from maichong.network import SpikeTimes


def to_neo(source: Any) -> Any:
    """A run, or a recording that was streamed, as a ``neo.Block`` of one segment.

    Each recorded cell becomes a SpikeTrain in ms, also one that never fired, from the start of its recording to its end, with
    the annotations ``population``, ``neuron`` (its index) and ``model``; the trains of a population stand in a Group of its
    name. Samples become AnalogSignals [samples, cells] in the state's own unit, with the annotations ``population``, ``state``
    and ``model``, and for each channel the ``neuron``; those of weights say ``projection`` and, for each channel, ``synapse``.
    Everything is copied.

    Raises ParameterError for what is neither a run nor a recording, MaichongError where Neo is not installed.

    >>> from maichong import LIF, Network
    >>> from maichong.exchange import to_neo
    >>> net = Network(dt=0.1)
    >>> _ = net.population("e", LIF(tau_m=10.0), 2, drive=1000.0)
    >>> segment = to_neo(net.build("reference").run(20.0)).segments[0]
    >>> train = segment.spiketrains[1]
    >>> train.annotations["population"], train.annotations["neuron"], float(train.t_stop), train.units.dimensionality.string
    ('e', 1, 20.0, 'ms')
    """
    neo = _neo("to_neo")
    recording = source.recording() if callable(getattr(source, "recording", None)) else source
    if not all(hasattr(recording, name) for name in ("t", "dt", "tracks")):
        raise ParameterError("to_neo", "must get a run or what open_recording gave", brief(source))
    block = neo.Block(name="maichong", maichong_version=__version__, dt_ms=recording.dt)
    segment = neo.Segment(name="run")
    block.segments.append(segment)
    for track in recording.tracks:
        if track.probe.what == "spikes":
            trains = _trains(track, recording.t)
            segment.spiketrains.extend(trains)
            group = neo.Group(name=track.probe.population, population=track.probe.population, model=track.model)
            group.spiketrains.extend(trains)  # all at once: given one by one, each is compared with all before
            block.groups.append(group)
        elif track.probe.what != "counts":
            signal = _signal(track)
            (segment.analogsignals if isinstance(signal, neo.AnalogSignal) else segment.irregularlysampledsignals).append(
                signal
            )
    block.check_relationships()
    return block


def from_neo(trains: Any, zero: Any = 0.0, *, exact: bool = False) -> SpikeTimes:
    """Spike trains as a source for a network: cell k fires when ``trains[k]`` does.

    ``trains`` is a list of ``neo.SpikeTrain``, or a segment, or a block of one segment; ``zero`` is the time on their clock, in ms
    or as a quantity, that becomes t = 0: use it where a recording starts late. With ``exact`` the spikes keep their times off the
    grid, as SpikeTimes says. The population that fires so has as many cells as there are trains. Raises ParameterError for anything
    else, and for spikes before ``zero``.

    >>> import neo
    >>> from maichong import Network
    >>> from maichong.exchange import from_neo
    >>> trains = [neo.SpikeTrain([1.0, 4.0], units="s", t_stop=5.0), neo.SpikeTrain([2.5], units="s", t_stop=5.0)]
    >>> spikes = from_neo(trains)
    >>> spikes.times, spikes.ids
    (array([1000., 2500., 4000.]), array([0, 1, 0]))
    >>> _ = Network(dt=0.1).population("measured", spikes, len(trains))
    """
    neo = _neo("from_neo")
    if isinstance(trains, neo.Block):
        if len(trains.segments) != 1:
            fix = "give one of block.segments" if trains.segments else None
            raise ParameterError("from_neo", "must get a block of one segment", f"{len(trains.segments)} segments", fix)
        trains = trains.segments[0]
    if isinstance(trains, neo.Segment):
        trains = trains.spiketrains
    chosen = list(trains) if isinstance(trains, (Sequence, neo.core.spiketrainlist.SpikeTrainList)) else [trains]
    for train in chosen:
        if not isinstance(train, neo.SpikeTrain):
            raise ParameterError("from_neo", "must get neo.SpikeTrain objects, a segment or a block", brief(train))
    begin = _in_ms(zero)
    times = [np.asarray(train.rescale("ms").magnitude, np.float64) - begin for train in chosen]
    for k, values in enumerate(times):
        if values.size and values.min() < 0:
            fix = f"give its t_start, {float(chosen[k].t_start.rescale('ms')):g}, as zero" if not begin else None
            raise ParameterError(f"from_neo, train {k}", "must hold no spike before zero", f"{values.min():g} ms", fix)
    ids = np.repeat(np.arange(len(chosen)), [values.size for values in times])
    flat = np.concatenate([np.zeros(0), *times])
    order = np.argsort(flat, kind="stable")
    return SpikeTimes(flat[order], ids[order], exact)


def _neo(where: str) -> Any:
    try:
        import neo
    except ImportError:
        raise MaichongError(where, "needs the package neo", fix='pip install "maichong[exchange]"') from None
    return neo


def _in_ms(zero: Any) -> float:
    import quantities as pq

    try:
        time = float(zero.rescale("ms")) if isinstance(zero, pq.Quantity) else float(zero)
    except (TypeError, ValueError, OverflowError):
        time = np.nan
    if not np.isfinite(time):
        raise ParameterError("from_neo, zero", "must be a time in ms", brief(zero))
    return time


def _trains(track: Any, t: float) -> list[Any]:
    """One SpikeTrain for each recorded cell."""
    import neo
    import quantities as pq

    spikes, probe = track.data, track.probe
    order = np.argsort(spikes.ids, kind="stable")
    times, ids = np.asarray(spikes.times)[order], np.asarray(spikes.ids)[order]
    # stamps are multiples of dt, and may lie a rounding error beside the ends that were asked for
    start = min(probe.start or 0.0, times.min(initial=np.inf))
    stop = max(min(t, probe.stop if probe.stop is not None else t), start, times.max(initial=-np.inf))
    ends = {"t_start": start * pq.ms, "t_stop": stop * pq.ms}
    bounds = [np.searchsorted(ids, track.chosen, side) for side in ("left", "right")]
    return [
        neo.SpikeTrain(
            times[low:high], units="ms", **ends, name=f"{probe.population} {neuron}",
            population=probe.population, neuron=int(neuron), model=track.model,
        )
        for neuron, low, high in zip(track.chosen, *bounds, strict=True)
    ]  # fmt: skip


def _signal(track: Any) -> Any:
    """The samples of a state or of weights; at irregular times where the run went back in between."""
    import neo
    import quantities as pq

    probe, times, values = track.probe, np.asarray(track.data.times), np.array(track.data.values)
    about = {"population": probe.population, "model": track.model}
    if probe.projection is None:
        about |= {"state": probe.what, "array_annotations": {"neuron": np.array(track.chosen)}}
    else:
        about |= {"projection": probe.projection, "array_annotations": {"synapse": np.array(track.chosen)}}
    name = f"{probe.projection or probe.population} {probe.what}"
    try:
        units = pq.Quantity(1.0, track.unit or "dimensionless")
    except LookupError:
        units, about["unit"] = pq.Quantity(1.0, "dimensionless"), track.unit
    if times.size > 1 and not np.allclose(np.diff(times), probe.every):
        return neo.IrregularlySampledSignal(times, values, units=units, time_units="ms", name=name, **about)
    begin = times[0] if times.size else probe.every
    return neo.AnalogSignal(
        values, units=units, t_start=begin * pq.ms, sampling_period=probe.every * pq.ms, name=name, **about
    )  # fmt: skip
