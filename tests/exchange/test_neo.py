"""Neo: what a run recorded, judged by Elephant, carried through a NIX file, and played back as a source."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import neo
import numpy as np
import pytest
import quantities as pq
from elephant import statistics
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import correlation_coefficient

from maichong import (
    LIF,
    AllToAll,
    Delta,
    Exponential,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Uniform,
    open_recording,
)
from maichong.errors import MaichongError, ParameterError
from maichong.exchange import from_neo, to_neo

pytestmark = pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity")  # Elephant's own


def network() -> Network:
    """A source, cells that it drives and teaches, one silent cell, states and weights."""
    net = Network(dt=0.1, seed=3)
    x = net.population("x", Poisson(rate=50.0), 20)
    e = net.population("e", LIF(tau_m=20.0, c_m=200.0), 5, drive=[300.0, 250.0, 200.0, 150.0, -500.0])
    rule = PairSTDP(w_max=40.0)
    net.project(x, e, AllToAll(), weight=Uniform(0, 30), delay=1.5, receptor=Exponential(tau=5.0), plasticity=rule)
    net.probe("x")
    net.probe("e", cells=[4, 0, 1])
    net.probe("e", "v", every=0.5, cells=[2, 0])
    net.probe_weights("x->e", every=10.0, synapses=[99, 0])
    return net


@pytest.fixture(scope="module")
def run() -> Any:
    return network().build("events").run(300.0)


def test_every_cell_has_a_train(run: Any) -> None:
    block = to_neo(run)
    (segment,) = block.segments
    spikes = run["e"].spikes
    trains = {train.annotations["neuron"]: train for train in segment.spiketrains if train.annotations["population"] == "e"}
    assert list(trains) == [4, 0, 1]
    for neuron, train in trains.items():
        assert np.array_equal(train.magnitude, spikes.of(neuron))
        assert (train.units, train.t_start, train.t_stop) == (pq.ms, 0 * pq.ms, 300 * pq.ms)
        assert train.annotations["model"].startswith("LIF(")
    assert trains[4].size == 0 < trains[0].size
    assert len(segment.spiketrains) == 23
    assert [(group.name, len(group.spiketrains)) for group in block.groups] == [("x", 20), ("e", 3)]
    assert block.annotations["dt_ms"] == 0.1


def test_signals_keep_their_units_and_times(run: Any) -> None:
    v, weights = to_neo(run).segments[0].analogsignals
    samples = run["e"].samples("v")
    assert v.units == pq.mV
    assert np.array_equal(v.magnitude, samples.values)
    assert np.allclose(v.times.rescale("ms").magnitude, samples.times, rtol=1e-12)
    assert v.array_annotations["neuron"].tolist() == [2, 0]
    assert (v.annotations["population"], v.annotations["state"]) == ("e", "v")
    assert weights.units == pq.pA
    assert np.array_equal(weights.magnitude, run.weight_samples("x->e").values)
    assert weights.annotations["projection"] == "x->e"
    assert weights.array_annotations["synapse"].tolist() == [99, 0]
    assert weights.sampling_period == 10 * pq.ms


def test_elephant_finds_the_closed_form_of_a_driven_cell() -> None:
    """A LIF under a constant current fires every t_ref + tau ln(R I / (R I - v_th)): its CV is that of the grid."""
    net = Network(dt=0.01)
    cell = LIF(tau_m=10.0, c_m=100.0, t_ref=2.0, v_rest=-70.0, v_r=-70.0, v_th=-55.0)
    net.population("e", cell, 1, drive=200.0)
    (train,) = to_neo(net.build("events").run(2000.0)).segments[0].spiketrains
    period = 2.0 + 10.0 * np.log(20.0 / (20.0 - 15.0))
    intervals = statistics.isi(train)
    assert intervals.units == pq.ms
    assert np.allclose(intervals.magnitude, period, atol=0.01)
    assert statistics.cv(intervals) < 0.01 / period
    rate = statistics.mean_firing_rate(train).rescale("Hz")
    assert float(rate) == pytest.approx(1000.0 / period, abs=0.5)


def test_elephant_finds_poisson_trains_to_be_poisson() -> None:
    """100 trains of 20 s at 40 Hz: 800 intervals each. CV 1, Fano factor 1, no correlation, each within four standard errors."""
    net = Network(dt=0.1, seed=8)
    net.population("x", Poisson(rate=40.0), 100)
    run = net.build("events").run(20000.0)
    trains = to_neo(run).segments[0].spiketrains
    rates = [float(statistics.mean_firing_rate(train).rescale("Hz")) for train in trains]
    assert np.mean(rates) == pytest.approx(run["x"].rate(), rel=1e-12)
    assert np.mean(rates) == pytest.approx(40.0, abs=4 * np.sqrt(40.0 / 20.0 / 100))
    cv = np.mean([statistics.cv(statistics.isi(train)) for train in trains])
    assert cv == pytest.approx(1.0, abs=4 / np.sqrt(80_000) + 40.0 * 1e-4)  # an interval is at least a step: 1 - rate dt
    assert statistics.fanofactor(list(trains)) == pytest.approx(1.0, abs=4 * np.sqrt(2 / 99))
    matrix = correlation_coefficient(BinnedSpikeTrain(list(trains[:30]), bin_size=5 * pq.ms))
    off = matrix[np.triu_indices(30, 1)]
    assert abs(off.mean()) < 4 / np.sqrt(4000 * off.size)


def test_through_a_file_and_back_into_a_network(run: Any, tmp_path: Path) -> None:
    """Spikes of the source, written as NIX and read again, drive the cells to the same spikes."""
    path = tmp_path / "run.nix"
    with neo.NixIO(str(path), "ow") as io:
        io.write_block(to_neo(run))
    with neo.NixIO(str(path), "ro") as io:
        block = io.read_block()
    (segment,) = block.segments
    measured = [train for train in segment.spiketrains if train.annotations["population"] == "x"]
    assert sorted(train.annotations["neuron"] for train in measured) == list(range(20))
    measured.sort(key=lambda train: train.annotations["neuron"])
    assert np.array_equal(segment.analogsignals[0].magnitude, run["e"].samples("v").values)
    net = network()
    replayed = Network(dt=0.1, seed=3)
    x = replayed.population("x", from_neo(measured), len(measured))
    e = replayed.population("e", net.populations["e"].model, 5, drive=net.populations["e"].drive)
    known = net.projections["x->e"]
    replayed.project(
        x, e, AllToAll(), weight=known.weight, delay=known.delay, receptor=known.receptor, plasticity=known.plasticity
    )
    replayed.probe("e")
    again, first = replayed.build("events").run(300.0)["e"].spikes, run["e"].spikes
    kept = np.isin(again.ids, [4, 0, 1])
    assert np.array_equal(again.times[kept], first.times)
    assert np.array_equal(again.ids[kept], first.ids)


def test_a_streamed_recording_is_the_same_block(run: Any, tmp_path: Path) -> None:
    network().build("events").stream(tmp_path).run(300.0)
    one, other = to_neo(run).segments[0], to_neo(open_recording(tmp_path)).segments[0]
    for a, b in zip((*one.spiketrains, *one.analogsignals), (*other.spiketrains, *other.analogsignals), strict=True):
        assert np.array_equal(a.magnitude, b.magnitude)
        assert (a.units, a.t_start, a.t_stop, a.annotations) == (b.units, b.t_start, b.t_stop, b.annotations)


def test_an_interval_is_the_train_s_own() -> None:
    net = Network(dt=0.1)
    net.population("e", SpikeTimes([0.1, 0.3, 0.5, 0.7], [0, 0, 1, 0]), 2)
    net.probe("e", start=0.1, stop=0.6)
    net.probe("e", start=0.8)
    early, silent, late, _ = to_neo(net.build("reference").run(1.0)).segments[0].spiketrains
    assert np.allclose(early.magnitude, [0.3])
    assert np.allclose([early.t_start, early.t_stop, silent.t_start], [0.1, 0.6, 0.1])
    assert np.allclose([late.t_start, late.t_stop], [0.8, 1.0])


def test_samples_of_a_run_that_went_back_are_irregular() -> None:
    net = Network(dt=1.0)
    net.population("e", LIF(), 2)
    net.probe("e", "v")
    run = net.build("reference")
    start = run.snapshot()
    run.run(3.0).restore(start).run(2.0)
    segment = to_neo(run).segments[0]
    assert not segment.analogsignals
    assert segment.irregularlysampledsignals[0].times.magnitude.tolist() == [1, 2, 3, 1, 2]


def test_trains_become_a_source() -> None:
    trains = [
        neo.SpikeTrain([0.002, 0.001] * pq.s, t_stop=1.0),
        neo.SpikeTrain([], units="ms", t_stop=1.0),
        neo.SpikeTrain([1.5] * pq.ms, t_stop=9.0),
    ]
    segment = neo.Segment()
    segment.spiketrains.extend(trains)
    block = neo.Block()
    block.segments.append(segment)
    for given in (trains, tuple(trains), segment, block, segment.spiketrains):
        spikes = from_neo(given)
        assert np.allclose(spikes.times, [1.0, 1.5, 2.0])
        assert spikes.ids.tolist() == [0, 2, 0]
    assert from_neo(trains[2]).ids.tolist() == [0]
    assert from_neo([]).times.size == 0
    late = neo.SpikeTrain([120.5] * pq.s, t_start=120.0, t_stop=130.0)
    assert from_neo([late], zero=120 * pq.s).times.tolist() == from_neo([late], zero=120_000.0).times.tolist() == [500.0]


def test_what_cannot_be_exchanged_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for call, sentence in (
        (lambda: to_neo(3), "to_neo: must get a run or what open_recording gave (got 3)"),
        (lambda: from_neo([3]), "from_neo: must get neo.SpikeTrain objects, a segment or a block (got 3)"),
        (lambda: from_neo(neo.Block()), "from_neo: must get a block of one segment (got 0 segments)"),
        (
            lambda: from_neo([neo.SpikeTrain([-1.0] * pq.s, t_start=-2.0, t_stop=1.0)]),
            "from_neo, train 0: must hold no spike before zero (got -1000 ms); give its t_start, -2000, as zero",
        ),
        (lambda: from_neo([], zero=1 * pq.mV), "from_neo, zero: must be a time in ms (got array(1.) * mV)"),
        (lambda: from_neo([], zero="soon"), "from_neo, zero: must be a time in ms (got 'soon')"),
    ):
        with pytest.raises(ParameterError) as caught:
            call()
        assert str(caught.value) == sentence
    monkeypatch.setitem(sys.modules, "neo", None)
    with pytest.raises(MaichongError, match=r'needs the package neo; pip install "maichong\[exchange\]"'):
        to_neo(None)


def test_a_receptor_that_jumps_has_weights_in_mv() -> None:
    net = Network(dt=0.1)
    x, e = net.population("x", Poisson(rate=5.0), 2), net.population("e", LIF(), 2)
    net.project(x, e, OneToOne(), weight=0.5, receptor=Delta())
    net.probe_weights("x->e", every=1.0)
    (weights,) = to_neo(net.build("reference").run(2.0)).segments[0].analogsignals
    assert weights.units == pq.mV
    assert weights.magnitude.tolist() == [[0.5, 0.5]] * 2
