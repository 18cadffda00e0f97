"""The benchmark of Poisson encoding: the same work for all tools, ratios, and the command that shows it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maichong.bench import encoding, run
from maichong.cli import benchmarks
from maichong.errors import ParameterError


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "BATCH", 20)
    monkeypatch.setattr(encoding, "BATCHES", 2)
    pictures = np.random.default_rng(0).integers(0, 256, (40, 10, 10)) * (np.arange(100).reshape(10, 10) % 2)
    monkeypatch.setattr("maichong.data.load", lambda name: SimpleNamespace(x_train=pictures))


@pytest.mark.parametrize("torch", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_all_tools_do_the_same_work(
    small: None, torch: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if not torch:
        monkeypatch.setitem(sys.modules, "torch", None)  # which takes seconds to load
    assert benchmarks.run_bench("encoding", "", tmp_path / "encoding.json") == 0
    outcome: dict[str, Any] = json.loads((tmp_path / "encoding.json").read_text())
    assert list(outcome["ratios"]) == ["numpy", "torch"][: 1 + torch]
    for rate in encoding.RATES:
        rows = [row for row in outcome["rows"] if row["rate_hz"] == rate]
        assert rows[0]["spikes_per_image"] == rows[1]["spikes_per_image"]
        assert {row["spikes_per_image"] for row in rows} != {0.0}
        for row in rows[2:]:
            assert row["spikes_per_image"] == pytest.approx(rows[0]["spikes_per_image"], rel=0.12)
        numpy = max(row["draws_per_s"] for row in rows if row["tool"] == "numpy")
        assert outcome["ratios"]["numpy"][f"{rate:g}"] == pytest.approx(rows[0]["draws_per_s"] / numpy)
    assert "maichong draws as fast as numpy" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [{"images": 3}, {"threads": (1,)}, {"nets": ("fc",)}, {"against": ("nest",)}, {"duration": 5.0}]
)
def test_options_of_other_benchmarks_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="is for another benchmark: encoding has no options"):
        run("encoding", **{"against": (), **wrong})
