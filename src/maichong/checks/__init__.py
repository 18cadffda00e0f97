"""Conformance checks that every model must pass: those of maichong and those of other people.

    >>> from maichong import LIF
    >>> from maichong.checks import check_model, passed
    >>> passed(check_model(LIF, engines=("reference",)))
    True

In a test suite of your own, each check becomes a test:

    from maichong.checks import parametrize_checks

    @parametrize_checks([MyNeuron])
    def test_conformance(check):
        check()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maichong.checks.outcome import Outcome, passed, table, to_json
    from maichong.checks.parametrize import parametrize_checks
    from maichong.checks.suite import CHECKS, check_all, check_model

_PLACES = {
    "CHECKS": "suite",
    "Outcome": "outcome",
    "check_all": "suite",
    "check_model": "suite",
    "parametrize_checks": "parametrize",
    "passed": "outcome",
    "table": "outcome",
    "to_json": "outcome",
}


def __getattr__(name: str) -> Any:
    # pytest loads the plugin of this package in every session, so that nothing may load before it is used
    import importlib

    if name in _PLACES:
        return getattr(importlib.import_module(f"maichong.checks.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'maichong.checks' has no attribute {name!r}")


__all__ = [
    "CHECKS",
    "Outcome",
    "check_all",
    "check_model",
    "parametrize_checks",
    "passed",
    "table",
    "to_json",
]
