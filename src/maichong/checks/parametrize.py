"""Each conformance check as one pytest test of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from maichong.checks.suite import ENGINES, Case, cases
from maichong.spec import Model


def parametrize_checks(models: Iterable[Model], engines: Sequence[str] = ENGINES) -> Any:
    """Parametrize a test by ``check``, one for each check of each model: calling it passes, fails or skips the test.

    Raises ModelError for what is no model.
    """
    import pytest

    found = [case for model in models for case in cases(model, engines)]
    return pytest.mark.parametrize("check", [pytest.param(_test(case), id=case.name) for case in found])


def _test(case: Case) -> Callable[[], None]:
    def check() -> None:
        import pytest

        outcome = case()
        if outcome.verdict == "fails":
            pytest.fail(f"{outcome.model}, {outcome.column}: {outcome.detail}", pytrace=False)
        if outcome.verdict == "unsupported":
            pytest.skip(outcome.detail)

    return check
