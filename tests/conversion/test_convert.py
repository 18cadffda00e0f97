"""Conversion against loops written out here, bounds that hold for any weights, and the artificial network itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from maichong.conversion import QCFS, convert  # noqa: E402
from maichong.conversion.gates import RunningMax  # noqa: E402

PLAIN = {"engine": "plain", "allow_loss": True}


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    torch.manual_seed(3)


def mlp(bias: bool = True) -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 12, bias), nn.ReLU(), nn.Linear(12, 9, bias), nn.ReLU(), nn.Linear(9, 4, bias)).double()


def conv() -> nn.Sequential:
    """Nested, with batch normalisation behind a convolution, a pooling and a Linear; its statistics are some, not 0 and 1."""
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.AvgPool2d(2)),
        nn.Sequential(nn.Conv2d(4, 5, 2), nn.AvgPool2d(2, 1), nn.BatchNorm2d(5), nn.ReLU()),
        nn.Flatten(), nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3),
    ).double()  # fmt: skip
    for _ in range(20):
        net(3 * torch.rand(30, 1, 8, 8, dtype=torch.float64))
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.weight.data.uniform_(-1.0, 2.0)
            module.bias.data.uniform_(-0.2, 0.5)
    return net


def activations(ann: nn.Sequential, x: Any) -> list[np.ndarray]:
    """What each ReLU of an mlp gives."""
    found = []
    for module in ann:
        x = module(x)
        if isinstance(module, nn.ReLU):
            found.append(x.detach().numpy())
    return found


def relative(found: Any, wanted: Any) -> float:
    """The size of the error beside that of what is wanted."""
    return float(((found - wanted).norm() / wanted.norm()).detach())


def neurons(currents: np.ndarray, hard: bool, threshold: float = 1.0) -> np.ndarray:
    """Integrate and fire, written out: [time, batch, n] -> spikes."""
    v, spikes = np.zeros(currents.shape[1:]), np.zeros(currents.shape)
    for t, current in enumerate(currents):
        v = v + current
        spikes[t] = v >= threshold
        v = np.where(v >= threshold, 0.0 if hard else v - threshold, v)
    return spikes


# the spiking network ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["soft", "hard"])
@pytest.mark.parametrize("balance", ["weights", "thresholds"])
def test_the_network_is_the_loop_written_out(reset: str, balance: str) -> None:
    """Weights times f_(l-1) / f_l, biases divided by f_l, thresholds 1; with thresholds kept apart it fires the same spikes."""
    ann, x = mlp(), torch.rand(5, 6, dtype=torch.float64)
    made = convert(ann, x, "data", 40, reset=reset, balance=balance, **PLAIN)
    maxima = [a.max() for a in activations(ann, x)]
    assert made.factors == pytest.approx(maxima)
    (w1, b1), (w2, b2), (w3, b3) = [
        (m.weight.detach().numpy(), m.bias.detach().numpy()) for m in ann if isinstance(m, nn.Linear)
    ]
    f1, f2 = maxima
    hard = reset == "hard"
    first = neurons(np.broadcast_to((x.numpy() @ w1.T + b1) / f1, (40, 5, 12)), hard)
    second = neurons(first @ (w2.T * f1 / f2) + b2 / f2, hard)
    outputs = (second @ w3.T * f2 + b3).mean(axis=0)
    np.testing.assert_allclose(made(x).numpy(), outputs, atol=1e-12)
    np.testing.assert_allclose(made.net(x).numpy() * made.unit, outputs, atol=1e-12)
    thresholds = [layer.threshold for layer in made.report.layers]
    assert thresholds == pytest.approx([1.0, 1.0] if balance == "weights" else [f1, f2 / f1])


def test_what_the_report_says_of_a_layer_is_what_the_loop_gives() -> None:
    ann, x = mlp(), torch.rand(5, 6, dtype=torch.float64)
    made = convert(ann, x, "percentile", 25, percentile=90.0, **PLAIN)
    first = activations(ann, x)[0]
    f1 = np.percentile(first, 90.0)
    z = (x.numpy() @ ann[0].weight.detach().numpy().T + ann[0].bias.detach().numpy()) / f1
    rates = neurons(np.broadcast_to(z, (25, 5, 12)), hard=False).mean(axis=0)
    layer = made.report.layers[0]
    assert (layer.name, layer.factor) == ("1", pytest.approx(f1))
    assert layer.rate == pytest.approx(rates.mean())
    assert layer.silent == pytest.approx((rates == 0).all(axis=0).mean())
    assert layer.saturated == pytest.approx((rates == 1).mean())
    assert 0 < layer.saturated <= 0.1 + 1e-9
    assert layer.error == pytest.approx(np.sqrt(((rates * f1 - first) ** 2).mean() / (first**2).mean()))


def test_one_layer_is_right_to_within_one_spike() -> None:
    """A soft reset loses nothing: |rate f - a| <= f / T for any weights, as long as no activation lies above f."""
    ann, x = nn.Sequential(nn.Linear(6, 50), nn.ReLU()).double(), torch.randn(20, 6, dtype=torch.float64)
    for steps in (8, 32, 128):
        made = convert(ann, x, "data", steps, **PLAIN)
        assert float((made(x) - ann(x)).detach().abs().max()) <= made.factors[0] / steps + 1e-12


def test_rates_come_to_the_activations_with_time() -> None:
    """The error of a deep network falls about as 1 / T: a twentieth of it is left after twenty times as many steps."""
    ann, x = mlp(), torch.rand(10, 6, dtype=torch.float64)
    errors = [relative(convert(ann, x, "data", steps, **PLAIN)(x), ann(x)) for steps in (15, 300)]
    assert errors[1] < errors[0] / 8
    assert errors[1] < 0.02


def test_pieces_of_a_run_are_the_run() -> None:
    ann, x = conv().float(), torch.rand(3, 1, 8, 8)
    made = convert(ann, x, "data", 21, allow_loss=True)
    pieces = torch.cat([piece.clone() for piece in made.run(x, 21)])
    assert pieces.shape == (21, 3, 3)
    torch.testing.assert_close(pieces.mean(dim=0) * made.unit, made.net(x) * made.unit)
    torch.testing.assert_close(made(x), made.net(x) * made.unit)


def test_bernoulli_spikes_are_the_input_on_average() -> None:
    """Five standard deviations of a mean over 4,000 steps bound the error of the currents; a soft reset adds one spike."""
    ann, x, steps = nn.Sequential(nn.Linear(3, 4), nn.ReLU()).double(), torch.rand(2, 3, dtype=torch.float64), 4000
    made = convert(ann, x, "model", steps, coding="bernoulli", generator=torch.Generator().manual_seed(1), **PLAIN)
    spread = 5 * (ann[0].weight.abs() @ (x * (1 - x) / steps).sqrt().T).T
    # the largest deficit of a random walk on its way is what a ReLU of the sum may hide: only clearly positive ones are compared
    clear = ann[0](x) > 0.1
    assert bool(clear.any())
    assert bool(((made(x) - ann(x)).abs() <= spread + made.factors[0] / steps)[clear].all())


def test_the_network_that_came_in_is_as_it_was() -> None:
    ann = conv().train()
    before = {key: value.clone() for key, value in ann.state_dict().items()}
    made = convert(ann, torch.rand(20, 1, 8, 8, dtype=torch.float64), "data", 10, **PLAIN)
    assert ann.training and all(module.training for module in ann.modules())
    assert all(torch.equal(value, before[key]) for key, value in ann.state_dict().items())
    assert not any(parameter.requires_grad for name, parameter in made.net.named_parameters())


def test_batch_normalisation_is_folded() -> None:
    ann, x = conv(), 3 * torch.rand(20, 1, 8, 8, dtype=torch.float64)
    made = convert(ann, x, "data", 10, **PLAIN)
    torch.testing.assert_close(made.artificial(x), ann.eval()(x), rtol=1e-9, atol=1e-12)
    assert [layer.name for layer in made.report.layers] == ["0.2", "1.3", "5"]


def test_poolings_may_be_neurons_and_names_say_so() -> None:
    ann, x = conv(), torch.rand(10, 1, 8, 8, dtype=torch.float64)
    made = convert(ann, x, "data", 200, pooling="spiking", **PLAIN)
    assert [layer.name for layer in made.report.layers] == ["0.2", "0.4", "1.3", "5"]
    assert made.factors[0] == made.factors[1], "an average of spikes is in their unit"
    # each population is right to within a spike if its input is steady
    assert float((made(x) - made.artificial(x)).detach().abs().max() / made.artificial(x).abs().max()) < 0.05


# the factors -----------------------------------------------------------------------------------------------------------


def test_model_based_factors_are_the_sums_of_positive_weights() -> None:
    """Diehl et al. 2015, algorithm 1: divide a layer by the largest sum of its positive weights, one layer after the other."""
    ann, x = mlp(bias=False), torch.rand(5, 6, dtype=torch.float64)
    x[0, 0] = 1.0
    made = convert(ann, x, "model", 10, **PLAIN)
    sums = [np.maximum(ann[k].weight.detach().numpy(), 0).sum(axis=1).max() for k in (0, 2)]
    assert made.factors == pytest.approx([sums[0], sums[0] * sums[1]])


def test_no_input_takes_an_activation_above_the_model_based_factor() -> None:
    ann = conv()
    made = convert(ann, torch.rand(10, 1, 8, 8, dtype=torch.float64).clamp(max=1), "model", 10, **PLAIN)
    x = (torch.rand(500, 1, 8, 8, dtype=torch.float64) > torch.rand(500, 1, 1, 1, dtype=torch.float64)).double() * 0.9
    for stage, factor in zip(made.stages, made.factors, strict=False):
        x = stage.forward(x)
        assert float(x.max()) <= factor


def test_percentiles_are_those_of_all_activations() -> None:
    ann, x = mlp(), torch.rand(300, 6, dtype=torch.float64)
    made = convert(ann, x, "percentile", 10, percentile=97.0, **PLAIN)
    assert made.factors == pytest.approx([np.percentile(a, 97.0) for a in activations(ann, x)])
    assert convert(ann, x, "percentile", 10, percentile=100, **PLAIN).factors == convert(ann, x, "data", 10, **PLAIN).factors


@pytest.mark.parametrize("reset", ["soft", "hard"])
def test_spike_norm_takes_the_largest_current_of_the_converted_front(reset: str) -> None:
    """Sengupta et al. 2019: weights as they are, each threshold the largest input that the spikes before bring in a step."""
    ann, x = mlp(bias=False), torch.rand(7, 6, dtype=torch.float64)
    made = convert(ann, x, "spike_norm", 30, reset=reset, balance="thresholds", **PLAIN)
    w1, w2 = (ann[k].weight.detach().numpy() for k in (0, 2))
    current = np.broadcast_to(x.numpy() @ w1.T, (30, 7, 12))
    th1 = current.max()
    second = neurons(current, reset == "hard", th1) @ w2.T
    assert [layer.threshold for layer in made.report.layers] == pytest.approx([th1, second.max()])
    assert made.factors == pytest.approx([th1, th1 * second.max()])


# two phases, and QCFS --------------------------------------------------------------------------------------------------


def quantised(steps: int, pool: type = nn.AvgPool2d) -> nn.Sequential:
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), QCFS(steps, 0.8), pool(2), nn.Conv2d(6, 8, 2), QCFS(steps, 0.3), nn.Flatten(),
        nn.Linear(32, 10), QCFS(steps, 0.2), nn.Linear(10, 4),
    ).double()  # fmt: skip
    return net.eval()


@pytest.mark.parametrize("pool", [nn.AvgPool2d, nn.MaxPool2d])
@pytest.mark.parametrize("steps", [4, 7])
def test_two_phases_are_qcfs_exactly(steps: int, pool: type) -> None:
    """Every count is the level that QCFS rounds to, in all layers; what is left is the rounding of the last sum."""
    ann, x = quantised(steps, pool), torch.randn(200, 1, 8, 8, dtype=torch.float64)
    made = convert(ann, x, "qcfs", steps, firing="two_phase", engine="plain")
    assert [layer.error for layer in made.report.layers] == pytest.approx([0.0] * 3, abs=1e-14)
    assert all(0 < layer.rate < 1 for layer in made.report.layers)
    assert float((made(x) - ann(x)).abs().max()) < 1e-14


def test_counts_of_two_phases_are_whole_levels() -> None:
    """The difference to the levels of the first layer is 0.0, not about 0."""
    ann = nn.Sequential(nn.Linear(5, 400), QCFS(6, 0.7)).double()
    x = torch.randn(50, 5, dtype=torch.float64)
    made = convert(ann, x, "qcfs", 6, firing="two_phase", **PLAIN)
    levels = torch.round(ann(x) * 6 / ann[1].threshold)
    assert float((torch.round(made.net(x) * 6) - levels).abs().max()) == 0.0
    assert set(levels.unique().tolist()) == set(range(7))


def test_qcfs_beats_a_relu_where_there_are_few_steps() -> None:
    """Firing freely, half a threshold at the start halves the error of one layer: f / 2T instead of f / T."""
    relu, x, steps = nn.Sequential(nn.Linear(6, 200), nn.ReLU()).double(), torch.randn(40, 6, dtype=torch.float64), 8
    top = float(relu(x).max())
    half = convert(nn.Sequential(relu[0], QCFS(steps, top).double()), x, "qcfs", steps, **PLAIN)
    assert float((half(x) - relu(x)).abs().max()) <= half.factors[0] / (2 * steps) + 1e-12
    assert half.factors == pytest.approx([top])
    assert float((convert(relu, x, "data", steps, **PLAIN)(x) - relu(x)).abs().max()) > top / (2 * steps)


def test_initial_potentials_may_be_chosen() -> None:
    """A current of 0.3 thresholds: floor(v_0 + 0.3 T) spikes."""
    ann = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ReLU()).double()
    ann[0].weight.data.fill_(1.0)
    x = torch.tensor([[0.3], [1.0]], dtype=torch.float64)
    for initial, spikes in ((0.0, 2), (0.5, 2), (0.75, 3)):
        assert float(convert(ann, x, "data", 8, initial=initial, **PLAIN)(x[:1])) == pytest.approx(spikes / 8)


# max pooling -----------------------------------------------------------------------------------------------------------


def test_a_pooled_count_is_the_largest_count() -> None:
    """After each step, in every window, over pieces of a run too; and what comes out are spikes."""
    x = (torch.rand(40, 3, 2, 6, 6) < 0.4).float()
    pool = nn.MaxPool2d(3, 1, padding=1)
    layer = RunningMax(pool)
    out = layer(x)
    assert set(out.unique().tolist()) == {0.0, 1.0}
    for t in range(40):
        assert torch.equal(out[: t + 1].sum(dim=0), pool(x[: t + 1].sum(dim=0)))
    first, state = layer(x[:13], layer.begin(x))
    second, _ = layer(x[13:], state)
    assert torch.equal(torch.cat([first, second]), out)


def test_a_network_with_max_pooling_comes_to_its_activations() -> None:
    ann = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(54, 5)).double()
    x = torch.rand(20, 1, 8, 8, dtype=torch.float64)
    errors = [relative(convert(ann, x, "data", steps, **PLAIN)(x), ann(x)) for steps in (10, 200)]
    assert errors[1] < errors[0] / 8
    assert errors[1] < 0.02
