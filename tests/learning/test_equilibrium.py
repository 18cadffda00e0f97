"""Nets that settle, and what two phases teach them: rest by linear algebra, energies, slopes of the cost by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from digits import data

from maichong.errors import EngineError, ParameterError
from maichong.learning import EquilibriumNet, EquilibriumPropagation, Particles, Phases
from maichong.plasticity.micro.contrastive_hebb import ContrastiveHebb
from maichong.plasticity.micro.postsynaptic_differential import PostsynapticDifferential

F64 = torch.float64


def interior(sizes: tuple[int, ...] = (3, 4, 2), seed: int = 1) -> EquilibriumNet:
    """A small net whose potentials rest within ]0, 1[, where nothing is clipped."""
    torch.manual_seed(seed)
    net = EquilibriumNet(sizes).double()
    with torch.no_grad():
        for w, b in zip(net.weights, net.biases, strict=True):
            w.mul_(0.15)
            b.copy_(0.4 + 0.2 * torch.rand(len(b), dtype=F64))
    return net


def coupling(weights: list[np.ndarray]) -> np.ndarray:
    """All weights but the input's as one symmetric matrix."""
    widths = [w.shape[1] for w in weights]
    starts = np.concatenate([[0], np.cumsum(widths)])
    found = np.zeros((starts[-1], starts[-1]))
    for k, w in enumerate(weights[1:]):
        pre, post = slice(starts[k], starts[k + 1]), slice(starts[k + 1], starts[k + 2])
        found[pre, post], found[post, pre] = w, w.T
    return found


def at_rest(weights: list[np.ndarray], biases: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """All potentials side by side: s = (I - J)^-1 (b + x W_0), by NumPy."""
    drive = np.concatenate([biases[0] + x @ weights[0], *[np.tile(b, (len(x), 1)) for b in biases[1:]]], axis=1)
    return np.linalg.solve(np.eye(drive.shape[1]) - coupling(weights), drive.T).T


def as_arrays(net: EquilibriumNet) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [w.detach().numpy().copy() for w in net.weights], [b.detach().numpy().copy() for b in net.biases]


@pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (3, 5, 4, 2)])
def test_rest_is_the_solution_of_the_linear_equations(sizes: tuple[int, ...]) -> None:
    net, x = interior(sizes), torch.rand(5, 3, dtype=F64)
    found = torch.cat(net.settle(x, steps=200), dim=1)
    expected = at_rest(*as_arrays(net), x.numpy())
    assert 0 < expected.min() <= expected.max() < 1
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(net(x, tuple(net.settle(x, steps=200))).numpy(), expected[:, -2:], rtol=1e-12)


def test_two_runs_of_twenty_steps_are_one_of_forty() -> None:
    net, x = interior(), torch.rand(5, 3, dtype=F64)
    half = net.settle(x)
    for found, expected in zip(net.settle(x, half), net.settle(x, steps=40), strict=True):
        assert torch.equal(found, expected)
    assert torch.equal(half[0], net.settle(x)[0]), "what a run begins from stays as it was"


def by_hand(net: EquilibriumNet, x: np.ndarray, states: list[np.ndarray]) -> float:
    """E of one sample, sum by sum."""
    weights, biases = as_arrays(net)
    layers = [x, *states]
    found = sum(0.5 * v * v for s in states for v in s)
    for pre, post, w, b in zip(layers[:-1], layers[1:], weights, biases, strict=True):
        found -= sum(pre[i] * w[i, j] * post[j] for i in range(len(pre)) for j in range(len(post)))
        found -= sum(b[j] * post[j] for j in range(len(post)))
    return float(found)


