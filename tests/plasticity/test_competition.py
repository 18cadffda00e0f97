"""Winner-take-all of rates and of spikes, and the balance of excitation and inhibition, by closed forms."""

from typing import Any

import numpy as np
import pytest

from maichong import LIF, AllToAll, Escape, Exponential, Network, Oja, Poisson, VogelsSTDP
from maichong.analysis import balance
from maichong.competition import winner_take_all
from maichong.errors import MaichongError, NetworkError, ParameterError
from maichong.plasticity.layers import Layer
from maichong.plasticity.meso.winner_take_all import MutualInhibition, WinnerTakeAll


def said(kind: type[MaichongError], call: Any) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def test_the_k_largest_win_and_of_equal_ones_the_first():
    x = np.array([[0.5, 0.9, 0.5, 0.1], [3.0, 3.0, 3.0, 3.0]])
    assert WinnerTakeAll().step(x).tolist() == [[0.0, 0.9, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]]
    assert WinnerTakeAll(k=2).winners(x).tolist() == [[True, True, False, False], [True, True, False, False]]
    assert WinnerTakeAll(k=9).step(x).tolist() == x.tolist()


def test_the_soft_one_is_the_softmax_and_hard_when_cold():
    from scipy.special import softmax

    x = np.random.default_rng(0).normal(size=(5, 7))
    for temperature in (0.1, 1.0, 1e3):
        assert WinnerTakeAll(temperature=temperature).step(x) == pytest.approx(softmax(x / temperature, axis=1), rel=1e-12)
    assert WinnerTakeAll(temperature=1e-4).step(x) == pytest.approx(WinnerTakeAll().winners(x).astype(float))


def test_two_rates_have_the_eigenvalues_minus_one_plus_and_minus_w():
    for w in (0.5, 0.9, 1.1, 3.0):
        pair = MutualInhibition(w, tau=1.0)
        rest = np.full((1, 2), 1.0 / (1.0 + w))
        slopes = [
            (pair.flow(rest + step, np.ones((1, 2))) - pair.flow(rest - step, np.ones((1, 2))))[0] / 2e-6
            for step in 1e-6 * np.eye(2)
        ]
        assert np.sort(np.linalg.eigvals(np.array(slopes).T)) == pytest.approx([-1.0 - w, -1.0 + w], rel=1e-6)
        # from w = 1 on one takes all: a difference of a thousandth decides
        left, right = pair.settled([[1.001, 1.0]])[0]
        if w < 1:
            assert [left, right] == pytest.approx(np.linalg.solve([[1.0, w], [w, 1.0]], [1.001, 1.0]), rel=1e-9)
        else:
            assert [left, right] == pytest.approx([1.001, 0.0], abs=1e-9)


def test_winners_alone_learn():
    x = np.eye(4)[[0, 1]] + 0.1
    layer = Layer(Oja(eta=0.1), np.full((4, 3), 0.3) + np.array([[0.2, 0, 0], [0, 0.1, 0], [0, 0, 0], [0, 0, 0]]))
    before = layer.weight
    after = layer.step(x, WinnerTakeAll().step(x @ layer.weight)).weight
    assert (after[:, 2] == before[:, 2]).all() and (after[:, :2] != before[:, :2]).all()


def racing(k: int, drive: Any, **values: Any) -> tuple[np.ndarray, np.ndarray]:
    """The spikes of ten cells that compete, times and cells."""
    net = Network(dt=0.1, seed=2)
    cells = net.population("cells", LIF(t_ref=1.0, **values), len(drive), drive=drive)
    winner_take_all(net, cells, k=k, inhibition=20000.0, receptor=Exponential(tau=5.0))
    spikes = net.build("reference").run(200.0)["cells"].spikes
    return spikes.times, spikes.ids


@pytest.mark.parametrize("k", [1, 3])
def test_the_cells_that_are_driven_most_win_each_round(k):
    times, ids = racing(k, np.linspace(600.0, 1500.0, 10))
    rounds = np.split(np.arange(times.size), np.flatnonzero(np.diff(times) > 10.0) + 1)
    assert len(rounds) >= 4
    for mine in rounds[:-1]:
        assert sorted(ids[mine].tolist()) == list(range(10 - k, 10))


