"""Numbers of waveforms and receptors that no other file holds: when kernels peak, their charge, the magnesium block."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

from maichong import GABA_B, LIF, AllToAll, Alpha, BiExponential, Network, SpikeTimes
from maichong.spec.receptor_model import unblocked
from maichong.synapses.bi_exponential import peak

FINE = {"xatol": 1e-9}


def traced(
    receptor: object, dt: float, steps: int, cell: object, what: str, weight: float = 1.0, after: float = 0.0
) -> np.ndarray:
    """``what`` of a cell at the end of each step from ``after`` on; a spike arrives at 0."""
    net = Network(dt=dt)
    source = net.population("s", SpikeTimes([0.0], [0]), 1)
    net.population("n", cell, 1)
    net.project(source, "n", AllToAll(), weight=weight, receptor=receptor)
    run = net.build("reference").run(after)
    found = []
    for _ in range(steps):
        run.run(dt)
        found.append(run["n"][what][0])
    return np.array(found)


@pytest.mark.parametrize(
    ("rise", "decay", "when", "norm"),
    [(2.0, 10.0, 4.02359478, 1.86918598), (0.5, 5.0, 1.27921395, 1.43505518), (2.0, 100.0, 7.98372042, 1.10521503)],
)
def test_when_a_bi_exponential_peaks(rise: float, decay: float, when: float, norm: float) -> None:
    """The times and norms were computed with SciPy; a step that divides the time of the peak finds the weight there."""
    top = minimize_scalar(
        lambda t: -(np.exp(-t / decay) - np.exp(-t / rise)), bounds=(0, 20), method="bounded", options={"xatol": 1e-9}
    )
    assert top.x == pytest.approx(when, abs=1e-6)
    assert -1.0 / top.fun == pytest.approx(norm, abs=1e-8)
    assert peak(rise, decay) * (1 / rise - 1 / decay) == pytest.approx(1.0 / norm, abs=1e-8)
    g = traced(BiExponential(tau_rise=rise, tau_decay=decay), when / 20, 25, LIF(), "g_p0")
    assert g.argmax() == 19
    assert g[19] == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize(
    ("receptor", "charge"),
    [
        (Alpha(tau=2.0), 2.0 * np.e),
        (BiExponential(tau_rise=2.0, tau_decay=10.0), 1.86918598 * 8.0),
        (BiExponential(tau_rise=0.5, tau_decay=5.0), 1.43505518 * 4.5),
        (BiExponential(tau_rise=2.0, tau_decay=100.0), 1.10521503 * 98.0),
    ],
    ids=["alpha", "2, 10", "0.5, 5", "2, 100"],
)
def test_the_charge_of_a_spike(receptor: object, charge: float) -> None:
    """e tau for an alpha, N (tau_decay - tau_rise) for a bi-exponential: what a membrane without leak has gathered in the end."""
    net = Network(dt=5.0)
    source = net.population("s", SpikeTimes([0.0], [0]), 1)
    net.population("n", LIF(v_rest=0.0, v_r=0.0, v_th=1e6, tau_m=1e13), 1)
    net.project(source, "n", AllToAll(), weight=250.0, receptor=receptor)
    assert net.build("reference").run(2500.0)["n"]["v"][0] == pytest.approx(charge, rel=1e-8)


def test_when_the_potential_of_an_alpha_current_peaks() -> None:
    """6.650998 ms after the arrival, at 1.30006625 mV, of 100 pA on 10 ms and 250 pF: by quadrature, and by our step."""

    def v(t: float) -> float:
        return quad(lambda s: 100.0 / 250.0 * s / 2.0 * np.exp(1 - s / 2.0) * np.exp(-(t - s) / 10.0), 0, t, epsabs=1e-12)[0]

    top = minimize_scalar(lambda t: -v(t), bounds=(5, 9), method="bounded", options=FINE)
    assert top.x == pytest.approx(6.650998, abs=1e-6)
    assert -top.fun == pytest.approx(1.30006625, abs=5e-9)
    found = traced(Alpha(tau=2.0), 6.650998 / 20, 22, LIF(v_rest=0.0, v_r=0.0, v_th=1e6), "v", weight=100.0)
    assert found.argmax() == 19
    assert found[19] == pytest.approx(1.30006625, abs=5e-9)


def test_half_of_the_magnesium_block_and_the_minimum_of_the_current() -> None:
    """1 mM: half is open at -20.5253 mV, and the current g B (v - 0) is most negative at -26.9552 mV."""
    assert brentq(lambda v: float(unblocked(1.0, v, 1.0)) - 0.5, -60, 20, xtol=1e-10) == pytest.approx(-20.5253, abs=5e-5)
    lowest = minimize_scalar(lambda v: float(unblocked(1.0, v, 1.0)) * v, bounds=(-60, 0), method="bounded", options=FINE)
    assert lowest.x == pytest.approx(-26.9552, abs=5e-5)
    # from the equation of Jahr and Stevens alone
    assert np.log(1 / 3.57) / 0.062 == pytest.approx(-20.5253, abs=5e-5)


@pytest.mark.parametrize(("pulse", "when", "opened"), [(0.3, 102.17, 1.45050e-5), (85.0, 116.20, 0.39328519)])
def test_when_gaba_b_is_most_open(pulse: float, when: float, opened: float) -> None:
    """The peak between samples, by the parabola through the highest of them."""
    s = traced(GABA_B(pulse=pulse), 0.1, 250, LIF(), "s_p0", after=95.0)
    g = s**4 / (s**4 + 100.0)
    top = int(g.argmax())
    fit = np.polynomial.Polynomial.fit(95.0 + 0.1 * np.arange(top - 4, top + 7), g[top - 5 : top + 6], 2)
    assert fit.deriv().roots()[0] == pytest.approx(when, abs=0.006)
    assert g[top] == pytest.approx(opened, rel=4e-6)
