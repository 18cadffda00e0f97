"""Finding models by name: those of the packages, and those that other packages announce."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from typing import Any

import pytest

import maichong
from maichong import LIF, PairSTDP
from maichong.errors import MaichongError, ModelError, did_you_mean
from maichong.spec import Param, registry, source
from maichong.spec.model import Model


def interval(u, rate):
    return u / rate


FOREIGN = source("ForeignClock", params=[Param("rate", 1.0, "1/ms", "rate", above=0)], interval=interval)


class Point:
    """An entry point, as importlib.metadata gives them."""

    name = "foreign"
    value = "foreign_package:MODEL"
    group = "maichong.models"

    def __init__(self, found: Any) -> None:
        self.found = found

    def load(self) -> Any:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Let other packages announce models, for the time of one test."""

    def announce(*found: Any) -> None:
        def entry_points(**wanted: str) -> list[Point]:
            assert wanted == {"group": "maichong.models"}
            return [Point(value) for value in found]

        monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
        registry.models.cache_clear()

    yield announce
    registry.models.cache_clear()


@pytest.mark.parametrize("name", ["PairSTDP", "pairstdp", "PAIRSTDP", "pair_stdp", "pair-stdp", "Pair_STDP", "_p_a_i_r_stdp_"])
def test_case_and_underscores_do_not_matter(name: str) -> None:
    assert registry.find(name) is PairSTDP


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("LIFF", "did you mean 'LIF'?"),
        ("izhikevic", "did you mean 'Izhikevich'?"),
        ("pair_std", "did you mean 'PairSTDP'?"),
        ("exponental", "did you mean 'Exponential'?"),
    ],
)
def test_a_typo_is_answered_with_the_likely_model(name: str, fix: str) -> None:
    with pytest.raises(ModelError) as caught:
        registry.find(name)
    assert str(caught.value) == f"model: there is none called {name!r}; {fix}"


def test_a_name_near_nothing_is_answered_with_what_there_is() -> None:
    with pytest.raises(ModelError, match=r"^model: there is none called 'zzzz'; known: AMPA, AdEx, AdaptiveLIF, Alpha, "):
        registry.find("zzzz")


def test_every_model_is_found_by_its_own_name_and_importable_from_the_top() -> None:
    for name, model in registry.models().items():
        assert model.identifier == name
        assert registry.find(name) is model
        assert getattr(maichong, name) is model
        assert name in dir(maichong)


def test_kinds_hold_every_model_once_sorted_by_name() -> None:
    kinds = registry.kinds()
    assert list(kinds) == sorted(kinds)
    assert {"neuron", "receptor", "rule", "intrinsic rule", "source"} <= kinds.keys()
    for group in kinds.values():
        assert [model.name for model in group] == sorted(model.name for model in group)
    assert sorted(model.name for group in kinds.values() for model in group) == sorted(registry.models())


def test_what_is_neither_a_model_nor_a_part_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'maichong' has no attribute 'Lif2'"):
        maichong.Lif2  # noqa: B018
    with pytest.raises(AttributeError, match="module 'maichong' has no attribute 'lif'"):
        maichong.lif  # noqa: B018


def test_a_model_of_another_package_is_found_like_our_own(announced: Any) -> None:
    announced(FOREIGN)
    assert registry.find("foreign_clock") is FOREIGN
    assert FOREIGN in registry.kinds()["source"]
    assert maichong.ForeignClock is FOREIGN
    assert registry.find("LIF") is LIF
    net = maichong.Network()
    net.population("clock", FOREIGN(rate=0.2), 2)
    assert maichong.Network.from_dict(net.to_dict()) == net


def test_what_another_package_announces_and_is_no_model_is_passed_over(announced: Any) -> None:
    announced("text", None, LIF())
    assert all(isinstance(model, Model) for model in registry.models().values())
    assert registry.find("LIF") is LIF


def test_without_the_package_its_model_is_unknown(announced: Any) -> None:
    announced()
    with pytest.raises(ModelError, match="there is none called 'ForeignClock'"):
        registry.find("ForeignClock")


def test_a_package_that_cannot_be_imported_is_named(announced: Any) -> None:
    announced(ImportError("No module named 'torch'"))
    with pytest.warns(UserWarning, match="foreign"):
        assert registry.find("LIF") is LIF


@pytest.mark.parametrize("name", [None, 3, "", [], {}, object(), b"LIF"])
def test_nonsense_is_no_name(name: Any) -> None:
    with pytest.raises(MaichongError):
        registry.find(name)


@pytest.mark.parametrize(
    ("name", "choices", "expected"),
    [
        ("tau", ["tau_m", "v_th"], "did you mean 'tau_m'?"),
        ("TAU_M", ["tau_m", "v_th"], "did you mean 'tau_m'?"),
        ("zzz", ["b", "a"], "known: a, b"),
        ("zzz", [], None),
        (None, ["a"], "known: a"),
        ("x", [f"n{k:02}" for k in range(20)], "known: " + ", ".join(f"n{k:02}" for k in range(12)) + ", ..."),
    ],
)
def test_did_you_mean(name: Any, choices: list[str], expected: str | None) -> None:
    assert did_you_mean(name, choices) == expected
