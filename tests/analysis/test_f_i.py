"""f-I curves and onsets against closed forms, and the numbers of equations.md 1.2, 1.5, 1.9 and 1.15."""

from __future__ import annotations

import numpy as np
import pytest
import third_party as third

from maichong import IF, LIF, Izhikevich
from maichong.analysis import f_i_curve, firing_range, onset
from maichong.errors import MaichongError


def test_lif() -> None:
    """1.2: 376 -> 16.3143, 400 -> 33.6407, 500 -> 63.0400, 1000 -> 149.2529 Hz, and nothing up to 375 pA."""
    short = {"duration": 200.0, "discard": 50.0, "engine": "reference"}
    curve = f_i_curve(LIF(t_ref=2.0, spike_times="exact"), [0.0, 374.0, 376.0, 400.0, 500.0, 1000.0], **short)
    assert curve.rates == pytest.approx([0, 0, 16.3143, 33.6407, 63.0400, 149.2529], abs=5e-5)
    assert curve.first_rates[2:] == pytest.approx(curve.rates[2:])  # nothing adapts
    assert np.isnan(curve.first_rates[:2]).all()


def test_low_rates_are_seen_where_two_spikes_are_all_there_is() -> None:
    """IF: C (v_th - v_r) / I = 3750 / I ms, one interval in 200 ms."""
    curve = f_i_curve(IF, [20.0, 40.0], duration=400.0, discard=200.0, engine="reference")
    assert curve.rates == pytest.approx([1000 * 20 / 3750, 1000 * 40 / 3750], rel=1e-3)


def test_quadratic_neuron() -> None:
    """1.5: RI = 5 -> an interval of 103.7455452 ms."""
    curve = f_i_curve(third.QIF(integrator="rk4"), [2.0, 5.0], dt=0.1, duration=600.0, engine="reference")
    assert curve.rates[0] == 0.0
    assert 1000 / curve.rates[1] == pytest.approx(103.7455452, abs=0.1)


def test_onset_of_the_lif() -> None:
    """Rheobase c_m (v_th - v_rest) / tau_m = 375 pA; near it T = tau_m ln(15 / (15 - 375 / I * 15)) + ..., class I."""
    found = onset(LIF, 300.0, 500.0)
    assert found.current == pytest.approx(375.0, abs=1e-3)
    assert found.kind == "I"
    current = np.array(found.currents)
    assert 1000 / np.array(found.rates) == pytest.approx(-10 * np.log1p(-375 / current), abs=0.11)


def test_classes_of_izhikevich() -> None:
    """Rows G and H of his figure, class 1 excitable and class 2 excitable."""
    first = onset(Izhikevich(a=0.02, b=-0.1, c=-55.0, d=6.0, k1=4.1, k0=108.0, integrator="rk4"), 0.0, 30.0)
    second = onset(Izhikevich(a=0.2, b=0.26, c=-65.0, d=0.0, integrator="rk4"), -0.5, 3.0)
    assert (first.kind, second.kind) == ("I", "II")
    assert second.current < 0.4  # below its Hopf point: there rest and firing are both stable


def test_classes_of_morris_lecar() -> None:
    """1.15: type II jumps, below its Hopf point at 93.8576; type I begins at its saddle-node, 39.963, at any low rate."""
    second = onset(third.ML(integrator="rk4"), 40.0, 140.0, dt=0.2)
    assert second.kind == "II" and second.current < 93.86
    first = onset(third.ML(g_ca=4.0, phi=0.0667, v3=12.0, v4=17.4, integrator="rk4"), 20.0, 80.0, dt=0.2)
    assert first.kind == "I" and 39.963 < first.current < 40.02


@pytest.mark.slow
def test_hodgkin_huxley() -> None:
    """1.9: a step from rest fires for good from 6.3 on, not at 6.2; ISI 14.6362 ms at 10 and 11.5647 at 20; class II."""
    found = onset(third.HH(integrator="rk4"), 0.0, 20.0, dt=0.02, duration=500.0)
    assert 6.2 < found.current < 6.3 and found.kind == "II"
    curve = f_i_curve(third.HH(integrator="rk4"), [6.2, 10.0, 20.0], dt=0.01, duration=500.0)
    assert curve.rates[0] == 0.0
    assert 1000 / curve.rates[1:] == pytest.approx([14.6362, 11.5647], abs=2e-3)


def test_ranges_reach_from_silence_to_firing() -> None:
    for model, rheobase in ((LIF, 375.0), (Izhikevich, 4.0)):
        low, high = firing_range(model)
        curve = f_i_curve(model, [low, high])
        assert curve.rates[0] == 0.0 < curve.rates[1]
        assert low < rheobase < high < 4 * rheobase


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: f_i_curve(3, [1.0]), "f_i_curve: must get a neuron"),
        (lambda: f_i_curve(LIF, "x"), "f_i_curve, currents: must be numbers in pA (got 'x')"),
        (lambda: f_i_curve(LIF, []), "f_i_curve, currents: must be a list of finite numbers (got [])"),
        (lambda: f_i_curve(LIF, [1.0], discard=10, duration=5), "f_i_curve, discard: must be >= 0 ms and below duration"),
        (lambda: onset(LIF, 500, 400), "onset, low: must lie below high"),
        (lambda: onset(LIF, 400, 500), "onset, LIF: must be silent at low (got it fires at 400 pA); begin lower"),
        (lambda: onset(LIF, 0, 100), "onset, LIF: must fire at high (got it is silent up to 100 pA); go higher"),
        (lambda: onset(3, 0, 1), "onset: must get a neuron with an input"),
        (lambda: firing_range(LIF(v_th=1e9)), "firing_range, LIF: fires under no constant current"),
    ],
)
def test_messages(call: object, sentence: str) -> None:
    with pytest.raises(MaichongError) as error:
        call()  # type: ignore[operator]
    assert str(error.value).startswith(sentence)
