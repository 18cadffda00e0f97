"""Masks of arcs: zeros and ones, no arc to itself, gradients to the logits, and a census that is that of the mask."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from maichong import LIF
from maichong.errors import ParameterError
from maichong.motifs import directed_graph, generate, triad_census
from maichong.nn import MotifMask, Recurrent, fix_mask, graph_of_mask, joined, learn_motifs


@pytest.mark.parametrize("form", ["static", "sampled", "regular"])
def test_a_mask_is_zeros_and_ones_and_learns(form: str) -> None:
    torch.manual_seed(1)
    layer = Recurrent(20, LIF(tau_m=2.0))
    mask = learn_motifs(layer, form)
    weight = layer.weight
    assert set(torch.unique(mask.mask().detach()).tolist()) == {0.0, 1.0}
    assert torch.all(weight.diagonal() == 0)
    (weight * torch.randn(20, 20)).sum().backward()
    assert mask.theta.grad is not None
    off = ~torch.eye(20, dtype=torch.bool)
    assert torch.all(mask.theta.grad[off] != 0) and torch.all(mask.theta.grad.diagonal() == 0)


def test_the_gradient_is_that_of_the_sigmoid() -> None:
    """Of sum(c o m): d/dtheta = c slope p (1 - p), by the sigmoid's closed form."""
    mask = MotifMask(6, slope=10.0, spread=0.1)
    c = torch.randn(6, 6)
    (mask.mask() * c).sum().backward()
    p = torch.sigmoid(10.0 * mask.theta.detach())
    expected = c * 10.0 * p * (1 - p) * (1 - torch.eye(6))
    assert mask.theta.grad is not None
    torch.testing.assert_close(mask.theta.grad, expected)


@pytest.mark.parametrize(("form", "tolerance"), [("sampled", 0.02), ("regular", 0.0006)])
def test_arcs_come_as_often_as_their_probability(form: str, tolerance: float) -> None:
    torch.manual_seed(2)
    mask = MotifMask(30, form, spread=0.5, density=0.3, tau=1.0)
    times = 1000 if form == "regular" else 400
    mean = sum(mask.mask().detach() for _ in range(times)) / times
    p = torch.sigmoid(mask.theta.detach()) if form == "regular" else _logistic_normal(mask.theta.detach())
    off = ~torch.eye(30, dtype=torch.bool)
    assert abs(float((mean - p)[off].mean())) < tolerance


def _logistic_normal(theta: torch.Tensor) -> torch.Tensor:
    """E sigma(theta + L) over a logistic L, by its quantiles."""
    noise = torch.logit((torch.arange(4000) + 0.5) / 4000)
    return torch.stack([torch.sigmoid(theta + one) for one in noise]).mean(dim=0)


def test_the_graph_of_a_mask_points_as_the_weights_do() -> None:
    """weight[post, pre]: an entry in row 2, column 0 is the arc 0 -> 2."""
    graph = graph_of_mask(torch.tensor([[0, 0, 0], [1, 0, 0], [1, 1, 0]]))
    assert sorted(zip(graph.sources.tolist(), graph.targets.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    assert triad_census(graph)["030T"] == 1
    mask = MotifMask(50, density=0.2, spread=0.1)
    assert triad_census(mask.graph()) == triad_census(graph_of_mask(mask.mask()))
    assert mask.graph().arcs == pytest.approx(0.2 * 50 * 49, rel=0.25)


def test_a_generated_network_as_a_mask() -> None:
    graph = generate(16, 60, {"030T": 0.4, "021C": 0.6}, moves=500).graph
    layer = torch.nn.Linear(16, 16)
    fix_mask(layer, graph)
    weight = layer.weight.detach().numpy()
    assert np.array_equal(weight.T != 0, graph.matrix().toarray() != 0)
    layer(torch.rand(5, 16)).sum().backward()
    kept = layer.parametrizations.weight.original.grad
    assert torch.all(kept[torch.as_tensor(weight == 0)] == 0)


def test_masks_joined() -> None:
    v, a = torch.tensor([[0.1, -1.0], [2.0, -0.1]]), torch.tensor([[0.1, 1.0], [-2.0, -0.1]])
    found = {how: joined(v, a, how).int().flatten().tolist() for how in ("spatial", "temporal", "and", "or")}
    assert found == {"spatial": [1, 0, 1, 0], "temporal": [1, 1, 0, 0], "and": [1, 0, 0, 0], "or": [1, 1, 1, 0]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MotifMask(1), "MotifMask.n: must be a whole number from 2"),
        (lambda: MotifMask(4, "statics"), r"MotifMask.form: must be one of .* did you mean 'static'\?"),
        (lambda: MotifMask(4, density=1.0), "MotifMask.density: must be a share between 0 and 1"),
        (lambda: MotifMask(4, slope=0.0), "MotifMask.slope: must be > 0"),
        (lambda: learn_motifs(torch.nn.Linear(3, 4)), r"learn_motifs.weight: must be a weight \[n, n\] .*Recurrent has one"),
        (lambda: fix_mask(torch.nn.Linear(3, 3), directed_graph([0], [1], 5)), "fix_mask.mask: must be a graph of 3 nodes"),
        (lambda: fix_mask(torch.nn.Linear(3, 3), np.full((3, 3), 2)), "fix_mask.mask: must be a graph of 3 nodes"),
        (lambda: joined(torch.ones(2), torch.ones(2), "xor"), "joined.how: must be one of spatial, temporal, and, or"),
        (lambda: joined(torch.ones(2), torch.ones(3)), "joined: must get logits of one shape"),
    ],
)
def test_bad_options(call, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
