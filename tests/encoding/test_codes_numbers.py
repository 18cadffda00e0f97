"""Codes against the check values of equations.md 4, closed forms, and what their papers say of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import firwin

from maichong import LIF, AdEx, Izhikevich, Network
from maichong.encoding import (
    BSA,
    HSA,
    BurstCode,
    DelayCode,
    EventCamera,
    LatencyPhase,
    LIFLatency,
    LinearLatency,
    LogLatency,
    MovingWindow,
    NeuronDynamics,
    RankOrder,
    RegularRate,
    SendOnDelta,
    StepForward,
    ThresholdBased,
    WeightedPhase,
)
from maichong.spec import registry

SINE = np.sin(2 * np.pi * np.arange(40) / 40)
RNG = np.random.default_rng(5)


def events(spikes) -> tuple[list[int], list[int]]:
    """The samples with events up and down, of one signal; one that has several is named as often."""
    rows = spikes.rows
    return rows[spikes.ids == 1].tolist(), rows[spikes.ids == 0].tolist()


# latencies --------------------------------------------------------------------------------------------------------------


def test_linear_latency() -> None:
    code = LinearLatency(t_max=100.0)
    assert code.encode([0.25, 0.5, 1.0]).first().tolist() == [75.0, 50.0, 0.0]
    assert code.encode([0.0]).first().tolist() == [np.inf]
    assert LinearLatency(t_max=100.0, zero_is_silent=False).encode([0.0]).first().tolist() == [100.0]
    x = RNG.random((3, 50))
    assert code.decode(code.encode(x)) == pytest.approx(x, abs=1e-12)
    # on the grid nothing is off by more than half a step
    assert np.abs(code.decode(code.encode(x).on_grid()) - x).max() <= 0.5 / 100.0 + 1e-12


def test_lif_latency() -> None:
    code = LIFLatency(tau=20.0, theta=0.2)
    assert code.encode([0.3, 0.5, 1.0]).first() == pytest.approx([21.972246, 10.216512, 4.462871], abs=5e-7)
    assert np.isinf(code.encode([0.2, 0.1, 0.0]).first()).all()
    x = np.linspace(0.21, 1.0, 80)
    assert code.decode(code.encode(x)) == pytest.approx(x, abs=1e-12)
    # the membrane itself, in fine steps, gets to the threshold when the formula says
    v, dt, t = 0.0, 1e-4, 0.0
    while v < 0.2:
        v, t = v + dt * (0.5 - v) / 20.0, t + dt
    assert code.encode(0.5).first() == pytest.approx(t, abs=1e-3)


def test_log_latency() -> None:
    code = LogLatency(alpha=1.0, tau=1.0, t_max=100.0, high=255.0)
    assert code.encode([0, 127, 255]).first() == pytest.approx([100.0, 95.147970, 94.454823], abs=5e-7)
    x = np.arange(256)
    assert code.decode(code.encode(x)) == pytest.approx(x, abs=1e-9)


def test_latency_phase_lies_on_each_neurons_grid_in_order() -> None:
    period, phase, shift = 10.0, 0.3, 2 * math.pi / 16
    code = LatencyPhase(LogLatency(), period=period, phase=phase, shift=shift)
    x = RNG.random((200, 16))
    early, late = LogLatency().encode(x).first(), code.encode(x).first()
    # cos(omega t + phase + i shift) is at its peak
    assert np.cos(2 * math.pi * late / period + phase + shift * np.arange(16)) == pytest.approx(np.ones((200, 16)), abs=1e-9)
    assert ((late >= early - 1e-7) & (late < early + period + 1e-7)).all()
    for i in range(16):
        assert (np.diff(late[np.argsort(early[:, i]), i]) >= 0).all()
    # what decodes is off by half a period at most
    again = code.latency.encode(np.clip(code.decode(code.encode(x)), 0.0, 1.0)).first()
    assert np.abs(again - early).max() <= period / 2 + 1e-6


def test_delay_moves_with_its_reference() -> None:
    x = RNG.random(30)
    at_0, at_7 = DelayCode().encode(x).first(), DelayCode(t_in=7.0).encode(x).first()
    assert at_7 == pytest.approx(at_0 + 7.0, abs=1e-12)
    assert at_0.min() >= DelayCode().dt
    assert DelayCode(t_in=7.0).decode(DelayCode(t_in=7.0).encode(x)) == pytest.approx(x, abs=1e-12)


def test_delays_on_a_grid_decode_to_values() -> None:
    code = DelayCode(d_min=1.4, d_max=51.6)
    found = code.decode(code.encode([0.0, 1.0]).on_grid())
    assert found.tolist() == [0.0, 1.0]  # 1 ms and 52 ms lie beyond both delays


def test_rank_order() -> None:
    x = np.array([[0.2, 0.9, 0.5, 0.9], [0.0, 0.1, 0.2, 0.3]])
    code = RankOrder(mod=0.5)
    assert code.encode(x).first().tolist() == [[3.0, 0.0, 2.0, 1.0], [np.inf, 2.0, 1.0, 0.0]]
    assert code.decode(code.encode(x))[0].tolist() == [0.125, 1.0, 0.25, 0.5]
    # the table of ranks is the mean of the sorted samples, and gives values of one distribution back but for its sampling
    samples = RNG.random((4000, 20))
    fitted = code.fitted(samples)
    assert fitted.profile == pytest.approx(np.arange(20, 0, -1) / 21, abs=0.01)  # order statistics of uniform numbers
    assert np.isinf(RankOrder(threshold=0.3).encode(x).first()).sum() == 5


# phases, rates ----------------------------------------------------------------------------------------------------------


def test_weighted_phase() -> None:
    code = WeightedPhase()
    assert "".join(map(str, code.encode(0.640625).dense())) == "10100100"
    assert code.decode(code.encode(0.640625)) == 0.640625
    assert code.decode(code.encode(1.0)) == 255 / 256
    exact = np.arange(256) / 256
    assert (code.decode(code.encode(exact)) == exact).all()
    x = RNG.random(1000) * 255 / 256
    assert np.abs(code.decode(code.encode(x)) - x).max() <= 2.0**-9
    assert WeightedPhase(cycles=3).decode(WeightedPhase(cycles=3).encode(exact)) == pytest.approx(exact, abs=1e-15)


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.999, 1.0])
def test_regular_spikes_are_those_of_the_accumulator(phase: float) -> None:
    p = np.array([0.0, 0.125, 0.25, 0.5, 0.75, 0.875, 1.0])  # sums without rounding
    acc, rows = np.full(p.size, phase), []
    for _ in range(64):
        acc = np.where(p > 0, acc + p, 0.0)
        rows.append(acc >= 1.0)
        acc = acc - rows[-1]
    code = RegularRate(rate=1000.0, steps=64, phase=phase)
    assert code.encode(p).dense().tolist() == np.array(rows, np.uint8).tolist()


def test_regular_counts() -> None:
    assert "".join(map(str, RegularRate(rate=1000.0, steps=10).encode(0.3).dense())) == "0001001001"
    x = RNG.random(2000)
    counts = RegularRate(rate=400.0, steps=250).encode(x).counts()
    assert (counts == np.floor(0.4 * x * 250 + 1e-9)).all()
    code = RegularRate(rate=1000.0, steps=100)
    assert np.abs(code.decode(code.encode(x)) - x)[x > 0.01].max() <= 0.5 / 100 + 1e-9
    # scattered phases: the counts of equal values differ by one, and their mean is p N
    counts = RegularRate(rate=1000.0, steps=10, scattered=True, seed=2).encode(np.full(4000, 0.33)).counts()
    assert set(counts.tolist()) == {3, 4}
    assert counts.mean() == pytest.approx(3.3, abs=4 * math.sqrt(0.3 * 0.7 / 4000))


def test_burst_counts_and_intervals() -> None:
    code = BurstCode(n_max=5, t_min=2.0, t_max=100.0)
    x = np.linspace(0.0, 1.0, 401)
    spikes = code.encode(x)
    assert (spikes.counts() == np.ceil(5 * x - 1e-9)).all()
    assert np.diff(spikes.times[spikes.ids == 400]).tolist() == [2.0] * 4
    for k in (120, 250, 333):
        assert np.diff(spikes.times[spikes.ids == k]) == pytest.approx(np.ceil(100 - 98 * x[k] - 1e-9))
    found = code.decode(spikes)
    assert np.abs(found - x)[x > 0.2].max() <= 0.5 / 98 + 1e-9  # half of what an interval of a step is worth
    assert np.abs(found - x).max() <= 0.1 + 1e-9  # one spike: up to 0.2


# filters ----------------------------------------------------------------------------------------------------------------

TAPS = np.array([0.25, 0.5, 0.25])
SMOOTH = [0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 0.25, 0.0, 0.0]
WAVE = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(100) / 50)


def snr(signal: np.ndarray, found: np.ndarray) -> float:
    return 10 * math.log10((signal**2).sum() / ((signal - found) ** 2).sum())


@pytest.mark.parametrize("code", [BSA(threshold=0.5, taps=TAPS), HSA(taps=TAPS)], ids=["BSA", "HSA"])
def test_a_filtered_train_is_found_again(code: BSA | HSA) -> None:
    spikes = code.encode(SMOOTH)
    assert "".join(map(str, spikes.dense())) == "1001010000"
    assert code.decode(spikes) == pytest.approx(SMOOTH, abs=1e-12)


@pytest.mark.parametrize(
    ("code", "count", "decibels"),
    [
        (BSA(threshold=0.9), 42, 9.299),
        (BSA(threshold=0.955), 40, 9.186),
        (HSA(), 36, 8.488),
        (HSA(threshold=0.1), 40, 8.977),
    ],
    ids=str,
)
def test_a_sine_by_filters(code: BSA | HSA, count: int, decibels: float) -> None:
    spikes = code.encode(WAVE)
    assert len(spikes) == count
    assert snr(WAVE, code.decode(spikes)) == pytest.approx(decibels, abs=5e-4)
    assert snr(WAVE, np.convolve(spikes.dense(), firwin(20, 0.1))[:100]) == pytest.approx(decibels, abs=5e-4)


@pytest.mark.parametrize("make", [lambda h: HSA(taps=h), lambda h: BSA(threshold=sum(h), taps=h)], ids=["HSA", "BSA"])
def test_spikes_whose_filters_do_not_overlap_are_found_whatever_is_rounded(make) -> None:
    """A filter without dyadic taps, once scaled and divided again: each spike is still found, and nothing else."""
    taps = [0.1, 0.3, 0.4, 0.2]
    for gap in range(4, 9):
        spikes = np.zeros(80)
        spikes[gap:76:gap] = 1.0
        signal = np.convolve(spikes, np.array(taps) * 49.0)[:80] / 49.0 - 1e-16
        assert make(taps).encode(np.maximum(signal, 0.0)).dense().tolist() == spikes.tolist()


def test_hsa_stays_below_the_signal_until_the_end_of_its_filter() -> None:
    found = HSA().decode(HSA().encode(WAVE))
    assert (found <= WAVE + 1e-12).all()


# changes ----------------------------------------------------------------------------------------------------------------


def test_send_on_delta() -> None:
    code = SendOnDelta(threshold=0.25)
    up, down = events(code.encode(SINE))
    assert (up, down) == ([2, 4, 6, 10, 35, 37, 39], [15, 17, 19, 21, 22, 24, 26, 30])
    walk = np.cumsum(RNG.normal(0.0, 0.4, (300, 4)), axis=0)  # several events at once
    for signal in (SINE, walk):
        assert np.abs(code.decode(code.encode(signal)) - signal).max() < 0.25


def test_step_forward() -> None:
    code = StepForward(threshold=0.25)
    assert events(code.encode(SINE)) == ([2, 4, 6, 37, 39], [17, 19, 21, 22, 24, 26])
    assert np.abs(code.decode(code.encode(SINE)) - SINE).max() == pytest.approx(0.25, abs=1e-12)
    # left behind by a step, it climbs a threshold a sample
    step = np.r_[np.zeros(3), np.ones(8)]
    assert code.decode(code.encode(step)).tolist() == [0, 0, 0, 0.25, 0.5, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75]


def test_threshold_based() -> None:
    code = ThresholdBased(factor=1.0)
    assert code.thresholds(SINE) == pytest.approx(0.1054593, abs=5e-8)
    up, down = events(code.encode(SINE))
    # the k-th change is that to sample k + 1
    assert [k - 1 for k in up] == [0, 1, 2, 3, 4, 35, 36, 37, 38]
    assert [k - 1 for k in down] == list(range(15, 25))
    assert code.adapted(SINE).threshold == pytest.approx(0.1054593, abs=5e-8)
    assert code.adapted(SINE).encode(SINE) == code.encode(SINE)


def test_moving_window_sees_what_leaves_the_mean() -> None:
    code = MovingWindow(threshold=0.25, window=4)
    step = np.r_[np.zeros(6), np.ones(10)]
    # the mean of the last four rises by a quarter a sample, and 1 is more than a quarter above it until it is 0.75
    assert events(code.encode(step)) == ([6, 7, 8], [])
    assert code.decode(code.encode(step)).tolist() == [0] * 6 + [0.25, 0.5] + [0.75] * 8
    slow = np.linspace(0.0, 1.0, 200)
    assert len(code.encode(slow)) == 0


def test_event_camera_marks_crossings_between_frames() -> None:
    """A pixel that gets brighter exponentially, and so along a line: its k-th event comes at k thresholds of the line."""
    frames = np.exp(0.35 * np.arange(11.0))[:, None, None] * np.ones((1, 1, 2))
    frames[:, 0, 1] = 1.0 / frames[:, 0, 1]
    spikes = EventCamera(threshold=0.1, floor=0.0, dt=10.0).encode(frames)
    assert spikes.shape == (2, 1, 2)
    expected = np.arange(1, 36) * 0.1 / 0.35 * 10.0
    assert spikes.times[spikes.ids == 2] == pytest.approx(expected, abs=1e-6)  # brighter, pixel 0
    assert spikes.times[spikes.ids == 1] == pytest.approx(expected, abs=1e-6)  # darker, pixel 1
    assert len(spikes) == 70


def test_event_camera_decodes_to_within_its_contrast() -> None:
    frames = np.clip(0.5 + np.cumsum(RNG.normal(0.0, 0.05, (60, 5, 6)), axis=0), 0.0, 1.0)
    code = EventCamera(threshold=0.1, start=0.5, floor=0.02)
    found = code.decode(code.encode(frames))
    assert np.abs(np.log(found + 0.02) - np.log(frames + 0.02)).max() < 0.1 + 1e-6
    relative = EventCamera(threshold=0.1, floor=0.02)
    ratios = (frames + 0.02) / (frames[0] + 0.02)
    assert np.abs(np.log(relative.decode(relative.encode(frames))) - np.log(ratios)).max() < 0.1 + 1e-6


def test_event_camera_is_blind_for_its_refractory_period() -> None:
    frames = np.exp(np.r_[0.0, 1.0, 1.0])[:, None]
    times = EventCamera(threshold=0.1, floor=0.0, dt=10.0, dead=2.5).encode(frames).times
    assert times == pytest.approx([1.0, 4.0, 7.0, 10.0], abs=1e-6)


def test_thresholds_of_event_cameras_differ_as_they_are_told() -> None:
    frames = np.exp(np.array([0.0, 10.0]))[:, None] * np.ones(2000)
    exact, spread = (EventCamera(threshold=0.1, floor=0.0, mismatch=m, seed=1).encode(frames).counts()[1] for m in (0.0, 0.03))
    assert (exact == 100).all()
    thresholds = 10.0 / (spread + 0.5) / 0.1
    assert thresholds.mean() == pytest.approx(1.0, abs=4 * 0.03 / math.sqrt(2000))
    assert thresholds.std() == pytest.approx(0.03, rel=0.07)


# neurons ----------------------------------------------------------------------------------------------------------------


def test_neuron_dynamics_fires_at_the_rate_of_a_lif_neuron() -> None:
    """f = 1 / (t_ref + tau ln(R I / (R I - theta))): equations.md 1.2; R = tau_m / c_m."""
    neuron = LIF(tau_m=20.0, c_m=200.0, v_rest=-65.0, v_r=-65.0, v_th=-50.0, t_ref=2.0)
    code = NeuronDynamics(neuron, offset=0.0, k=1000.0, duration=400.0, dt=0.1)
    x = np.array([0.1, 0.14, 0.2, 0.4, 0.7, 1.0])
    counts = code.encode(x).counts()
    drive = 0.1 * 1000.0 * x
    interval = 2.0 + 20.0 * np.log(drive[2:] / (drive[2:] - 15.0))
    assert counts[:2].tolist() == [0, 0]
    # each interval is rounded up to the grid
    assert np.abs(counts[2:] - 400.0 / interval).max() <= 1.0 + 0.1 * (400.0 / interval**2).max()


QUICK = ("FitzHughNagumo", "InactivatingLIF", "MetaNeuron")  # the others are run by name


@pytest.mark.parametrize(
    "neuron",
    [
        pytest.param(model.name, marks=() if model.name in QUICK else pytest.mark.slow)
        for model in registry.kinds()["neuron"]
        if model.inputs  # type: ignore[attr-defined]
    ],
)
def test_neuron_dynamics_drives_every_neuron_of_the_catalogue(neuron: str) -> None:
    spikes = NeuronDynamics(neuron, offset=0.0, k=1.0, duration=1.0, dt=0.05).encode([0.0, 1.0])
    assert (spikes.shape, spikes.steps) == ((2,), 21)


@pytest.mark.slow  # compiles
def test_neuron_dynamics_fires_when_the_network_does() -> None:
    """The same currents into the same neurons of a network, on the compiled engine."""
    neuron, x = AdEx(), np.linspace(0.5, 1.0, 5)
    net = Network(dt=0.1)
    cells = net.population("cells", neuron, 5, drive=200.0 + 900.0 * x)
    net.probe(cells)
    seen = net.build("events").run(60.0)["cells"].spikes
    spikes = NeuronDynamics(neuron, offset=200.0, k=900.0, duration=60.0).encode(x)
    assert len(spikes) > 4 and spikes.ids.tolist() == seen.ids.tolist()
    assert spikes.times == pytest.approx(seen.times, abs=1e-9)


def test_neuron_dynamics_decodes() -> None:
    code = NeuronDynamics(Izhikevich(), offset=0.0, k=20.0, duration=300.0, dt=0.25)
    x = np.linspace(0.3, 1.0, 12)
    counts = code.encode(x).counts()
    assert (np.diff(counts) >= 0).all() and counts[-1] > counts[0] > 0
    assert np.abs(code.decode(code.encode(x)) - x).max() < 0.06  # a spike more every 0.05
