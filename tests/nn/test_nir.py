"""Nets to NIR and back: the same bits after a file, NIR's own equations solved by hand, another simulator, and clear refusals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
nir = pytest.importorskip("nir")

from maichong import IF, LIF, AdaptiveLIF, Alpha, Exponential  # noqa: E402
from maichong.errors import EngineError, ParameterError  # noqa: E402
from maichong.nn import (  # noqa: E402
    Bernoulli,
    Delay,
    MeanRate,
    Pool2d,
    Recurrent,
    Repeat,
    Scale,
    Sequential,
    Spiking,
    from_nir,
    to_nir,
)

UNIT = {"tau_m": 2.3, "c_m": 1.7, "v_rest": 0.1, "v_th": 1.0, "v_r": -0.2}
Linear = torch.nn.Linear


def spiking(model: Any = None, **options: Any) -> Spiking:
    return Spiking(model or LIF(**UNIT), engine="plain", **options)


def nets() -> dict[str, tuple[Any, tuple[int, ...]]]:
    torch.manual_seed(1)
    each = LIF(**{**UNIT, "tau_m": np.linspace(1.1, 7.3, 12), "v_th": np.random.default_rng(1).uniform(0.5, 1.5, 12)})
    nn = torch.nn
    return {
        "dense": (Sequential(Linear(5, 12), spiking(), nn.Dropout(0.0), Linear(12, 12, bias=False), spiking(each)), (5,)),
        "conv": (
            Sequential(
                nn.Conv2d(2, 4, 3, stride=2, padding=1), spiking(), nn.AvgPool2d(2), nn.Conv2d(4, 6, 2, padding=1, bias=False),
                spiking(), nn.AvgPool2d(3, 1, divisor_override=1), nn.Flatten(), Linear(6, 4), spiking(),
            ), (2, 8, 8),
        ),
        "conv in 1d": (Sequential(nn.Conv1d(2, 3, 3, padding="same", dilation=2), spiking(), nn.Flatten(), Linear(27, 4)), (2, 9)),
        "synapses": (Sequential(Linear(5, 12), spiking(receptor=Exponential(tau=3.1)), Linear(12, 4), spiking()), (5,)),
        "recurrent": (Sequential(Linear(5, 12), Recurrent(12, each, engine="plain"), Linear(12, 4), spiking()), (5,)),
        "without a leak": (Sequential(Linear(5, 12), spiking(IF(c_m=3.3, v_0=0.0, v_th=1.1, v_r=-0.1)), Linear(12, 4)), (5,)),
        "recurrent synapses": (
            Sequential(Linear(5, 12), Recurrent(12, LIF(**UNIT), receptor=Exponential(tau=3.1), engine="plain")), (5,),
        ),
        "delays": (
            Sequential(
                nn.Conv2d(2, 4, 3), spiking(), Pool2d(2), Delay((4, 3, 3), np.array([0.0, 1.0, 2.0, 7.0]).reshape(4, 1, 1)),
                nn.Flatten(), Delay(36, 3.0), Linear(36, 4), spiking(),
            ), (2, 8, 8),
        ),
        "integrator": (
            Sequential(Linear(5, 12), spiking(), Scale(torch.rand(12)), spiking(LIF(**UNIT, reset="none"), outputs="v")), (5,),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", nets())
def test_a_round_trip_through_a_file_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    net, shape = nets()[name]
    with torch.no_grad():  # enough input for all layers to fire
        for parameter in net.parameters():
            parameter.abs_()
    nir.write(tmp_path / "net.nir", to_nir(net, shape))
    back = from_nir(nir.read(tmp_path / "net.nir"), engine="plain")
    x = 4 * torch.rand(30, 3, *shape)
    expected = net(x)
    assert 0 < (expected != 0).float().mean() < 1 or name in ("integrator", "conv in 1d", "without a leak")
    assert torch.equal(back(x), expected)
    # and once more: what was read is written alike
    again = from_nir(to_nir(back, shape), engine="plain")
    assert torch.equal(again(x), expected)


def test_groups_of_a_convolution_become_zeros(tmp_path: Path) -> None:
    for layer, shape in (
        (torch.nn.Conv2d(4, 6, 2, groups=2), (4, 5, 5)),
        (torch.nn.Conv1d(3, 6, 2, groups=3, bias=False), (3, 7)),
    ):
        nir.write(tmp_path / "net.nir", to_nir(Sequential(layer), shape))
        x = torch.rand(2, 3, *shape)
        torch.testing.assert_close(from_nir(nir.read(tmp_path / "net.nir"))(x), Sequential(layer)(x))


def test_units_are_seconds_and_the_numbers_of_the_potentials() -> None:
    net = Sequential(Linear(5, 3), spiking(LIF(tau_m=20.0, c_m=250.0, v_rest=-70.0, v_th=-50.0, v_r=-65.0)))
    node = to_nir(net, (5,)).nodes["1"]
    assert isinstance(node, nir.LIF)
    # 20 ms, and 80 MOhm: 20 ms / 250 pF = 0.08 mV / pA
    found = [node.tau, node.r, node.v_leak, node.v_threshold, node.v_reset]
    np.testing.assert_allclose(found, np.outer([0.020, 0.08, -70.0, -50.0, -65.0], np.ones(3)), rtol=1e-15)


@pytest.mark.parametrize("dt", [1.0, 0.25])
def test_spikes_are_those_of_nirs_equation_solved_by_hand(dt: float) -> None:
    rng = np.random.default_rng(3)
    node = nir.LIF(
        tau=rng.uniform(2e-3, 9e-3, 8), r=rng.uniform(0.5, 2, 8), v_leak=rng.uniform(-0.2, 0.2, 8),
        v_threshold=rng.uniform(0.8, 1.2, 8), v_reset=rng.uniform(-0.5, 0.1, 8),
    )  # fmt: skip
    x = rng.uniform(0, 4, (200, 8))
    found = _net(node, 8, dt)(torch.as_tensor(x)[:, None])[:, 0].numpy()
    # tau dv/dt = (v_leak - v) + r I with I held: v goes to v_leak + r I exponentially
    v, decay, spikes = node.v_leak.copy(), np.exp(-dt / 1000 / node.tau), []
    for current in x:
        goal = node.v_leak + node.r * current
        v = goal + (v - goal) * decay
        spikes.append(v > node.v_threshold)
        v = np.where(v > node.v_threshold, node.v_reset, v)
    assert np.sum(spikes) > 100
    np.testing.assert_array_equal(found, spikes)


@pytest.mark.parametrize("tau_syn", [1e-3, 6e-3])
@pytest.mark.parametrize("pulse", [1.0, 0.6])
def test_synapses_are_nirs_equations_solved_by_hand(tau_syn: float, pulse: float) -> None:
    dt = 1e-3
    node = nir.CubaLIF(
        tau_syn=np.full(6, tau_syn), tau_mem=np.full(6, 4e-3), r=np.full(6, 1.5), v_leak=np.full(6, 0.1),
        v_threshold=np.full(6, 1.0), v_reset=np.full(6, 0.2), w_in=np.full(6, pulse * tau_syn / dt),
    )  # fmt: skip
    x = np.random.default_rng(4).uniform(0, 1, (200, 6)) * 3 * (1e-3 / tau_syn) ** 0.9
    found = _net(node, 6, 1.0)(torch.as_tensor(x)[:, None])[:, 0].numpy()
    v, i, spikes = np.full(6, 0.1), np.zeros(6), []
    ds, dm = np.exp(-dt / tau_syn), np.exp(-dt / 4e-3)
    for arriving in x:
        i = i + pulse * arriving
        # the current decays, and the membrane follows it
        v = 0.1 + (v - 0.1) * dm + 1.5 * i * tau_syn / (tau_syn - 4e-3) * (ds - dm)
        i = i * ds
        spikes.append(v > 1.0)
        v = np.where(v > 1.0, 0.2, v)
    assert 20 < np.sum(spikes) < 1100
    np.testing.assert_array_equal(found, spikes)


def test_without_a_leak_all_charge_counts() -> None:
    # dv/dt = r I with r per second: 250 / s x 1 for 1 ms is a quarter, so that four steps of it make a spike of v > 0.9
    node = nir.IF(r=np.full(2, 250.0), v_threshold=np.full(2, 0.9), v_reset=np.zeros(2))
    spikes = _net(node, 2, 1.0)(torch.ones(40, 1, 2, dtype=torch.float64))
    assert torch.nonzero(spikes[:, 0, 0]).ravel().tolist() == list(range(3, 40, 4))


def test_an_integrator_does_not_fire() -> None:
    node = nir.LI(tau=np.full(3, 5e-3), r=np.full(3, 2.0), v_leak=np.full(3, -1.0))
    v = _net(node, 3, 1.0)(torch.full((60, 1, 3), 1e6, dtype=torch.float64))
    expected = -1.0 + 2e6 * (1 - np.exp(-np.arange(1, 61) / 5))
    np.testing.assert_allclose(v[:, 0, 0].numpy(), expected, rtol=1e-12)


def _net(node: Any, n: int, dt: float) -> Sequential:
    ends = nir.Input({"input": np.array([n])}), nir.Output({"output": np.array([n])})
    graph = nir.NIRGraph({"i": ends[0], "cells": node, "o": ends[1]}, [("i", "cells"), ("cells", "o")])
    return from_nir(graph, dt=dt, engine="plain").double()


@pytest.mark.filterwarnings("ignore")
def test_snntorch_runs_the_graph_alike() -> None:
    peer = pytest.importorskip("snntorch.import_nir")
    # snnTorch steps 0.1 ms by Euler's rule, and takes a v_leak of 0 and one threshold alone
    model = LIF(tau_m=10.0, c_m=10.0, v_rest=0.0, v_th=1.0, v_r=0.0)
    torch.manual_seed(2)
    net = Sequential(Linear(6, 20), spiking(model, dt=0.1))
    with torch.no_grad():
        net[0].weight.abs_()
    x = 2 * torch.rand(3000, 4, 6)
    graph = to_nir(net, (6,))
    own = net(x).sum(0)
    theirs = peer.import_from_nir(graph)
    state, total = None, torch.zeros(4, 20)
    for now in x:
        spikes, state = theirs(now, state)
        total += spikes
    assert own.mean() > 10
    # Euler's decay of 1 - dt / tau is off by dt / (2 tau), half a percent: a spike more or less in 300 ms
    assert (own - total).abs().max() <= 2
    assert float((own - total).abs().sum() / own.sum()) < 0.01


def test_coding_and_readouts_are_left_out_with_a_warning() -> None:
    net = Sequential(Linear(5, 3), Repeat(4), spiking(), MeanRate())
    with pytest.warns(UserWarning, match="is no part of NIR, and is left out") as caught:
        graph = to_nir(net, (5,))
    assert [str(w.message).split(" is no")[0] for w in caught] == ["to_nir, layer '1': Repeat", "to_nir, layer '3': MeanRate"]
    assert list(graph.nodes) == ["input", "0", "2", "output"]
    x = torch.rand(6, 5)
    assert torch.equal(from_nir(graph, engine="plain")(x.expand(4, 6, 5)).mean(0), net(x))


def chain(*nodes: Any) -> Any:
    return nir.NIRGraph.from_list(*nodes, type_check=False)


def branched() -> Any:
    n = {"i": nir.Input({"input": np.array([2])}), "a": nir.Scale(np.ones(2)), "b": nir.Scale(np.ones(2)), "o": nir.Output({"output": np.array([2])})}  # noqa: E501  # fmt: skip
    return nir.NIRGraph(n, [("i", "a"), ("i", "b"), ("a", "o"), ("b", "o")])


def cyclic() -> Any:
    n = {"i": nir.Input({"input": np.array([2])}), "a": nir.Scale(np.ones(2)), "o": nir.Output({"output": np.array([2])})}
    return nir.NIRGraph(n, [("i", "a"), ("a", "a")], type_check=False)


def cuba(w_in: float, tau: Any = (5e-3, 5e-3)) -> Any:
    one = np.ones(2)
    return nir.CubaLIF(
        tau_syn=np.array(tau), tau_mem=5e-3 * one, r=one, v_leak=0 * one, v_threshold=one, v_reset=0 * one, w_in=w_in * one
    )


def looped(cells: Any, bias: float = 0.0) -> Any:
    ends = {"i": nir.Input({"input": np.array([2])}), "o": nir.Output({"output": np.array([2])})}
    inner = {**ends, "c": cells, "w": nir.Affine(np.eye(2), np.full(2, bias))}
    edges = [("i", "c"), ("c", "w"), ("w", "c"), ("c", "o")]
    return nir.NIRGraph({**ends, "r": nir.NIRGraph(inner, edges)}, [("i", "r"), ("r", "o")])


WRONG: dict[str, tuple[Any, str]] = {
    "net": (lambda: to_nir(Linear(2, 3), (2,)), "to_nir, net: must be a Sequential (got Linear)"),
    "shape": (lambda: to_nir(Sequential(Linear(2, 3)), 2), "to_nir, input_shape: must be whole numbers"),
    "other shape": (lambda: to_nir(Sequential(Linear(2, 3)), (3,)), "to_nir, layer '0': does not take its input"),
    "neuron": (lambda: to_nir(Sequential(spiking(AdaptiveLIF())), (2,)), "layer '0': NIR has nodes for integrate-and-fire neurons"),
    "refractory": (lambda: to_nir(Sequential(spiking(LIF(t_ref=2.0))), (2,)), "NIR's neurons are not refractory (got t_ref=2.0)"),
    "reset": (lambda: to_nir(Sequential(spiking(LIF(reset="soft"))), (2,)), "NIR's neurons reset to a value (got reset='soft')"),
    "outputs": (lambda: to_nir(Sequential(spiking(outputs=("spikes", "v"))), (2,)), "NIR's neurons put out spikes alone"),
    "receptor": (lambda: to_nir(Sequential(spiking(receptor=Alpha())), (2,)), "NIR has but exponential currents"),
    "conductance": (lambda: to_nir(Sequential(spiking(receptor=Exponential(e_rev=0.0))), (2,)), "NIR has but exponential currents"),
    "batch norm": (lambda: to_nir(Sequential(torch.nn.BatchNorm1d(2)), (2,)), "(got BatchNorm1d); fold it into the layer before"),
    "oblong": (lambda: to_nir(Sequential(torch.nn.Conv2d(1, 1, (1, 2))), (1, 4, 4)), "that it gives (1, 4, 4) (got (1, 4, 3))"),
    "layer": (lambda: to_nir(Sequential(torch.nn.ReLU()), (2,)), "to_nir, layer '0': NIR has no node for it (got ReLU)"),
    "coding": (lambda: to_nir(Sequential(Linear(2, 2), Bernoulli(3)), (2,)), "layer '1': Bernoulli is no part of NIR"),
    "readout": (lambda: to_nir(Sequential(MeanRate(), Linear(2, 2)), (2,)), "layer '0': MeanRate is no part of NIR"),
    "padding": (lambda: to_nir(Sequential(torch.nn.Conv1d(1, 1, 3, padding_mode="circular")), (1, 5)), "NIR pads with zeros"),
    "ceiling": (lambda: to_nir(Sequential(torch.nn.AvgPool2d(2, ceil_mode=True)), (1, 5, 5)), "NIR pools whole windows"),
    "divisor": (lambda: to_nir(Sequential(torch.nn.AvgPool2d(2, divisor_override=3)), (1, 4, 4)), "by mean or by sum"),
    "pooling": (lambda: to_nir(Sequential(Pool2d(2, by="max")), (1, 4, 4)), "NIR pools by mean or by sum (got by='max')"),
    "learned delay": (
        lambda: to_nir(Sequential(Delay(2, 1.5, trainable=True, longest=3.0)), (2,)),
        "layer '0': NIR delays by whole steps (got learned delays, which lie between steps); make a Delay of the learned ones",
    ),
    "flatten": (lambda: to_nir(Sequential(torch.nn.Flatten(2)), (1, 4, 4)), "must flatten all features (got Flatten(2, -1))"),
    "recurrent outputs": (lambda: to_nir(Sequential(Recurrent(2, LIF(), outputs="v")), (2,)), "NIR's neurons put out spikes alone"),
    "no graph": (lambda: from_nir("net.nir"), "must be a nir.NIRGraph (got 'net.nir'); read a file with nir.read(path)"),
    "node": (lambda: from_nir(chain(nir.Threshold(np.ones(2)))), "node 'threshold': there is no layer for it (got Threshold)"),
    "start": (lambda: to_nir(Sequential(spiking(IF())), (2,)), "NIR's IF starts at 0 and has no synapses"),
    "branches": (lambda: from_nir(branched()), "must be a chain of nodes ('i' leads to ['a', 'b'])".replace("('i'", "(got 'i'")),
    "cycle": (lambda: from_nir(cyclic()), "a cycle at 'a'"),
    "different synapses": (lambda: from_nir(chain(cuba(5.0, (5e-3, 6e-3)))), "must have one tau_syn for all neurons"),
    "pulse in a cycle": (lambda: from_nir(looped(cuba(1.0))), "must have w_in = tau_syn / dt in a cycle, at dt = 1 ms"),
    "bias in a cycle": (lambda: from_nir(looped(cuba(5.0), 1.0)), "its recurrent weights may have no bias"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_exchanged_is_named(name: str) -> None:
    call, expected = WRONG[name]
    with pytest.raises((EngineError, ParameterError)) as caught:
        call()
    assert expected in str(caught.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(EngineError, match=r"NIR: needs the package nir; pip install 'maichong\[exchange\]'"):
        to_nir(Sequential(Linear(2, 3)), (2,))
