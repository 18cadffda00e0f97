"""QCFS: its values by hand, its gradients by the published formula, and the neuron that it stands for."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from maichong import IF  # noqa: E402
from maichong.conversion import QCFS  # noqa: E402
from maichong.errors import ParameterError  # noqa: E402
from maichong.nn import Spiking  # noqa: E402


def by_formula(z: np.ndarray, levels: int, bound: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """h, dh/dz and dh/dbound of Bu et al. 2022, with the floor passed straight through."""
    h = bound * np.clip(np.floor(z * levels / bound + 0.5) / levels, 0, 1)
    low, high = -bound / (2 * levels), bound - bound / (2 * levels)
    inside = (z > low) & (z < high)
    return h, inside.astype(float), np.where(inside, (h - z) / bound, (z >= high).astype(float))


@pytest.mark.parametrize(("levels", "bound"), [(1, 1.0), (4, 0.7), (8, 3.3)])
def test_values_and_gradients_are_the_paper_s(levels: int, bound: float) -> None:
    z = np.random.default_rng(1).uniform(-1.5 * bound, 2 * bound, 2000)
    act = QCFS(levels, bound).double()
    act.threshold.data = torch.tensor(bound, dtype=torch.float64)
    x = torch.tensor(z, requires_grad=True)
    weights = torch.linspace(-1, 1, 2000, dtype=torch.float64)
    y = act(x)
    (y * weights).sum().backward()
    h, of_z, of_bound = by_formula(z, levels, bound)
    np.testing.assert_allclose(y.detach().numpy(), h, atol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), of_z * weights.numpy(), atol=1e-12)
    assert float(act.threshold.grad) == pytest.approx(float((of_bound * weights.numpy()).sum()), abs=1e-10)


def test_it_is_the_mean_output_of_a_neuron_with_a_soft_reset() -> None:
    """Start at half the threshold, the same input in each of as many steps as there are levels."""
    levels, bound = 8, 1.3
    z = torch.tensor(np.random.default_rng(2).uniform(-1, 2, 500))
    cell = Spiking(IF(c_m=1.0, v_th=bound, v_r=0.0, v_0=bound / 2, reset="soft"), engine="plain")
    rate = cell(z.expand(levels, 1, 500)).mean(dim=0)[0]
    # a negative current may not take back a spike, so the two agree where the current is the same in each step
    np.testing.assert_allclose((rate * bound).numpy(), by_formula(z.numpy(), levels, bound)[0], atol=1e-12)


def test_its_bound_is_learned() -> None:
    """The best bound of QCFS for a uniform z in 0..2, clipped, is 2: gradient descent on the squared error finds it."""
    torch.manual_seed(0)
    act = QCFS(16, 0.5)
    optimiser = torch.optim.Adam(act.parameters(), 0.05)
    for _ in range(300):
        z = 2 * torch.rand(500)
        optimiser.zero_grad()
        (act(z) - z).square().mean().backward()
        optimiser.step()
    assert 1.9 < float(act.threshold) < 2.2


@pytest.mark.parametrize("levels", [0, -1, 2.0, True, None])
def test_levels_that_are_none(levels: object) -> None:
    with pytest.raises(ParameterError, match=r"^QCFS, levels: must be a whole number >= 1"):
        QCFS(levels)  # type: ignore[arg-type]


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan"), float("inf"), "1", True])
def test_thresholds_that_are_none(threshold: object) -> None:
    with pytest.raises(ParameterError, match=r"^QCFS, threshold: must be a number > 0"):
        QCFS(4, threshold)  # type: ignore[arg-type]
