"""What rules cost: the same spikes for all, every rule of weights, and the command that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from maichong.bench import plasticity, run
from maichong.errors import ParameterError
from maichong.spec.registry import find


@pytest.fixture
def two_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rules take half a minute to compile; the names are what the test of the command needs."""
    monkeypatch.setattr("maichong.spec.registry.kinds", lambda: {"rule": [find("PairSTDP"), find("WeightNormalisation")]})


def test_rows_see_the_same_spikes_and_visits_add_up(two_rules: None) -> None:
    still, pair = run("plasticity", duration=100.0)["rows"]
    assert (still["rule"], pair["rule"], still["visits"]) == ("none", "PairSTDP", 0)
    assert still["spikes"] == pair["spikes"]
    assert pair["spikes"][0] == pytest.approx(784 * 10.0 * 0.1, rel=0.1)
    assert pair["visits"] == int(pair["spikes"][0] * plasticity.CELLS + pair["spikes"][1] * plasticity.SOURCES)
    assert pair["ratio"] == pytest.approx(pair["realtime_factor"] / still["realtime_factor"])


@pytest.mark.parametrize("wrong", [{"images": 3}, {"threads": (1,)}, {"nets": ("fc",)}, {"against": ("nest",)}])
def test_options_of_other_benchmarks_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="is for another benchmark: plasticity has --duration, and no peers"):
        run("plasticity", **{"against": (), **wrong})
