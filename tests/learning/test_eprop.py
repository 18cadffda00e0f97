"""e-prop: gradients equal explicit eligibility traces, written out for LIF and for a neuron with an adaptive threshold."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from digits import NEURON, layered, mse, trained

from maichong import LIF, AdaptiveLIF
from maichong.errors import EngineError, ParameterError
from maichong.learning import BPTT, DirectFeedbackAlignment, Eligibility, EProp, Learner
from maichong.nn import MeanRate, Recurrent, Sequential, Spiking

STEPS, ROWS, M, N = 25, 2, 4, 3
UNIT = {"tau_m": 5.0, "c_m": 5.0, "v_rest": 0.0, "v_th": 1.0, "v_r": 0.0, "reset": "soft"}
ADAPTIVE = {**UNIT, "tau_a": 30.0, "delta_a": 0.4}


def given() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    x = (torch.rand(STEPS, ROWS, M, generator=g) < 0.4).double()
    weight = torch.rand(N, M, generator=g, dtype=torch.float64) * 3
    recurrent = torch.rand(N, N, generator=g, dtype=torch.float64) - 0.5
    signal = torch.randn(STEPS, ROWS, N, generator=g, dtype=torch.float64)
    return x, weight, recurrent, signal


def by_hand(adaptive: bool) -> dict[str, torch.Tensor]:
    """Eligibility traces by hand (Bellec et al. 2020, methods), with the spike's derivative psi in reset and adaptation too:

    v' = a v + (1 - a) i, b' = r b, z = H(v' - 1 - b'), v'' = v' - z (1 + b'), b'' = b' + 0.4 z; psi = max(0, 1 - |v' - 1 - b'|).
    """
    x, weight, recurrent, signal = given()
    a, r = (float(torch.exp(torch.tensor(-1.0 / tau, dtype=torch.float64))) for tau in (5.0, 30.0))
    jump = 0.4 if adaptive else 0.0
    v, b, z = (torch.zeros(ROWS, N, dtype=torch.float64) for _ in range(3))
    weights = {"weight": weight, "recurrent": recurrent}
    eps_v = {k: torch.zeros(ROWS, *w.shape, dtype=torch.float64) for k, w in weights.items()}
    eps_b = {k: torch.zeros(ROWS, *w.shape, dtype=torch.float64) for k, w in weights.items()}
    total = {k: torch.zeros_like(w) for k, w in weights.items()}
    for t in range(STEPS):
        pre = {"weight": x[t], "recurrent": z}
        v = a * v + (1 - a) * (x[t] @ weight.t() + z @ recurrent.t())
        b = r * b
        excess = v - (1.0 + b)
        z = (excess >= 0).double()
        height = (1.0 + b)[..., None]
        v, b = v - z * (1.0 + b), b + jump * z
        psi = (1 - excess.abs()).clamp(min=0)[..., None]
        for k in weights:
            eps_v[k] = a * eps_v[k] + (1 - a) * pre[k][:, None, :]
            e = psi * (eps_v[k] - r * eps_b[k])
            # potential and adaptation hear the spike, whose derivative is the eligibility itself
            eps_v[k] = eps_v[k] - e * height - z[..., None] * r * eps_b[k]
            eps_b[k] = r * eps_b[k] + jump * e
            total[k] += (signal[t][..., None] * e).sum(0)
    assert (total["recurrent"] != 0).any()
    return total


def layer(adaptive: bool) -> Recurrent:
    model = AdaptiveLIF(**ADAPTIVE) if adaptive else LIF(**UNIT)
    neurons = Recurrent(N, model, surrogate="triangle", engine="plain").double()
    with torch.no_grad():
        neurons.weight.copy_(given()[2])
    return neurons


@pytest.mark.parametrize("adaptive", [False, True])
def test_traces_forward_in_time_are_those_of_the_paper(adaptive: bool) -> None:
    x, weight, _, signal = given()
    traces = Eligibility(layer(adaptive))
    for (_, add), now in zip(traces.run(x, weight), signal, strict=True):
        add(now)
    for name, value in by_hand(adaptive).items():
        torch.testing.assert_close(traces.gradients[name], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("adaptive", [False, True])
def test_the_rule_gives_the_sum_over_traces(adaptive: bool) -> None:
    x, weight, _, signal = given()
    net = Sequential(torch.nn.Linear(M, N, bias=False), layer(adaptive)).double()
    with torch.no_grad():
        net[0].weight.copy_(weight)
    found = Learner(net, lambda z, y: (z * y).sum(), EProp()).assign(x, signal).gradients
    expected = by_hand(adaptive)
    torch.testing.assert_close(found["0.weight"], expected["weight"], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found["1.weight"], expected["recurrent"], rtol=1e-9, atol=1e-12)
    through = Learner(net, lambda z, y: (z * y).sum()).assign(x, signal).gradients
    assert not torch.allclose(through["0.weight"], found["0.weight"])
    pieces = Learner(net, lambda z, y: (z * y).sum(), EProp(), window=STEPS).assign(x, signal)
    torch.testing.assert_close(pieces.gradients["1.weight"], expected["recurrent"])


def test_without_recurrence_it_is_bptt_or_direct_feedback() -> None:
    net = layered(6, 8, 3, engine="plain").double()
    with torch.no_grad():
        net[1].weight.mul_(3.0).abs_()
    x, target = torch.rand(4, 6, dtype=torch.float64), torch.tensor([0, 1, 2, 0])
    cross = torch.nn.functional.cross_entropy
    for rule, same in ((EProp(), BPTT()), (EProp("random", 0.5), DirectFeedbackAlignment(0.5))):
        found, expected = (Learner(net, cross, r).assign(x, target).gradients for r in (rule, same))
        assert (expected["1.weight"] != 0).any()
        for name, value in expected.items():
            assert torch.equal(found[name], value)


@pytest.mark.parametrize("feedback", ["symmetric", "random"])
def test_digits_are_learned(feedback: str) -> None:
    torch.set_num_threads(1)
    net = layered(64, 60, 10)
    torch.manual_seed(0)
    neurons = Recurrent(60, NEURON, surrogate="rectangle")
    net = Sequential(net[0], net[1], neurons, net[3], net[4], MeanRate())
    assert trained(Learner(net, mse, EProp(feedback)), epochs=5) > 0.85


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EProp("adaptive"), ParameterError, "feedback: must be one of symmetric, random"),
        (lambda: EProp(scale=2.0), ParameterError, "scale: is that of random feedback"),
        (lambda: EProp("random", 0), ParameterError, "scale: must be a number other than 0"),
        (lambda: Learner(Sequential(Sequential(Spiking(NEURON)), torch.nn.Linear(2, 2)), mse, EProp()), EngineError,
         "layer 0: must be Spiking or Recurrent"),
        (lambda: Eligibility(torch.nn.Linear(1, 1)), EngineError, "must be Spiking or Recurrent"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
