"""The pytest side: each conformance check as one test of its own.

Installed with maichong (entry point ``maichong`` of ``pytest11``), it offers the fixture ``maichong_model``; the decorator
``parametrize_checks`` needs no plugin:

    from maichong.checks import parametrize_checks

    @parametrize_checks([MyNeuron])
    def test_conformance(check):
        check()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

ENGINES = ("reference", "events")


def parametrize_checks(models: Iterable[Any], engines: Sequence[str] = ENGINES) -> pytest.MarkDecorator:
    """Parametrize a test by ``check``, one for each check of each model: calling it passes, fails or skips the test.

    Raises ModelError for what is no model.
    """
    from maichong.checks.suite import cases

    found = [case for model in models for case in cases(model, engines)]
    return pytest.mark.parametrize("check", [pytest.param(_test(case), id=case.name) for case in found])


@pytest.fixture(scope="session")
def maichong_model() -> Callable[..., None]:
    """A function that puts a model through all checks and fails the test with every sentence that went wrong."""

    def check(model: Any, engines: Sequence[str] = ENGINES) -> None:
        from maichong.checks.suite import check_model

        wrong = [outcome for outcome in check_model(model, engines) if outcome.verdict == "fails"]
        if wrong:
            pytest.fail("\n".join(f"{outcome.column}: {outcome.detail}" for outcome in wrong), pytrace=False)

    return check


def _test(case: Callable[[], Any]) -> Callable[[], None]:
    def check() -> None:
        outcome = case()
        if outcome.verdict == "fails":
            pytest.fail(f"{outcome.model}, {outcome.column}: {outcome.detail}", pytrace=False)
        if outcome.verdict == "unsupported":
            pytest.skip(outcome.detail)

    return check
