"""Motifs timed, at small sizes: NetworkX counts the same, and the command shows and writes it."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from maichong.bench import motifs, run
from maichong.errors import EngineError, ParameterError


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"NODES": 300, "ARCS": 2000, "LARGE": (2000, 20_000), "NULLS": 4, "WANTED_NODES": 60, "WANTED_ARCS": 300}
    for name, value in sizes.items():
        monkeypatch.setattr(motifs, name, value)
    monkeypatch.delenv("MAICHONG_DATA", raising=False)


@pytest.mark.slow
def test_rows(small: None) -> None:
    outcome = run("motifs", threads=(2,))
    census, large, degree, mutual, wanted = outcome["rows"]
    assert census["ratio"] == pytest.approx(census["against_s"] / census["seconds"])
    assert census["found"] == {"equal counts": True} and len(census["spans_s"]) == motifs.REPEATS
    # 20,000 draws at chance, of which few come twice; counts within what chance allows
    assert 19_800 < large["found"]["arcs"] < 20_000 and large["found"]["largest_z"] < 5
    assert large["peak_rss_mib"] > 50
    assert "279 nodes, 2,194 arcs" in degree["what"] and "degree-mutual" in mutual["what"]
    assert 0 <= wanted["found"]["bound"] <= wanted["found"]["total variation"] <= 1


def test_the_command(small: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from maichong.cli import benchmarks

    monkeypatch.setattr(motifs, "_large", lambda *_: motifs._census(print))
    assert benchmarks.run_bench("motifs", "", None) == 0
    printed = capsys.readouterr().out
    assert "census, 300 nodes, 2,000 arcs" in printed and "equal counts True" in printed


@pytest.mark.parametrize(
    "wrong", [{"images": 3}, {"threads": (1, 2)}, {"nets": ("fc",)}, {"against": ("nest",)}, {"duration": 5.0}]
)
def test_options_of_other_benchmarks_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="is for another benchmark: motifs has --threads"):
        run("motifs", **{"against": (), **wrong})


def test_without_networkx_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r"needs NetworkX, which it is compared with .*pip install networkx"):
        motifs.compare()
