"""Feed-forward potentials by closed form, and weights that keep their signs whatever learns them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from maichong import LIF, TsodyksMarkram
from maichong.errors import EngineError, ParameterError
from maichong.learning import EquilibriumNet, Potentials, keep_signs
from maichong.learning.potentials import released

CELL = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=0.8, v_r=0.0)
LEFT = math.exp(-0.5)
"""What a step of 1 ms leaves of a potential."""


def test_potentials_below_and_far_above_the_threshold() -> None:
    """Below it v_k = I (1 - e^(-k / tau)); a current that crosses it in one step gives 1; nothing below rest is counted."""
    net = EquilibriumNet([3, 3, 1]).double()
    with torch.no_grad():
        net.weights[0].copy_(torch.eye(3))
        net.biases[0].fill_(0.1)
        net.weights[1].fill_(0.2)
        net.biases[1].fill_(-0.05)
    hidden, output = Potentials(CELL, 12, engine="plain")(net, torch.tensor([[0.3, 4.0, -2.0]], dtype=torch.float64))
    rising = 1 - LEFT ** np.arange(1, 13)
    np.testing.assert_allclose(hidden[0].numpy(), [0.4 * rising.mean() / 0.8, 1.0, 0.0], rtol=1e-12)
    # one hidden cell fires in every step: 0.2 - 0.05
    np.testing.assert_allclose(output[0].numpy(), [0.15 * rising.mean() / 0.8], rtol=1e-12)


def test_a_cell_that_fires_now_and_then() -> None:
    """I = 1: v is 0.393, 0.632, 0.777 and over the threshold in the fourth step, then from 0 again."""
    net = EquilibriumNet([1, 1]).double()
    with torch.no_grad():
        net.weights[0].fill_(1.0)
    rising = 1 - LEFT ** np.arange(1, 4)
    (found,) = Potentials(CELL, 8, engine="plain")(net, torch.ones(1, 1, dtype=torch.float64))
    assert float(found) == pytest.approx((rising.sum() / 0.8 + 1) / 4, rel=1e-12)


def test_spikes_release_what_the_closed_form_of_regular_trains_says() -> None:
    """u = U / (1 - (1 - U) e^(-D / tau_f)), x = (1 - e^(-D / tau_d)) / (1 - (1 - u) e^(-D / tau_d)): a spike releases u x."""
    rule = TsodyksMarkram(U=0.45, tau_f=10.0, tau_d=20.0)
    spikes = torch.zeros(400, 1, 2, dtype=torch.float64)
    spikes[::1, 0, 0] = 1
    spikes[::4, 0, 1] = 1
    found = released(rule, spikes, 1.0)
    assert found[0].tolist() == [[0.45, 0.45]]
    for cell, apart in ((0, 1.0), (1, 4.0)):
        u = 0.45 / (1 - 0.55 * math.exp(-apart / 10))
        x = (1 - math.exp(-apart / 20)) / (1 - (1 - u) * math.exp(-apart / 20))
        assert float(found[396, 0, cell]) == pytest.approx(u * x, rel=1e-9)
    assert (found[spikes == 0] == 0).all()


def test_short_term_plasticity_changes_what_the_next_layer_hears() -> None:
    net = EquilibriumNet([1, 1, 1]).double()
    with torch.no_grad():
        net.weights[0].fill_(4.0)
        net.weights[1].fill_(0.5)
    x = torch.ones(1, 1, dtype=torch.float64)
    rule = TsodyksMarkram(U=0.45, tau_d=20.0)
    plain, tired = (Potentials(CELL, 6, short_term=chosen, engine="plain")(net, x) for chosen in (None, rule))
    assert torch.equal(plain[0], tired[0])
    amounts = released(rule, torch.ones(6, 1, 1, dtype=torch.float64), 1.0).flatten()
    v, seen = 0.0, []
    for amount in amounts.tolist():
        v = LEFT * v + (1 - LEFT) * 0.5 * amount
        seen.append(v / 0.8)
    assert float(tired[1]) == pytest.approx(np.mean(seen), rel=1e-12)
    assert float(tired[1]) < float(plain[1])


@pytest.mark.parametrize("optimiser", [torch.optim.SGD, torch.optim.Adam], ids=lambda kind: kind.__name__)
def test_no_sign_changes_in_ten_thousand_random_updates(optimiser: Any) -> None:
    torch.manual_seed(3)
    weight = torch.nn.Parameter(torch.randn(5, 3))
    steps = optimiser([weight], lr=0.3)
    sign = keep_signs(steps, weight, excitatory=[True, False, True, True, False])
    assert sign.tolist() == [1, -1, 1, 1, -1]
    noise = torch.randn(100, 5, 3)
    for k in range(10_000 if optimiser is torch.optim.SGD else 500):
        weight.grad = noise[k % 100]
        steps.step()
        if k % 50 == 0:
            assert (sign[:, None] * weight >= 0).all()
    assert (sign[:, None] * weight >= 0).all()
    assert (weight != 0).any()


def test_a_step_that_would_cross_zero_shrinks_the_weight() -> None:
    """0.5 - 0.2 = 0.3 stays a step; 0.1 - 0.2 < 0 becomes 0.9 * 0.1; of an inhibitory row the same, mirrored."""
    weight = torch.nn.Parameter(torch.tensor([[0.5, 0.1], [0.5, 0.1]], dtype=torch.float64))
    optimiser = torch.optim.SGD([weight], lr=1.0)
    keep_signs(optimiser, weight, excitatory=0.5)
    assert weight.tolist() == [[0.5, 0.1], [-0.5, -0.1]]
    weight.grad = torch.tensor([[0.2, 0.2], [-0.2, -0.2]], dtype=torch.float64)
    optimiser.step()
    np.testing.assert_allclose(weight.detach().numpy(), [[0.3, 0.09], [-0.3, -0.09]], rtol=1e-12)


WEIGHT = torch.nn.Parameter(torch.zeros(4, 2))
SGD = torch.optim.SGD([WEIGHT], lr=0.1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Potentials(LIF(), 5), "Potentials, model: must be a neuron with v_rest = 0 and v_th > 0 mV (got "),
        (lambda: Potentials("LIF", 5), "Potentials, model: must be a neuron with v_rest = 0 and v_th > 0 mV (got 'LIF')"),  # type: ignore[arg-type]
        (lambda: Potentials(CELL, 0), "Potentials, steps: must be a whole number >= 1 (got 0)"),
        (
            lambda: Potentials(CELL, 5, short_term=CELL),
            "Potentials, short_term: must be a rule such as TsodyksMarkram() (got LIF(",
        ),
        (lambda: keep_signs("sgd", WEIGHT), "keep_signs, optimiser: must be one of torch.optim (got 'sgd')"),  # type: ignore[arg-type]
        (
            lambda: keep_signs(SGD, torch.nn.Parameter(torch.zeros(3))),
            "keep_signs, weight: must be a parameter [pre, post] (got Parameter (3,))",
        ),
        (
            lambda: keep_signs(SGD, torch.nn.Parameter(torch.zeros(4, 2))),
            "keep_signs, weight: must be one that the optimiser changes; give it to the optimiser",
        ),
        (lambda: keep_signs(SGD, WEIGHT, decay=2.0), "keep_signs, decay: must be in 0..1 (got 2.0)"),
        (
            lambda: keep_signs(SGD, WEIGHT, excitatory=[True]),
            "keep_signs, excitatory: must be a fraction in 0..1, or 4 flags, True or False (got bool, shape (1,))",
        ),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value).startswith(said)


def test_what_is_no_net() -> None:
    with pytest.raises(EngineError) as caught:
        Potentials(CELL, 5)(torch.nn.Flatten(), torch.rand(1, 3))  # type: ignore[arg-type]
    assert str(caught.value) == ("Potentials, net: must be an EquilibriumNet (got Flatten(start_dim=1, end_dim=-1))")
