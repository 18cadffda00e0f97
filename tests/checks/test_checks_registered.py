"""Every model that maichong finds passes every check on every engine, in both precisions."""

from __future__ import annotations

import pytest

from maichong.checks import CHECKS, check_all, check_model, passed
from maichong.checks.suite import cases
from maichong.spec import registry

DEAR = {
    "AdEx", "Cable", "Covariance", "DendriticLIF", "DifferentialHebb", "FitzHughNagumo", "GLIF", "HodgkinHuxley", "InactivatingLIF",
    "MSTDPET", "MorrisLecar", "PCNN", "PinskyRinzel", "PostsynapticDifferential", "PresynapticDifferential", "SRM0",
    "SaturatingNMDA", "SquareRootThreshold", "Tempotron", "Theta",
}  # fmt: skip
"""Models whose kernels are dear to compile, or whose kin is checked here: their full checks are the slow suite's."""


def found(names):
    outcomes = check_all(names)
    return {name: [outcome for outcome in outcomes if outcome.model == name] for name in names}


@pytest.fixture(scope="module")
def outcomes():
    return found([name for name in registry.models() if name not in DEAR])


@pytest.fixture(scope="module")
def dear_outcomes():
    return found(sorted(DEAR))


@pytest.mark.parametrize("name", sorted(set(registry.models()) - DEAR))
def test_a_registered_model_passes_every_check(outcomes, name):
    passes(outcomes, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(DEAR))
def test_a_model_with_dear_kernels_passes_every_check(dear_outcomes, name):
    passes(dear_outcomes, name)


@pytest.mark.parametrize("name", sorted(DEAR))
def test_a_model_with_dear_kernels_passes_what_needs_none(name):
    assert [
        f"{o.column} {o.verdict}: {o.detail}" for o in check_model(registry.find(name), ("reference",)) if o.verdict != "ok"
    ] == []


def passes(outcomes, name):
    # "unsupported" would be no failure of the model, but what maichong ships must run; layers alone cannot recover from a spike
    left = [o for o in outcomes[name] if o.verdict != "ok"]
    if getattr(registry.find(name), "recover", None):
        assert left and all(o.verdict == "unsupported" and o.engine.startswith("autograd") for o in left)
        left = []
    assert [f"{o.column} {o.verdict}: {o.detail}" for o in left] == []
    assert len(outcomes[name]) == len(list(cases(registry.find(name))))
    assert passed(outcomes[name])


def test_every_kind_of_model_has_checks():
    assert set(CHECKS) == set(registry.kinds())