def test_the_energy_by_hand() -> None:
    net, x = interior(), torch.rand(2, 3, dtype=F64)
    states = tuple(torch.rand(2, n, dtype=F64) for n in (4, 2))
    y = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=F64)
    expected = [by_hand(net, x[k].numpy(), [s[k].numpy() for s in states]) for k in range(2)]
    assert net.energy(x, states).tolist() == pytest.approx(expected, rel=1e-12)
    pulls = [0.15 * float(((states[-1][k] - y[k]) ** 2).sum()) for k in range(2)]
    found = net.energy(x, states, target=y, beta=0.3)
    assert found.tolist() == pytest.approx([e + p for e, p in zip(expected, pulls, strict=True)], rel=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_the_energy_never_rises_when_steps_are_small(beta: float) -> None:
    """Large weights, so that many potentials are clipped; from random ones."""
    torch.manual_seed(4)
    x, y = torch.rand(30, 6, dtype=F64), torch.rand(30, 3, dtype=F64)
    net = EquilibriumNet([6, 9, 5, 3]).double()
    with torch.no_grad():
        for w in net.weights:
            w.mul_(4.0)
    largest = float(np.abs(np.linalg.eigvalsh(coupling(as_arrays(net)[0]))).max())
    net.epsilon = 1 / (1 + largest + beta)
    states = tuple(torch.rand(30, n, dtype=F64) for n in (9, 5, 3))
    energies = []
    for _ in range(60):
        energies.append(net.energy(x, states, target=y, beta=beta))
        states = net.settle(x, states, steps=1, target=y, beta=beta)
    falls = -torch.stack(energies).diff(dim=0)
    assert (falls >= -1e-12).all()
    assert (falls[0] > 1e-3).all()
    clipped = torch.cat(states, dim=1)
    assert 0.2 < ((clipped == 0) | (clipped == 1)).double().mean() < 1


def test_the_form_of_the_later_code() -> None:
    """One step by hand: hidden cells by 2 / (1 + exp(-z)) - 1, the output by a rectifier, with a pull."""
    net = EquilibriumNet([2, 2, 1], epsilon=0.5, squash="sigmoid").double()
    with torch.no_grad():
        net.weights[0].copy_(torch.tensor([[1.0, -2.0], [0.5, 1.0]], dtype=F64))
        net.weights[1].copy_(torch.tensor([[2.0], [-4.0]]))
        net.biases[0].copy_(torch.tensor([0.1, -0.1], dtype=F64))
        net.biases[1].fill_(0.3)
    x = torch.tensor([[1.0, 2.0]], dtype=F64)
    begin = (torch.tensor([[0.2, 0.4]], dtype=F64), torch.tensor([[0.5]], dtype=F64))
    hidden, output = net.settle(x, begin, steps=1, target=torch.ones(1, 1, dtype=F64), beta=0.5)
    # drives: 1 + 1 + 0.1 + 2 * 0.5 = 3.1;  -2 + 2 - 0.1 - 4 * 0.5 = -2.1;  0.4 - 1.6 + 0.3 = -0.9
    z = np.array([0.2 + 0.5 * (3.1 - 0.2), 0.4 + 0.5 * (-2.1 - 0.4)])
    np.testing.assert_allclose(hidden.numpy()[0], 2 / (1 + np.exp(-z)) - 1, rtol=1e-12)
    assert 0.5 + 0.5 * (-0.9 - 0.5 + 0.5 * 0.5) < 0
    assert output.tolist() == [[0.0]]


def cost_slopes(net: EquilibriumNet, x: torch.Tensor, y: torch.Tensor) -> list[np.ndarray]:
    """dC/dW and dC/db by central differences, C at the rest that linear algebra finds."""
    weights, biases = as_arrays(net)

    def cost() -> float:
        output = at_rest(weights, biases, x.numpy())[:, -net.sizes[-1] :]
        return float(0.5 * ((output - y.numpy()) ** 2).sum(axis=1).mean())

    found = []
    for array in (*weights, *biases):
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            values = []
            for h in (1e-5, -1e-5):
                array[place] = kept + h
                values.append(cost())
            array[place] = kept
            slope[place] = (values[0] - values[1]) / 2e-5
        found.append(slope)
    return found


def estimated(net: EquilibriumNet, x: torch.Tensor, y: torch.Tensor, **changes: Any) -> list[np.ndarray]:
    net.steps = 300
    rule = EquilibriumPropagation(steps=300, **changes)
    found = rule.gradients(x, rule.phases(net, x, y))
    return [found[name].numpy() for name, _ in net.named_parameters()]


def distance(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    one, other = (np.concatenate([v.ravel() for v in values]) for values in (a, b))
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


@pytest.mark.parametrize("sizes", [(3, 4, 2), (3, 4, 3, 2)])
def test_for_small_beta_the_update_is_the_slope_of_the_cost(sizes: tuple[int, ...]) -> None:
    net = interior(sizes)
    x, y = torch.rand(4, 3, dtype=F64), torch.rand(4, 2, dtype=F64)
    slopes = cost_slopes(net, x, y)
    for sign in ("positive", "random", "both"):
        found = estimated(net, x, y, beta=1e-3, sign=sign)
        for one, slope in zip(found, slopes, strict=True):
            assert distance([one], [slope]) < 0.01


def test_its_error_is_of_order_beta_and_of_order_beta_squared_over_both_signs() -> None:
    net = interior()
    x, y = torch.rand(4, 3, dtype=F64), torch.rand(4, 2, dtype=F64)
    slopes = cost_slopes(net, x, y)
    for sign, order in (("positive", 1.0), ("both", 2.0)):
        errors = [distance(estimated(net, x, y, beta=beta, sign=sign), slopes) for beta in (0.08, 0.04, 0.02)]
        assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx([order, order], abs=0.1)


def test_clipped_potentials_teach_as_the_cost_does() -> None:
    """Where potentials lie at a bound: differences of the cost at the rest that the net itself finds."""
    torch.manual_seed(2)
    net = EquilibriumNet([4, 8, 3], steps=500).double()
    x, y = torch.rand(6, 4, dtype=F64), torch.rand(6, 3, dtype=F64)
    rest = net.settle(x)
    bound = (rest[0] == 0) | (rest[0] == 1)
    assert bound.any() and not bound.all()
    found = estimated(net, x, y, beta=1e-4, sign="both")[0]
    slope = np.zeros_like(found)
    weight = net.weights[0].data
    net.steps = 500
    for place in np.ndindex(slope.shape):
        values = []
        for h in (1e-5, -2e-5):
            weight[place] += h
            values.append(float(0.5 * (net(x) - y).square().sum(dim=1).mean()))
        weight[place] += 1e-5
        slope[place] = (values[0] - values[1]) / 2e-5
    assert distance([found], [slope]) < 0.01


def phases(sizes: tuple[int, ...] = (3, 4, 2)) -> tuple[torch.Tensor, Phases]:
    generator = torch.Generator().manual_seed(7)
    x, *layers = (torch.rand(5, 2, n, generator=generator, dtype=F64) for n in sizes)
    free, nudged = tuple(s[:, 0] for s in layers), tuple(s[:, 1] for s in layers)
    return x[:, 0], Phases(free, ((-0.4, nudged),), torch.zeros(()))


def test_both_updates_by_hand() -> None:
    """Sample by sample, as outer products; what comes before the first weights is the input, which is the same in both phases."""
    x, found = phases()
    (beta, nudged), free = found.nudged[0], found.free
    for update in ("contrastive", "voltage"):
        gradients = EquilibriumPropagation(update=update).gradients(x, found)
        assert gradients.keys() == {"weights.0", "weights.1", "biases.0", "biases.1"}
        first = np.mean([np.outer(x[n], nudged[0][n] - free[0][n]) / beta for n in range(5)], axis=0)
        if update == "contrastive":
            pairs = [(np.outer(nudged[0][n], nudged[1][n]) - np.outer(free[0][n], free[1][n])) / beta for n in range(5)]
        else:
            pairs = [np.outer(free[0][n], nudged[1][n] - free[1][n]) / beta for n in range(5)]
        np.testing.assert_allclose(-gradients["weights.0"].numpy(), first, rtol=1e-12)
        np.testing.assert_allclose(-gradients["weights.1"].numpy(), np.mean(pairs, axis=0), rtol=1e-12)
        for k in (0, 1):
            expected = ((nudged[k] - free[k]) / beta).mean(dim=0)
            torch.testing.assert_close(-gradients[f"biases.{k}"], expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("update", "rule"),
    [("contrastive", ContrastiveHebb), ("voltage", PostsynapticDifferential)],
    ids=["contrastive", "voltage"],
)
def test_the_updates_are_those_of_the_shelf_s_rules_between_two_phases(update: str, rule: Any) -> None:
    """Each synapse by the function that networks run: the step before is the free phase, the step now the nudged one."""
    x, found = phases()
    (beta, nudged), free = found.nudged[0], found.free
    gradients = EquilibriumPropagation(update=update).gradients(x, found)
    before, now = (x, *free), (x, *nudged)
    for k in (0, 1):
        pairs = [layers[k][:, :, None] for layers in (before, now)], [layers[k + 1][:, None, :] for layers in (before, now)]
        (was_pre, s_pre), (was_post, s_post) = pairs
        moved, *_ = rule.on_step(torch.zeros(()), was_pre, was_post, s_pre, s_post, 1 / beta)
        torch.testing.assert_close(-gradients[f"weights.{k}"], moved.mean(dim=0), rtol=1e-12, atol=1e-15)


def test_a_pull_of_random_sign_has_both() -> None:
    net, x, y = interior(), torch.rand(2, 3, dtype=F64), torch.tensor([0, 1])
    torch.manual_seed(0)
    rule = EquilibriumPropagation(beta=0.5)
    betas = [rule.phases(net, x, y).nudged[0][0] for _ in range(40)]
    assert set(betas) == {0.5, -0.5}
    assert [b for b, _ in EquilibriumPropagation(beta=0.5, sign="both").phases(net, x, y).nudged] == [0.5, -0.5]
    assert [b for b, _ in EquilibriumPropagation(beta=0.5, sign="positive").phases(net, x, y).nudged] == [0.5]


def test_learning_adds_to_the_gradients_and_says_the_loss() -> None:
    net, x = interior(), torch.rand(2, 3, dtype=F64)
    rule = EquilibriumPropagation(sign="positive")
    for times in (1, 2):
        loss, states = rule.learn(net, x, torch.tensor([0, 1]))
        expected = rule.gradients(x, rule.phases(net, x, torch.eye(2, dtype=F64)))
        for name, parameter in net.named_parameters():
            torch.testing.assert_close(parameter.grad, times * expected[name])
    assert float(loss) == pytest.approx(float(0.5 * ((states[-1] - torch.eye(2, dtype=F64)) ** 2).sum() / 2))


@pytest.mark.parametrize("update", ["contrastive", "voltage"])
def test_digits_are_learned(update: str) -> None:
    torch.manual_seed(1)
    pixels, labels = data()
    net, rule = EquilibriumNet([64, 60, 10]), EquilibriumPropagation(beta=1.0, update=update)
    particles = Particles(net, 1400)
    groups = [
        {"params": layer, "lr": lr} for layer, lr in zip(zip(net.weights, net.biases, strict=True), (0.4, 0.2), strict=True)
    ]
    optimiser = torch.optim.SGD(groups)
    for _ in range(8):
        for rows in torch.randperm(1400).split(20):
            optimiser.zero_grad()
            _, rest = rule.learn(net, pixels[rows], labels[rows], particles.take(rows))
            particles.keep(rows, rest)
            optimiser.step()
    assert float((net(pixels[1400:]).argmax(1) == labels[1400:]).float().mean()) > 0.9


def test_particles_keep_what_they_are_given() -> None:
    net = interior()
    particles = Particles(net, 6).double()
    assert [tuple(s.shape) for s in particles.take(torch.tensor([0, 5]))] == [(2, 4), (2, 2)]
    states = (torch.rand(2, 4, dtype=F64), torch.rand(2, 2, dtype=F64))
    particles.keep(torch.tensor([4, 1]), states)
    for found, kept in zip(particles.take(torch.tensor([1, 4, 0])), states, strict=True):
        assert torch.equal(found, torch.stack([kept[1], kept[0], torch.zeros_like(kept[0])]))
    again = Particles(net, 6).double()
    again.load_state_dict(particles.state_dict())
    assert torch.equal(again.take(torch.tensor([4]))[0], states[0][:1])


NET = "EquilibriumNet"
RULE = "EquilibriumPropagation"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: EquilibriumNet([3]), f"{NET}, sizes: must be two numbers of neurons >= 1, or more (got [3])"),
        (lambda: EquilibriumNet([3, 0]), f"{NET}, sizes: must be two numbers of neurons >= 1, or more (got [3, 0])"),
        (lambda: EquilibriumNet(7), f"{NET}, sizes: must be two numbers of neurons >= 1, or more (got 7)"),  # type: ignore[arg-type]
        (lambda: EquilibriumNet([3, 2], epsilon=0.0), f"{NET}, epsilon: must be in ]0, 1] (got 0.0)"),
        (lambda: EquilibriumNet([3, 2], epsilon=1.5), f"{NET}, epsilon: must be in ]0, 1] (got 1.5)"),
        (lambda: EquilibriumNet([3, 2], steps=0), f"{NET}, steps: must be a whole number >= 1 (got 0)"),
        (
            lambda: EquilibriumNet([3, 2], squash="tanh"),
            f"{NET}, squash: must be clip or sigmoid (got 'tanh'); known: clip, sigmoid",
        ),
        (lambda: EquilibriumPropagation(beta=0.0), f"{RULE}, beta: must be a number other than 0 (got 0.0)"),
        (lambda: EquilibriumPropagation(beta=float("nan")), f"{RULE}, beta: must be a number other than 0 (got nan)"),
        (lambda: EquilibriumPropagation(steps=0), f"{RULE}, steps: must be a whole number >= 1 (got 0)"),
        (
            lambda: EquilibriumPropagation(sign="negative"),
            f"{RULE}, sign: must be a name of one (got 'negative'); known: both, positive, random",
        ),
        (
            lambda: EquilibriumPropagation(update="hebb"),
            f"{RULE}, update: must be a name of one (got 'hebb'); known: contrastive, voltage",
        ),
        (
            lambda: EquilibriumPropagation().learn(torch.nn.Linear(3, 2), torch.rand(2, 3), torch.tensor([0, 1])),  # type: ignore[arg-type]
            f"{RULE}, net: must be an EquilibriumNet (got Linear(in_features=3, out_features=2, bias=True))",
        ),
        (lambda: Particles(3, 2), "Particles, net: must be an EquilibriumNet (got 3)"),  # type: ignore[arg-type]
        (lambda: Particles(EquilibriumNet([3, 2]), 0), "Particles, n: must be a whole number of samples >= 1 (got 0)"),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda net: net(torch.rand(2, 1, 3)),
            f"{NET}, input: must be floating-point numbers [batch, 3] (got torch.float32 (2, 1, 3)); flatten images first",
        ),
        (
            lambda net: net(torch.zeros(2, 3, dtype=torch.int64)),
            f"{NET}, input: must be floating-point numbers [batch, 3] (got torch.int64 (2, 3)); flatten images first",
        ),
        (
            lambda net: net([1.0]),
            f"{NET}, input: must be floating-point numbers [batch, 3] (got [1.0]); flatten images first",
        ),
        (
            lambda net: net(torch.rand(2, 3), (torch.rand(2, 4), torch.rand(1, 2))),
            f"{NET}, begin: must be potentials of each layer, [(2, 4), (2, 2)] (got [(2, 4), (1, 2)])",
        ),
        (
            lambda net: net(torch.rand(2, 3), 0.5),
            f"{NET}, begin: must be potentials of each layer, [(2, 4), (2, 2)] (got '0.5')",
        ),
        (
            lambda net: EquilibriumPropagation().learn(net, torch.rand(2, 3), torch.tensor([0, 1, 1])),
            f"{RULE}, target: must be classes [2], or a tensor [2, 2] (got (3,)); one target goes to each sample",
        ),
        (
            lambda net: Particles(net, 5).take(torch.tensor([0, 5])),
            "Particles, rows: must be whole numbers in 0..4, int64 [batch] (got tensor([0, 5]))",
        ),
        (
            lambda net: Particles(net, 5).keep(torch.tensor([0.0]), net.settle(torch.rand(1, 3))),
            "Particles, rows: must be whole numbers in 0..4, int64 [batch] (got tensor([0.]))",
        ),
    ],
)
def test_what_does_not_fit(call: Any, said: str) -> None:
    with pytest.raises(EngineError) as caught:
        call(EquilibriumNet([3, 4, 2]))
    assert str(caught.value) == said
