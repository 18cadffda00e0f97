"""The verb ``bench plasticity``: a table for people, and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from maichong.spec.registry import find


def test_the_command_shows_it(monkeypatch: pytest.MonkeyPatch, maichong: Any, tmp_path: Path) -> None:
    monkeypatch.setattr("maichong.spec.registry.kinds", lambda: {"rule": [find("PairSTDP")]})
    ended = maichong("bench", "plasticity", "--duration", "50 ms", "--json", str(tmp_path / "rules.json"))
    assert ended.code == 0, ended.err
    assert "PairSTDP" in ended.out and "ns per visit" in ended.out
    assert [row["rule"] for row in json.loads((tmp_path / "rules.json").read_text())["rows"]] == ["none", "PairSTDP"]
