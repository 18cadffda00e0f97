"""Every model that maichong finds passes every check on every engine, in both precisions."""

from __future__ import annotations

import pytest

from maichong.checks import CHECKS, check_all, passed
from maichong.checks.suite import cases
from maichong.spec import registry


@pytest.fixture(scope="module")
def outcomes():
    found = check_all()
    return {name: [outcome for outcome in found if outcome.model == name] for name in registry.models()}


@pytest.mark.parametrize("name", sorted(registry.models()))
def test_a_registered_model_passes_every_check(outcomes, name):
    # "unsupported" would be no failure of the model, but what maichong ships must run
    assert [f"{o.column} {o.verdict}: {o.detail}" for o in outcomes[name] if o.verdict != "ok"] == []
    assert len(outcomes[name]) == len(list(cases(registry.find(name))))
    assert passed(outcomes[name])


def test_every_kind_of_model_has_checks():
    assert set(CHECKS) == set(registry.kinds())
