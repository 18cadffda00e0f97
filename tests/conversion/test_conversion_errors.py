"""What conversion refuses, and that it says what to do about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from maichong.conversion import QCFS, accuracy_over_time, convert, evaluate  # noqa: E402
from maichong.conversion.gates import Gather  # noqa: E402
from maichong.errors import ConversionError, EngineError, ParameterError  # noqa: E402

X = torch.rand(10, 4)
NET = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))


def said(error: type, call: Any) -> str:
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def test_all_modules_without_a_spiking_counterpart_are_named_with_a_cure() -> None:
    net = nn.Sequential(
        nn.Linear(4, 5), nn.GELU(), nn.Sequential(nn.Linear(5, 5), nn.LayerNorm(5), nn.ReLU(), nn.Sequential(nn.Softmax(1))),
        nn.GRU(5, 5),
    )  # fmt: skip
    assert said(ConversionError, lambda: convert(net, X)).splitlines() == [
        "convert, ann: has modules without a spiking counterpart (got 4 of them)",
        "- 1 (GELU): replace it by ReLU or QCFS, and train again",
        "- 2.1 (LayerNorm): use BatchNorm, which folds into weights",
        "- 2.3.0 (Softmax): leave it out: the largest output stays the largest",
        "- 3 (GRU): use Linear, convolutions, poolings, BatchNorm, ReLU or QCFS, in a Sequential",
    ]


def test_a_sequential_with_a_forward_of_its_own_is_no_sequential() -> None:
    class Residual(nn.Sequential):
        def forward(self, x: Any) -> Any:
            return x + super().forward(x)

    net = nn.Sequential(nn.Linear(4, 4), Residual(nn.Linear(4, 4), nn.ReLU()))
    assert "- 1 (Residual): use Linear" in said(ConversionError, lambda: convert(net, X))


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (nn.Linear(4, 3), "convert, ann: must be a torch.nn.Sequential (got Linear); put its layers into one"),
        ("net", "convert, ann: must be a torch.nn.Sequential (got str); put its layers into one"),
        (
            nn.Sequential(nn.Linear(4, 3), nn.Dropout()),
            "convert, ann: has no activation, so that it has no layer of neurons; put ReLU or QCFS in it",
        ),
        (nn.Sequential(), "convert, ann: has no activation, so that it has no layer of neurons; put ReLU or QCFS in it"),
        (
            nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.BatchNorm1d(5), nn.Linear(5, 3)),
            "convert, 2: a batch normalisation must follow what it can be folded into (got 2 behind 1 (ReLU)); "
            "put it directly behind a Linear or a convolution",
        ),
        (
            nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 5), nn.ReLU()),
            "convert, 0: a batch normalisation must follow what it can be folded into (got 0 at the beginning); "
            "put it directly behind a Linear or a convolution",
        ),
        (
            nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5, track_running_stats=False), nn.ReLU()),
            "convert, ann: has modules without a spiking counterpart (got 1 of them)\n"
            "- 1 (BatchNorm1d): has no running statistics; train it with track_running_stats=True",
        ),
        (
            nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.MaxPool1d(2, return_indices=True)),
            "convert, ann: has modules without a spiking counterpart (got 1 of them)\n"
            "- 2 (MaxPool1d): set return_indices=False",
        ),
    ],
)  # fmt: skip
def test_networks_that_cannot_be_converted(net: Any, message: str) -> None:
    assert said(ConversionError, lambda: convert(net, X)) == message


def test_weights_that_are_no_numbers() -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(4, 5)), nn.ReLU())
    net[0][0].weight.data[1, 2] = float("nan")
    message = "convert, 0.0.weight: must be finite (got 1 numbers that are NaN or infinite)"
    assert said(ConversionError, lambda: convert(net, X)) == message


def test_a_threshold_that_training_has_lost() -> None:
    net = nn.Sequential(nn.Linear(4, 5), QCFS(4))
    net[1].threshold.data.fill_(-1.0)
    assert (
        said(ConversionError, lambda: convert(net, X, "qcfs"))
        == "convert, 1.threshold: must be > 0 (got -1.0); train it longer"
    )


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (None, "must be a tensor [batch, ...] (got None); use torch.as_tensor(x)"),
        (np.zeros((3, 4)), "must be a tensor [batch, ...]"),
        (
            torch.ones(3, 4, dtype=torch.uint8),
            "must hold floating-point numbers (got torch.uint8); use x.float() / 255 for pixels",
        ),
        (torch.ones(0, 4), "must hold samples, [batch, ...] (got (0, 4)); give some training samples"),
        (torch.ones(4), "must hold samples, [batch, ...] (got (4,)); give some training samples"),
        (torch.full((3, 4), float("nan")), "must be finite (got 12 numbers that are NaN or infinite)"),
        (torch.ones(3, 5), "must fit the network (got (2, 5) before 0 (Linear): "),
        (torch.ones(3, 4).double(), "must fit the network (got (2, 4) before 0 (Linear): "),
    ],
)
def test_calibration_samples_that_are_none(x: Any, message: str) -> None:
    assert said(ConversionError, lambda: convert(NET, x)).startswith(f"convert, calibration: {message}")


def test_images_without_channels_are_not_taken_for_one_image() -> None:
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU())
    message = said(ConversionError, lambda: convert(net, torch.rand(2, 8, 8)))
    assert "(2, 8, 8) before 0 (Conv2d): it takes 4 axes, the batch first" in message


@pytest.mark.parametrize(("low", "high"), [(-0.5, 1.0), (0.0, 1.5)])
def test_inputs_that_are_no_chances(low: float, high: float) -> None:
    x = torch.tensor([[low, high, 0.5, 0.5]])
    assert said(ConversionError, lambda: convert(NET, x, coding="bernoulli")) == (
        f"convert, calibration: must be chances in 0..1 for Bernoulli spikes (got values in {low:g}..{high:g}); "
        "scale the input, or use coding='constant', which takes any value"
    )
    made = convert(NET, X, steps=20, coding="bernoulli", engine="plain", allow_loss=True)
    assert said(ConversionError, lambda: made(x)).startswith("Converted, input: must be chances in 0..1")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"method": "percentil"}, "convert, method: must be one of model, data, percentile, spike_norm, qcfs (got 'percentil'); "
         "did you mean 'percentile'?"),
        ({"method": 3}, "convert, method: must be one of model"),
        ({"reset": "none"}, "convert, reset: must be one of soft, hard (got 'none')"),
        ({"coding": "poisson"}, "convert, coding: must be one of constant, bernoulli (got 'poisson')"),
        ({"balance": "both"}, "convert, balance: must be one of weights, thresholds (got 'both')"),
        ({"firing": "two"}, "convert, firing: must be one of free, two_phase (got 'two')"),
        ({"pooling": "max"}, "convert, pooling: must be one of average, spiking (got 'max')"),
        ({"engine": "gpu"}, "convert, engine: must be one of auto, fused, plain (got 'gpu')"),
        ({"steps": 0}, "convert, steps: must be a whole number >= 1 (got 0)"),
        ({"steps": 2.5}, "convert, steps: must be a whole number >= 1 (got 2.5)"),
        ({"percentile": 101}, "convert, percentile: must be a number in 0..100 (got 101)"),
        ({"percentile": "all"}, "convert, percentile: must be a number in 0..100 (got 'all')"),
        ({"initial": float("nan")}, "convert, initial: must be a number in -1..1 (got nan)"),
        ({"firing": "two_phase", "reset": "hard"}, "convert, reset: two phases need a soft one (got 'hard'); "
         "a hard reset would lose all but one spike"),
    ],
)  # fmt: skip
def test_choices_that_are_none(given: dict[str, Any], message: str) -> None:
    assert said(ParameterError, lambda: convert(NET, X, **given)).startswith(message)


def test_qcfs_needs_qcfs() -> None:
    assert said(ConversionError, lambda: convert(NET, X, "qcfs")) == (
        "convert, 1: method 'qcfs' needs QCFS in place of each ReLU (got ReLU); "
        "train with QCFS, or choose the method 'percentile'"
    )


def test_a_network_that_is_dead_already() -> None:
    net = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    net[0].weight.data.fill_(-1.0)
    net[0].bias.data.zero_()
    assert said(ConversionError, lambda: convert(net, X, "data")) == (
        "convert, 1: must have an activation above 0, by the method 'data' (got 0.0); "
        "its neurons are all silent in the artificial network: train it again"
    )


# the gate --------------------------------------------------------------------------------------------------------------


def sure() -> tuple[nn.Sequential, torch.Tensor, torch.Tensor]:
    """A network that is always right: it says which of four inputs is the largest; half of its activations are small."""
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU())
    net[0].weight.data = torch.eye(4)
    x = torch.rand(200, 4, generator=torch.Generator().manual_seed(1)) * 0.5
    return net, x, x.argmax(dim=1)


def test_a_silent_layer_is_refused_by_name() -> None:
    net, x, y = sure()
    # no activation but one is near the factor, so that 1 step is too short for a single spike
    big = torch.cat([x, torch.full((1, 4), 3.0)])
    made = convert(net, big, "data", 1, engine="plain")
    assert said(ConversionError, lambda: evaluate(made, (x, y))) == (
        "evaluate: each layer must fire within 1 steps (got no spike of 1); use more steps, or the method 'percentile'"
    )
    assert said(ConversionError, lambda: convert(net, x, "model", 1, initial=-0.9, engine="plain")) == (
        "convert: each layer must fire within 1 steps (got no spike of 1); "
        "use more steps, or the method 'percentile'; allow_loss=True gives the network as it is"
    )
    assert convert(net, x, "model", 1, initial=-0.9, engine="plain", allow_loss=True).report.silent == ("1",)


def test_lost_accuracy_is_refused_unless_it_is_allowed() -> None:
    net, x, y = sure()
    made = convert(net, x, "data", 4, engine="plain")
    message = said(ConversionError, lambda: evaluate(made, (x, y)))
    assert message.startswith("evaluate: the accuracy must be within 1 % of the artificial network's 100.00 % (got ")
    assert "after 4 steps); use more steps" in message
    lost = evaluate(made, (x, y), allow_loss=True)
    assert lost.ann == 1.0
    assert evaluate(made, (x, y), tolerance=lost.loss + 1e-9) == lost
    assert evaluate(made, (x, y), 2000).final > 0.99


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "must be a pair (samples, classes), or an iterable of such (got 3)"),
        (X, "must be a pair (samples, classes), or an iterable of such"),
        ([X], "must give pairs (samples, classes)"),
        ([(X, 3)], "must give pairs (samples, classes)"),
        ((X, torch.zeros(9)), "must have one class for each sample, [n] (got (10, 4) and (9,))"),
        ((X, torch.zeros(10, 3)), "must have one class for each sample, [n]"),
        ((torch.rand(10, 5), torch.zeros(10)), "must fit the network"),
        ([], "must hold samples (got none)"),
    ],
)
def test_data_that_are_none(data: Any, message: str) -> None:
    made = convert(NET, X, steps=4, engine="plain", allow_loss=True)
    assert said(ConversionError, lambda: accuracy_over_time(made, data)).startswith(f"accuracy_over_time, data: {message}")


def test_an_output_that_is_no_class() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    x = torch.rand(3, 1, 8, 8)
    made = convert(net, x, "model", steps=4, engine="plain", allow_loss=True)
    message = "accuracy_over_time: the network must give a number for each class, [batch, n] (got (3, 2, 6, 6))"
    assert said(ConversionError, lambda: accuracy_over_time(made, (x, torch.zeros(3)))) == message


@pytest.mark.parametrize("steps", [0, True, "8"])
def test_steps_that_are_none(steps: Any) -> None:
    made = convert(NET, X, steps=4, engine="plain", allow_loss=True)
    with pytest.raises(ParameterError, match=r"^accuracy_over_time, steps: must be a whole number >= 1"):
        accuracy_over_time(made, (X, torch.zeros(10)), steps)


def test_two_phases_go_on_from_no_state() -> None:
    made = convert(NET, X, steps=4, firing="two_phase", engine="plain", allow_loss=True)
    with pytest.raises(EngineError, match=r"^Gather: two phases need all steps in one call"):
        made.net(X, {})
    with pytest.raises(EngineError, match="call net\\(x\\) without a state"):
        Gather()(torch.ones(3, 1, 2), 1)  # type: ignore[arg-type]
