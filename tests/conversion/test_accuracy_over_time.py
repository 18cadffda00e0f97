"""Real digits through every method: the accuracy over time is that of the outputs so far, and ends near the ANN's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from maichong.conversion import AccuracyOverTime, accuracy_over_time, convert, evaluate  # noqa: E402
from maichong.conversion.balancing import METHODS  # noqa: E402
from maichong.conversion.qcfs import QCFS  # noqa: E402
from maichong.data import load  # noqa: E402


@pytest.fixture(scope="module")
def digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    data = load("digits")
    x = [torch.from_numpy(images).flatten(1).float() / 255 for images in (data.x_train, data.x_test)]
    return x[0], torch.from_numpy(data.y_train), x[1], torch.from_numpy(data.y_test)


def trained(digits: Any, activation: Any) -> nn.Sequential:
    x, y, _, _ = digits
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(64, 64), activation(), nn.Linear(64, 32), activation(), nn.Linear(32, 10))
    optimiser = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(12):
        for rows in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimiser.step()
    return net


@pytest.fixture(scope="module")
def nets(digits: Any) -> dict[str, nn.Sequential]:
    return {"relu": trained(digits, nn.ReLU), "qcfs": trained(digits, lambda: QCFS(8, 4.0))}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_the_accuracy(method: str, digits: Any, nets: Any) -> None:
    """Within 2 % of the artificial network's, on 360 digits of the test split; chance is 10 %."""
    x, _, x_test, y_test = digits
    ann = nets["qcfs" if method == "qcfs" else "relu"]
    made = convert(ann, x[:100], method, 120)
    found = evaluate(made, (x_test, y_test), tolerance=0.02)
    assert found.ann == pytest.approx(float((ann(x_test).argmax(dim=1) == y_test).float().mean()))
    assert found.ann > 0.94
    assert found.samples == 360


def test_two_phases_keep_all_of_it_in_eight_steps(digits: Any, nets: Any) -> None:
    _, _, x_test, y_test = digits
    made = convert(nets["qcfs"], digits[0][:100], "qcfs", 8, firing="two_phase")
    found = evaluate(made, (x_test, y_test), tolerance=0.0)
    # sums of float32 in another order may turn one answer among equals
    assert abs(found.loss) <= 1 / 360 + 1e-9


def test_random_spikes_and_hard_resets_still_answer(digits: Any, nets: Any) -> None:
    x, _, x_test, y_test = digits
    made = convert(
        nets["relu"], x[:300], "data", 200, coding="bernoulli", reset="hard", generator=torch.Generator().manual_seed(2)
    )
    assert evaluate(made, (x_test, y_test), tolerance=0.04).final > 0.9


def test_each_step_counts_the_outputs_so_far(digits: Any, nets: Any) -> None:
    """Against the answers of a network of so many steps; pairs of a loader give what the arrays give."""
    x, _, x_test, y_test = digits
    made = convert(nets["relu"], x[:300], "data", 30, engine="plain")
    found = accuracy_over_time(made, (x_test.numpy(), y_test.numpy()))
    for steps in (1, 7, 8, 9, 30):
        right = made(x_test, steps).argmax(dim=1) == y_test
        assert found.accuracy[steps - 1] == pytest.approx(float(right.float().mean()))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x_test, y_test), batch_size=77)
    assert accuracy_over_time(made, loader) == found


def test_the_report_is_a_table_and_plain_numbers(digits: Any, nets: Any) -> None:
    made = convert(nets["relu"], digits[0][:50], "data", 20, engine="plain")
    lines = str(made.report).splitlines()
    assert lines[0].split() == ["layer", "factor", "threshold", "error", "rate", "silent", "saturated"]
    assert [line.split()[0] for line in lines[1:3]] == ["1", "3"]
    assert lines[3] == "20 steps, 50 samples"
    found = json.loads(json.dumps(made.report.to_dict()))
    assert found["layers"][1]["factor"] == made.factors[1]
    assert (found["steps"], found["samples"]) == (20, 50)


def test_steps_to_the_accuracy_of_the_artificial_network() -> None:
    """By hand: from step 4 on it stays within 0.1 of 0.9, after a dip at step 3."""
    found = AccuracyOverTime((0.1, 0.85, 0.7, 0.8, 0.9), 0.9, 100)
    assert found.steps_within(0.1 + 1e-12) == 4
    assert found.steps_within(0.0) == 5
    assert found.steps_within(0.9) == 1
    assert AccuracyOverTime((0.1, 0.5), 0.9, 100).steps_within(0.1) is None
    assert found.loss == 0.0
    assert np.isclose(AccuracyOverTime((0.1, 0.5), 0.9, 100).loss, 0.4)
    shown = str(found).splitlines()
    assert shown[0].split() == ["1", "steps", "10.00", "%"]
    assert shown[-1].split() == ["artificial", "90.00", "%"]
    assert json.loads(json.dumps(found.to_dict()))["accuracy"] == list(found.accuracy)