def test_noise_makes_it_soft():
    """Cells whose potentials stand still fire first with the probabilities of the softmax of their potentials."""
    v = np.repeat([[-60.0, -58.0, -56.0]], 400, axis=0).ravel()
    net = Network(dt=0.1, seed=4)
    neuron = LIF(v_rest=v, v_th=-50.0, v_r=-90.0, tau_m=1e6, t_ref=100.0, escape=Escape(rho_0="1000 Hz", delta_u="2 mV"))
    net.population("cells", neuron, v.size, init={"v": v})
    spikes = net.build("reference").run(60.0)["cells"].spikes
    first = np.full(400, -1)
    for cell in spikes.ids[np.argsort(spikes.times, kind="stable")]:
        if first[cell // 3] < 0:
            first[cell // 3] = cell % 3
    expected = WinnerTakeAll(temperature=2.0).step([[-60.0, -58.0, -56.0]])[0]
    shares = np.bincount(first[first >= 0], minlength=3) / (first >= 0).sum()
    assert shares == pytest.approx(expected, abs=3 * np.sqrt(0.25 / 400))


def test_vogels_rule_brings_balance_about():
    """Inhibition grows from nothing until it cancels excitation but for what a cell fires at 5 Hz with, by its noise."""
    net = Network(dt=0.5, seed=3)
    e, i = net.population("e", Poisson(rate=20.0), 80), net.population("i", Poisson(rate=40.0), 20)
    cells = net.population("cells", LIF(t_ref=5.0, c_m=200.0), 4)
    net.project(e, cells, AllToAll(), weight=240.0, receptor=Exponential(tau=5.0))
    rule = VogelsSTDP(eta=-2.0, alpha=0.2, w_min=-4000.0, w_max=0.0)
    net.project(i, cells, AllToAll(), weight=0.0, receptor=Exponential(tau=10.0), plasticity=rule, name="inhibition")
    for name in ("e->cells.g", "inhibition.g"):
        net.probe("cells", name, every=1.0)
    net.probe("cells", "spikes")
    run = net.build("reference").run(4000.0)
    excitation, inhibition = (run["cells"].samples(name).values for name in ("e->cells.g", "inhibition.g"))
    first, last = balance(excitation[:100], inhibition[:100]), balance(excitation[3000:], inhibition[3000:])
    assert (first.residual > 0.7).all()
    assert (last.residual < 0.25).all()
    assert np.abs(1.0 - last.ratio) == pytest.approx(last.residual, abs=1e-12)
    times = run["cells"].spikes.times
    assert (times < 100.0).sum() / 0.4 > 100.0
    assert 3.0 < (times > 3000.0).sum() / 4.0 < 12.0  # alpha / (2 tau) = 5 Hz, and a little above


def test_balance_of_known_currents():
    e = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 2.0]])
    found = balance(e, -np.array([[3.0, 1.0], [1.0, 2.0], [2.0, 3.0]]))
    assert found.ratio == pytest.approx([1.0, 1.0])
    assert found.residual == pytest.approx([0.0, 0.0])
    assert found.correlation[0] == pytest.approx(-1.0) and np.isnan(found.correlation[1])
    assert np.isnan(balance(0.0 * e, e).ratio).all()


BAD = [
    (ParameterError, lambda: WinnerTakeAll(k=0), "WinnerTakeAll.k: must be a whole number >= 1 (got 0)"),
    (ParameterError, lambda: WinnerTakeAll(temperature=0.0), "WinnerTakeAll.temperature: must be > 0, or None (got 0.0)"),
    (
        ParameterError,
        lambda: WinnerTakeAll(k=2, temperature=1.0),
        "must be 1 with a temperature, which shares one win out (got 2)",
    ),
    (ParameterError, lambda: WinnerTakeAll().step([1.0]), "must get finite activities [batch, n] (got an array of shape [1])"),
    (ParameterError, lambda: WinnerTakeAll().step("no"), "must get activities [batch, n] (got 'no')"),
    (ParameterError, lambda: MutualInhibition(-1.0), "MutualInhibition.w: must be >= 0 (got -1.0)"),
    (ParameterError, lambda: MutualInhibition(1.0, tau=0.0), "MutualInhibition.tau: must be > 0 ms (got 0.0)"),
    (
        ParameterError,
        lambda: balance([[1.0]], [[1.0]]),
        "balance, excitation: must be finite, [samples, n], of two samples or more",
    ),
    (
        ParameterError,
        lambda: balance([[1.0], [-1.0]], [[1.0], [1.0]]),
        "balance, excitation: must be of one sign (got -1 to 1)",
    ),
    (ParameterError, lambda: balance("no", [[1.0], [1.0]]), "balance, excitation: must be an array [samples, n] (got 'no')"),
    (
        ParameterError,
        lambda: balance(np.ones((3, 2)), np.ones((3, 1))),
        "must get arrays of one shape [samples, n] (got [3, 2] and [3, 1])",
    ),
]


@pytest.mark.parametrize(("kind", "call", "message"), BAD, ids=[message[:40] for *_, message in BAD])
def test_what_is_refused(kind, call, message):
    assert message in said(kind, call)


def test_what_cannot_compete():
    net = Network()
    net.population("noise", Poisson(rate=5.0), 3)
    net.population("cells", LIF(), 3)
    assert said(NetworkError, lambda: winner_take_all(net, "noise")) == (
        "winner_take_all: needs neurons of the network to compete (got 'noise')"
    )
    assert "k: must be a whole number from 1 to 3, the number of cells (got 4)" in said(
        NetworkError, lambda: winner_take_all(net, "cells", k=4)
    )
    assert "inhibition: must be a positive number (got -1.0)" in said(
        NetworkError, lambda: winner_take_all(net, "cells", inhibition=-1.0)
    )
