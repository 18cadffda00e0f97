"""``Spiking``: the same steps as the simulator, the same gradients from fused kernels and from torch's own operations."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from maichong import LIF, AdaptiveLIF, Exponential, Izhikevich, Network, Steps  # noqa: E402
from maichong.engines.autograd.surrogates import TABLE  # noqa: E402
from maichong.errors import EngineError, ParameterError  # noqa: E402
from maichong.nn import Sequential, Spiking, Surrogate  # noqa: E402

UNIT = {"tau_m": 2.0, "c_m": 2.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0}

# (model, dt in ms, currents like these); that every registered neuron does so is asked by maichong.checks
MODELS: dict[str, tuple[Any, float, tuple[float, float]]] = {
    "lif": (LIF(**UNIT), 1.0, (0.5, 1.5)),
    "lif in mV": (LIF(), 0.1, (300.0, 900.0)),
    "soft": (LIF(**UNIT, reset="soft"), 1.0, (0.5, 1.5)),
    "no reset": (LIF(**UNIT, reset="none"), 1.0, (0.2, 1.5)),
    "refractory": (LIF(**UNIT, t_ref=3.0), 1.0, (0.5, 2.0)),
    "adaptive": (AdaptiveLIF(), 0.5, (300.0, 900.0)),
    "izhikevich": (Izhikevich(), 0.5, (5.0, 20.0)),
}


def currents(low: float, high: float, steps: int = 40, rows: int = 2, width: int = 5, seed: int = 1) -> Any:
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(steps, rows, width, generator=generator, dtype=torch.float64)


def pair(model: Any, **values: Any) -> list[Spiking]:
    return [Spiking(model, engine=engine, **values).double() for engine in ("fused", "plain")]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("engine", ["fused", "plain"])
def test_the_steps_are_those_of_the_simulator(name: str, engine: str) -> None:
    model, dt, (low, high) = MODELS[name]
    steps = 400
    x = currents(low, high, steps)
    given = np.asarray(x.reshape(steps, -1))
    net = Network(dt=dt)
    (entry,) = model.model.inputs
    net.population("cells", model, 10, drive={entry.name: Steps(np.arange(steps) * dt, given)})
    net.probe("cells", "spikes")
    net.probe("cells", model.model.membrane, every=dt)
    run = net.build("reference")
    run.run(steps * dt)
    layer = Spiking(model, dt=dt, engine=engine, outputs=("spikes", model.model.membrane)).double()
    spikes, v = layer(x)
    when, who = torch.nonzero(spikes.reshape(steps, -1), as_tuple=True)
    expected = run["cells"].spikes
    assert spikes.sum() > 0
    order = np.lexsort((expected.ids, expected.times))
    np.testing.assert_array_equal(when.numpy() + 1, np.rint(expected.times[order] / dt))
    np.testing.assert_array_equal(who.numpy(), expected.ids[order])
    np.testing.assert_allclose(
        v.reshape(steps, -1).detach().numpy(), run["cells"].samples(model.model.membrane).values, rtol=1e-9, atol=1e-9
    )


def gradients(layer: Spiking, x: Any, weights: Any) -> list[Any]:
    x = x.clone().requires_grad_()
    found = layer(x)
    outputs = found if isinstance(found, tuple) else (found,)
    loss = sum((weight * out).sum() for weight, out in zip(weights, outputs, strict=True))
    for parameter in layer.parameters():
        parameter.grad = None
    loss.backward()
    return [*(out.detach() for out in outputs), x.grad, *(parameter.grad for parameter in layer.parameters())]


def assert_alike(model: Any, x: Any, **values: Any) -> list[Any]:
    layers = pair(model, **values)
    many = len(layers[0].outputs)
    weights = [torch.rand(x.shape, generator=torch.Generator().manual_seed(k), dtype=torch.float64) for k in range(many)]
    fused, plain = (gradients(layer, x, weights) for layer in layers)
    for a, b in zip(fused, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
    return fused


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("detach", [False, True])
def test_both_paths_give_the_same_gradients(name: str, detach: bool) -> None:
    model, dt, (low, high) = MODELS[name]
    membrane = model.model.membrane
    width = Surrogate("arctangent", 1.0 if high < 10 else 10.0)
    found = assert_alike(
        model,
        currents(low, high, 40 if dt == 1 else 300),
        dt=dt,
        outputs=("spikes", membrane),
        surrogate=width,
        detach_reset=detach,
    )
    assert found[0].sum() > 0
    assert (found[2] != 0).any()


@pytest.mark.parametrize("name", TABLE)
def test_every_surrogate_is_the_same_on_both_paths(name: str) -> None:
    assert_alike(LIF(**UNIT), currents(0.5, 1.5), surrogate=Surrogate(name, 0.7))


LEARNED = [
    (LIF(**UNIT), ("tau_m", "c_m", "v_rest", "v_th", "v_r")),
    (LIF(**UNIT, t_ref=2.0, reset="soft"), ("tau_m", "v_th")),
    (LIF(**{**UNIT, "tau_m": np.linspace(1.5, 3, 5), "v_th": np.linspace(0.8, 1.2, 5)}), ("tau_m", "v_th", "v_r")),
    (LIF(**{**UNIT, "tau_m": np.linspace(1.5, 3, 5)}), ("v_th",)),
]


@pytest.mark.parametrize(("model", "trainable"), LEARNED)
def test_parameters_learn_the_same_on_both_paths(model: Any, trainable: tuple[str, ...]) -> None:
    found = assert_alike(model, currents(0.5, 1.5), trainable=trainable, outputs=("spikes", "v"))
    assert len(found) == 3 + len(trainable)
    assert all((gradient != 0).all() for gradient in found[3:])


@pytest.mark.parametrize(
    ("model", "dt", "bounds", "trainable"),
    [
        (LIF(**{**UNIT, "v_th": 100.0}), 1.0, (0.5, 1.5), ("tau_m", "c_m", "v_rest")),
        (LIF(**{**UNIT, "v_th": 100.0, "tau_m": np.linspace(1, 3, 5)}), 1.0, (0.5, 1.5), ("tau_m",)),
    ],
)
@pytest.mark.parametrize("engine", ["fused", "plain"])
def test_gradients_are_those_of_finite_differences(model: Any, dt: float, bounds: Any, trainable: Any, engine: str) -> None:
    layer = Spiking(model, dt=dt, engine=engine, outputs="v", trainable=trainable, surrogate="triangle").double()
    x = currents(*bounds, steps=6, rows=1).requires_grad_()
    assert torch.autograd.gradcheck(layer, (x,), eps=1e-5, atol=1e-6)
    for parameter in layer.parameters():
        parameter.grad = None
    layer(x).sum().backward()
    for parameter in layer.parameters():
        flat, slopes = parameter.data.view(-1), []
        for k in range(flat.numel()):
            kept, ends = float(flat[k]), []
            for sign in (1, -1):
                flat[k] = kept + sign * 1e-5
                ends.append(float(layer(x.detach()).detach().sum()))
            flat[k] = kept
            slopes.append((ends[0] - ends[1]) / 2e-5)
        torch.testing.assert_close(parameter.grad.view(-1), torch.tensor(slopes, dtype=torch.float64), rtol=1e-5, atol=1e-7)


def test_a_receptor_takes_what_arrives() -> None:
    x = currents(0.0, 1.0, steps=60)
    model = LIF(**UNIT, t_ref=2.0)
    found = assert_alike(model, x, receptor=Exponential(tau=3.0), outputs=("spikes", "v"))
    assert found[0].sum() > 0


def test_a_run_in_two_halves_is_the_run() -> None:
    x = currents(0.5, 1.5)
    for layer in pair(LIF(**UNIT, t_ref=3.0)):
        a = x.clone().requires_grad_()
        whole = layer(a)
        (whole * torch.arange(1.0, 41.0, dtype=torch.float64)[:, None, None]).sum().backward()
        b = x.clone().requires_grad_()
        first, state = layer(b[:15], layer.begin(b))
        second, _ = layer(b[15:], state)
        halves = torch.cat([first, second])
        (halves * torch.arange(1.0, 41.0, dtype=torch.float64)[:, None, None]).sum().backward()
        torch.testing.assert_close(whole, halves)
        torch.testing.assert_close(a.grad, b.grad)


@pytest.mark.parametrize("rows", [1, 2, 3, 64])
def test_any_number_of_threads_gives_the_same_bits(rows: int) -> None:
    x = torch.rand(50, rows, 1000) * 2
    layer = Spiking(LIF(**UNIT))
    threads, found = torch.get_num_threads(), []
    try:
        for many in (1, 2, 3):
            torch.set_num_threads(many)
            a = x.clone().requires_grad_()
            out = layer(a)
            out.sum().backward()
            found.append((out.detach(), a.grad))
    finally:
        torch.set_num_threads(threads)
    for out, gradient in found[1:]:
        assert torch.equal(out, found[0][0])
        assert torch.equal(gradient, found[0][1])


def test_a_trained_time_constant_stays_above_its_bound() -> None:
    layer = Spiking(LIF(**UNIT), trainable=("tau_m",), outputs="v")
    optimizer = torch.optim.SGD(layer.parameters(), lr=100.0)
    for _ in range(5):
        optimizer.zero_grad()
        layer(torch.ones(5, 1, 1)).sum().backward()
        optimizer.step()
    assert float(layer.par_tau_m.detach()) > 0


def test_layers_drop_into_sequential_and_train() -> None:
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(2, 30), Spiking(LIF(**UNIT)), torch.nn.Linear(30, 2), Spiking(LIF(**UNIT)))
    corners = torch.tensor([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
    x, y = corners.repeat(10, 1, 1), torch.tensor([0, 1, 1, 0])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x).mean(0) * 5, y).backward()
        optimizer.step()
    assert (model(x).mean(0).argmax(-1) == y).all()


WRONG: dict[str, tuple[Any, str]] = {
    "integers": (lambda: Spiking(LIF())(torch.ones(3, 2, 1, dtype=torch.int64)), "must hold floating-point numbers"),
    "no time": (lambda: Spiking(LIF())(torch.ones(3)), "the time axis is missing"),
    "no steps": (lambda: Spiking(LIF())(torch.ones(0, 3)), "none of them 0"),
    "an array": (lambda: Spiking(LIF())(np.ones((3, 2))), "must be a tensor"),
    "nan": (lambda: Spiking(LIF())(torch.full((3, 2, 1), torch.nan)), "6 of 6 numbers are NaN or infinite"),
    "run away": (lambda: Spiking(Izhikevich(v_peak=1e30))(torch.full((99, 1, 1), 1e6)), "its states ran away"),
    "features": (lambda: Spiking(LIF(tau_m=np.ones(3) * 5))(torch.ones(4, 3, 5)), "holds 3 numbers"),
    "state": (lambda: Spiking(LIF())(torch.ones(3, 2, 1), {"v": 0}), "must be a State of a layer like this"),
    "state shape": (
        lambda: Spiking(LIF())(torch.ones(3, 2, 1), Spiking(LIF()).begin(torch.ones(3, 2, 4))), "must have the shape (2, 1)"
    ),
    "no neuron": (lambda: Spiking(Exponential()), "takes a neuron"),
    "class": (lambda: Spiking("LIF"), "takes a neuron"),
    "parameter": (lambda: Spiking(LIF(), trainable=("tau",)), "must name parameters (got 'tau')"),
    "surrogate": (lambda: Spiking(LIF(), surrogate="arctan"), "must be one of the table"),
    "width": (lambda: Surrogate("triangle", 0.0), "must be a positive number"),
    "output": (lambda: Spiking(LIF(), outputs="w"), "must name spikes or states"),
    "engine": (lambda: Spiking(LIF(), engine="cuda"), "must be one of auto, fused, plain"),
    "elsewhere": (lambda: Spiking(LIF(), engine="fused").fuses(torch.ones(3, 2, 1, device="meta")), "fused kernels run on a CPU"),
    "exact": (lambda: Spiking(LIF(spike_times="exact")), "spikes lie on the grid"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_bad_inputs_are_named(name: str) -> None:
    call, expected = WRONG[name]
    with pytest.raises((EngineError, ParameterError)) as caught:
        call()
    assert expected in str(caught.value)


def test_it_falls_back_and_says_so_once() -> None:
    layer, elsewhere = Spiking(LIF(**UNIT)), torch.ones(3, 2, 1, device="meta")
    with pytest.warns(UserWarning, match="no fused kernels on meta; plain torch"):
        assert not layer.fuses(elsewhere)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not layer.fuses(elsewhere)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_narrow_inputs_go_through_the_kernels_in_float32(kind: torch.dtype) -> None:
    layer = Spiking(LIF(**UNIT), outputs=("spikes", "v"))
    x = (2 * torch.rand(9, 2, 5)).to(kind)
    (spikes, v), state = layer(x, layer.begin(x))
    (wide, v_wide), state_wide = layer(x.float(), layer.begin(x.float()))
    assert spikes.dtype == v.dtype == kind
    assert state.states["v"].dtype == torch.float32
    assert torch.equal(spikes.float(), wide)
    assert torch.equal(v, v_wide.to(kind))
    assert torch.equal(state.states["v"], state_wide.states["v"])


def test_a_net_trains_under_autocast() -> None:
    """Weights' products in bfloat16: the gradient points where the one of float32 points."""
    torch.manual_seed(1)
    net = Sequential(torch.nn.Linear(40, 60), Spiking(LIF(**UNIT)), torch.nn.Linear(60, 5), Spiking(LIF(**UNIT)))
    x, y = 4 * torch.rand(10, 16, 40), torch.randint(5, (16,))
    found = []
    for narrow in (True, False):
        net.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            out = net(x)
        torch.nn.functional.cross_entropy(out.float().mean(0), y).backward()
        found.append(net[0].weight.grad.clone())
    assert torch.nn.functional.cosine_similarity(*(g.flatten() for g in found), dim=0) > 0.95
