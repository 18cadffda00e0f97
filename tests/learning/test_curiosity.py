"""Novelty and the choice of samples, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from maichong.errors import EngineError, ParameterError
from maichong.learning import Curiosity

HOT = torch.eye(2)


def test_novelty_by_hand() -> None:
    """Sample 2 is answered rightly, sample 0 wrongly, sample 1 is not looked at; then both once more.

    2: |(0.8, 0) - (1, 0)|^2 / 2 = 0.02, right: 0.018; then (0.018 + 0.5 (0.36 + 0.36)) / 2 = 0.189, wrong
    0: |(0.6, 0.2) - (0, 1)|^2 / 2 = 0.5; then (0.5 + 0) / 2 = 0.25, right: 0.225
    """
    curiosity = Curiosity()
    new = curiosity.begin(3)
    rows = torch.tensor([2, 0])
    first = curiosity.looked(new, rows, torch.tensor([[0.8, 0.0], [0.6, 0.2]]), HOT)
    assert first.tolist() == pytest.approx([0.5, float("inf"), 0.018])
    assert new.isinf().all(), "what is given stays as it is"
    second = curiosity.looked(first, rows, torch.tensor([[0.4, 0.6], [0.0, 1.0]]), HOT)
    assert second.tolist() == pytest.approx([0.225, float("inf"), 0.189])


def test_an_epoch_of_all_then_some_of_novel_ones() -> None:
    novelty = torch.tensor([0.5, 0.1, 0.0, float("inf"), 0.11])
    curiosity = Curiosity(threshold=0.1, novel=2)
    chosen = [curiosity.choose(novelty, epoch).tolist() for epoch in range(8)]
    everything, novel = [0, 1, 2, 3, 4], [0, 3, 4]
    assert chosen == [everything, novel, novel, everything, novel, novel, everything, novel]
    assert Curiosity().choose(torch.zeros(3), 1).tolist() == [0, 1, 2], "where nothing is novel, all are shown"
    assert [Curiosity().all_shown(epoch) for epoch in range(7)] == [True, *[False] * 5, True]


def test_a_wrong_answer_stays_novel() -> None:
    """The least error of a wrong answer: the right output is as high as another's, 1/2 each."""
    curiosity = Curiosity(threshold=0.124)
    known = torch.zeros(1)
    novelty = curiosity.looked(known, torch.tensor([0]), torch.tensor([[0.5001, 0.4999]]), HOT[1:])
    assert curiosity.choose(novelty, 1).tolist() == [0]
    assert float(novelty) == pytest.approx(0.125, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Curiosity(threshold=-0.1), "Curiosity, threshold: must be >= 0 (got -0.1)"),
        (lambda: Curiosity(memory=1.0), "Curiosity, memory: must be in [0, 1[ (got 1.0)"),
        (lambda: Curiosity(boredom=1.1), "Curiosity, boredom: must be in 0..1 (got 1.1)"),
        (lambda: Curiosity(novel=-1), "Curiosity, novel: must be a whole number of epochs >= 0 (got -1)"),
        (lambda: Curiosity().begin(0), "Curiosity, n: must be a whole number of samples >= 1 (got 0)"),
        (lambda: Curiosity().all_shown(-1), "Curiosity, epoch: must be a whole number >= 0 (got -1)"),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == said


def test_outputs_that_do_not_fit() -> None:
    with pytest.raises(EngineError) as caught:
        Curiosity().looked(torch.zeros(3), torch.tensor([0]), torch.rand(2, 2), HOT)
    assert str(caught.value) == (
        "Curiosity, outputs: must be [batch, classes], as the target is, for a batch of rows (got 1 rows, (2, 2) and (2, 2))"
    )
