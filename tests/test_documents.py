"""What the documents say runs: the README's Python, the examples of docstrings, the figures that it takes from results/."""

from __future__ import annotations

import doctest
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
EXAMPLES = sorted(path for path in (ROOT / "src").rglob("*.py") if ">>> " in path.read_text())
RESULTS = sorted((ROOT / "results").glob("diehl-cook-2015*.json"))


def test_the_ten_lines_run(capsys: pytest.CaptureFixture[str]) -> None:
    (code, *_) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, {})
    (rate, unit) = capsys.readouterr().out.split()
    assert unit == "Hz"
    assert 0.1 < float(rate) < 100.0


def test_the_torch_layers_run() -> None:
    pytest.importorskip("torch")
    found = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "maichong.nn" in block]
    assert len(found) == 2
    exec("\n".join(found), {})


def test_equations_as_text_and_their_bifurcations(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "from_equations" in block]
    exec(code, {})
    checks, point, rate = capsys.readouterr().out.splitlines()
    assert checks == "['documented']"
    assert point == re.findall(r"# (saddle-node .*)", code)[0]
    assert float(rate) > 1.0


def test_the_model_shown_is_the_model() -> None:
    (shown,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if block.startswith("def flow")]
    source = (ROOT / "src/maichong/neurons/lif.py").read_text()
    for function in shown.strip().split("\n\n\n"):
        assert function in source


def test_rules_of_three_scales(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (code,) = [block for block in blocks if "plasticity_table" in block]
    exec(code, {})
    *table, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table] == ["rule", "Sum(TripletSTDP,", "WeightNormalisation", "HomeostaticThreshold"]
    assert float(last.split()[0]) != 0.0
    (shown,) = [block for block in blocks if "def elapse" in block]
    source = (ROOT / "src/maichong/plasticity/macro/dopamine_stdp.py").read_text()
    for line in shown.split("  # c is the synapse")[0].splitlines():
        assert line in source


def test_a_neuron_more_is_a_file_and_its_test(pytester: pytest.Pytester) -> None:
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "maichong_model" in block]
    pytester.makepyfile(test_rectifier=code)
    pytester.runpytest("-q").assert_outcomes(passed=1)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_of_docstrings(path: Path) -> None:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    tried = doctest.testmod(importlib.import_module(".".join(parts).removesuffix(".__init__")))
    assert not tried.failed


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_readme_says_what_was_measured(path: Path) -> None:
    outcome: dict[str, Any] = json.loads(path.read_text())
    (row,) = [line for line in README.splitlines() if f"({path.relative_to(ROOT)})" in line]
    (claim,) = outcome["claims"]
    for value in claim["ours"]:
        assert f"{value:.2f}" in row
    assert outcome["settings"]["validate"] == 0
