"""AdaptiveLIF against its interspike sequence in closed form (equations.md 1.4, ALIF)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from maichong import AdaptiveLIF, Network

RI, THETA_0, JUMP, TAU_A, TAU_M = 2.0, 1.0, 0.1, 200.0, 20.0
FIRST = [13.86294, 15.80204, 17.73646, 19.62387, 21.42082]  # [N]
STEADY = 31.5060698  # [N]


def cell(dt: float) -> Network:
    net = Network(dt=dt)
    model = AdaptiveLIF(tau_m=TAU_M, c_m=TAU_M, v_rest=0.0, v_r=0.0, v_th=THETA_0, tau_a=TAU_A, delta_a=JUMP)
    net.population("n", model, 1, drive=RI)
    return net


def distance(t: float, a: float) -> float:
    """How far v is above the threshold, t ms after a reset that left the adaptation at a."""
    return -RI * np.expm1(-t / TAU_M) - THETA_0 - a * np.exp(-t / TAU_A)


def sequence(n: int, dt: float | None = None) -> list[float]:
    """The first n interspike intervals; with dt, each crossing is noticed at the next grid point."""
    a, intervals = 0.0, []
    for _ in range(n):
        t = brentq(distance, 1e-9, 200.0, args=(a,), xtol=1e-13)
        if dt is not None:
            t = np.ceil(t / dt) * dt
        a = a * np.exp(-t / TAU_A) + JUMP
        intervals.append(t)
    return intervals


def test_the_judge_itself() -> None:
    """The interval equation gives the printed numbers."""
    assert sequence(5) == pytest.approx(FIRST, abs=5e-6)
    assert sequence(200)[-1] == pytest.approx(STEADY, abs=5e-8)


@pytest.mark.parametrize("dt", [0.5, 0.1, 0.02])
def test_intervals_are_the_closed_forms_noticed_on_the_grid(engine: str, dt: float) -> None:
    times = cell(dt).build(engine).run(120.0)["n"].spikes.times
    steps = np.rint(np.diff(times, prepend=0.0) / dt).astype(int)
    wanted = np.rint(np.array(sequence(steps.size, dt)) / dt).astype(int)
    assert steps.size >= 6
    assert steps.tolist() == wanted.tolist()
    # each spike comes less than dt late, which shortens the next wait by less than it was late
    assert np.abs(steps[:5] * dt - FIRST).max() < dt


def test_the_sequence_tends_to_the_printed_one_as_dt_falls() -> None:
    errors = []
    for dt in (0.1, 0.01, 0.001):
        times = cell(dt).build("events").run(100.0)["n"].spikes.times
        errors.append(np.abs(np.diff(times, prepend=0.0)[:5] - FIRST).max())
        assert errors[-1] < dt
    assert errors[2] < errors[1] < errors[0]


def test_the_steady_interval(engine: str) -> None:
    """After 12 tau_a the interval is the root of RI (1 - e^(-T/tau_m)) = theta_0 + delta e^(-T/tau_a) / (1 - e^(-T/tau_a))."""
    dt = 0.2 if engine == "reference" else 0.01
    late = [t for t in cell(dt).build(engine).run(3600.0)["n"].spikes.times if t > 2400.0]
    mean = (late[-1] - late[0]) / (len(late) - 1)
    assert abs(mean - STEADY) < dt


def test_the_adaptation_decays_exactly(engine: str) -> None:
    """a(t) = 0.1 e^(-(t - t_1)/200) after the first spike."""
    run = cell(0.1).build(engine).run(20.0)
    (first,) = run["n"].spikes.times
    assert run["n"]["a"][0] == pytest.approx(JUMP * np.exp(-(20.0 - first) / TAU_A), abs=1e-14)


def test_single_precision_keeps_the_sequence() -> None:
    """float32 moves v by 1e-6 or so; the threshold is approached at 0.02 per ms or faster, so that an interval moves by a step."""
    dt = 0.1
    times = cell(dt).build("events", precision="float32").run(120.0)["n"].spikes.times
    assert times.size >= 6
    assert np.abs(np.diff(times, prepend=0.0) - sequence(times.size, dt)).max() < 1.5 * dt
