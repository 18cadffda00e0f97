"""The pytest plugin of maichong: a fixture that puts a model through all checks.

    def test_conformance(maichong_model):
        maichong_model(MyNeuron)

It is loaded in every session where maichong is installed, so it loads nothing before the fixture is used. For one test per
check use :func:`maichong.checks.parametrize_checks`, which needs no plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from maichong.spec import Model


@pytest.fixture(scope="session")
def maichong_model() -> Callable[..., None]:
    """A function of a model, and of engines if not all: it fails the test with every sentence that went wrong."""

    def check(model: Model, engines: Sequence[str] | None = None) -> None:
        from maichong.checks.suite import ENGINES, check_model

        wrong = [outcome for outcome in check_model(model, engines or ENGINES) if outcome.verdict == "fails"]
        if wrong:
            pytest.fail("\n".join(f"{outcome.column}: {outcome.detail}" for outcome in wrong), pytrace=False)

    return check
