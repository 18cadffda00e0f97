"""Angles with the gradient: 0 for the gradient, and falling while random feedback learns (Lillicrap et al. 2016, figure 2)."""

from __future__ import annotations

import math

import pytest
import torch
from digits import data, layered, mse, trained

from maichong.learning import BPTT, DirectFeedbackAlignment, EProp, FeedbackAlignment, Learner, Rule, alignment


def test_the_gradient_is_aligned_with_itself() -> None:
    pixels, labels = data()
    learner = Learner(layered(64, 20, 10, engine="plain"), mse, BPTT())
    assert max(alignment(learner, pixels[:20], labels[:20]).values()) < 1e-5
    assert max(alignment(Learner(learner.net, mse, EProp()), pixels[:20], labels[:20]).values()) < 1e-5


def test_the_angle_is_that_of_the_scalar_product() -> None:
    pixels, labels = data()
    learner = Learner(layered(64, 20, 20, 10, engine="plain"), mse, DirectFeedbackAlignment())
    with torch.no_grad():
        for k in (1, 3, 5):  # so that all layers fire
            learner.net[k].weight.mul_(3.0)
            learner.net[k].bias.add_(0.3)
    found = alignment(learner, pixels[:20], labels[:20])
    a = learner.assign(pixels[:20], labels[:20]).gradients["1.weight"].double().flatten()
    b = Learner(learner.net, mse).assign(pixels[:20], labels[:20]).gradients["1.weight"].double().flatten()
    assert found["1.weight"] == pytest.approx(math.degrees(math.acos(float(a @ b / (a.norm() * b.norm())))), rel=1e-6)
    assert found["5.weight"] == 0.0


@pytest.mark.parametrize("rule", [FeedbackAlignment(), DirectFeedbackAlignment()], ids=["fa", "dfa"])
def test_weights_align_with_random_feedback(rule: Rule) -> None:
    pixels, labels = data()
    learner = Learner(layered(64, 100, 10), mse, rule)
    before = alignment(learner, pixels[:200], labels[:200])["1.weight"]
    trained(learner, epochs=5)
    after = alignment(learner, pixels[:200], labels[:200])["1.weight"]
    assert before > 70 and after < 60
