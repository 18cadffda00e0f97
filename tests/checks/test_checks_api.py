"""Outcomes as tables and JSON, the errors of wrong calls, the processes."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from maichong.checks import Outcome, check_all, check_model, passed, table, to_json, workers
from maichong.errors import ModelError
from maichong.neurons.lif import LIF
from maichong.spec import NeuronModel, registry

OK = Outcome("LIF", "neuron", "units", "-", "ok")
BAD = Outcome("LIF", "neuron", "agrees", "events", "fails", "it does not.")
NOT = Outcome("Delta", "receptor", "agrees", "events", "unsupported", "no receptors here")


def test_only_a_failure_fails():
    assert passed([OK, NOT])
    assert not passed([OK, NOT, BAD])


def test_a_table_has_a_mark_for_each_model_and_check():
    assert table([OK, BAD, NOT]) == [
        ["model", "kind", "units", "agrees: events"],
        ["LIF", "neuron", "✓", "✗"],
        ["Delta", "receptor", "", "–"],
    ]
    assert table([]) == [["model", "kind"]]


def test_outcomes_are_json():
    data = to_json([OK, BAD])
    assert json.loads(json.dumps(data)) == data
    assert data["passed"] is False
    assert data["outcomes"][1] == dataclasses.asdict(BAD)


def test_outcomes_tell_the_cpu_time_of_each_check():
    # a model that nobody has checked before: what the reference made of one is kept, and costs nothing the second time
    fresh = NeuronModel.from_equations(
        "dv/dt = (v_rest - v) / tau + i / c : mV", threshold="v > v_th", reset="v = v_rest", init={"v": "v_rest"},
        inputs={"i": ("pA", "current")}, name="NeverChecked",
        params={"tau": "11 ms", "c": "210 pF", "v_rest": "-66 mV", "v_th": "-51 mV"},
    )  # fmt: skip
    outcomes = check_model(fresh, ("reference",))
    seconds = {entry["check"]: entry["seconds"] for entry in to_json(outcomes)["outcomes"]}
    assert seconds["agrees"] > 0.01 > seconds["documented"] >= 0.0
    # two runs of a check are one outcome
    assert dataclasses.replace(outcomes[0], seconds=9.0) == outcomes[0]


def test_what_takes_longest_is_begun_first():
    found = sorted(registry.models().values(), key=workers._place)
    neurons = [model for model in found if model.kind == "neuron"]
    assert found[: len(neurons)] == neurons
    assert neurons[0].name == "Cable"
    assert [len(model.states) for model in neurons] == sorted((len(model.states) for model in neurons), reverse=True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (LIF(), "give the model itself: MyNeuron, not MyNeuron()"),
        ("LIF", "must be given a model, such as LIF (got 'LIF')"),
        (None, "must be given a model"),
    ],
)
def test_what_is_no_model_is_refused(wrong, words):
    with pytest.raises(ModelError) as error:
        check_model(wrong)
    assert words in str(error.value)


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(ModelError, match="did you mean 'Poisson'"):
        check_all(["Poison"])


def test_no_names_mean_no_models():
    assert check_all([]) == []


def test_checking_in_processes_gives_the_same_in_the_same_order():
    names, seen = ["delta", "LIF", "Poisson"], []
    alone = check_all(names, ["reference"], jobs=1, progress=seen.append)
    assert [group[0].model for group in seen] == ["Delta", "LIF", "Poisson"]
    seen.clear()
    assert check_all(names, ["reference"], jobs=2, progress=seen.append) == alone
    assert sorted(group[0].model for group in seen) == ["Delta", "LIF", "Poisson"]


def test_a_model_that_kills_its_process_fails_alone(monkeypatch):
    killed = [sys.executable, "-c", "import os; input(); os._exit(3)"]
    start = workers._start
    calls = []

    def fragile():
        calls.append(1)
        if len(calls) > 1:
            return start()
        return subprocess.Popen(killed, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    monkeypatch.setattr(workers, "_start", fragile)
    outcomes = workers.check_in_processes([LIF, LIF], ["reference"], 1, None)
    assert passed(outcomes)  # both are LIF: the second run's verdict stands

    calls.clear()
    found = []
    workers.check_in_processes([LIF, LIF], ["reference"], 1, found.append)
    assert [o.detail for o in found[0]] == ["the process that checked it ended with code 3"]
    assert passed(found[1])


def test_a_script_needs_no_main_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from maichong.checks import check_all, passed\nprint(passed(check_all(['Delta', 'Poisson'], ['reference'], jobs=2)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=None, timeout=60)
    assert done.stdout == "True\n", done.stderr


def test_the_plugin_loads_nothing_before_it_is_used():
    code = "import maichong.checks.pytest_plugin, sys; print({'numpy', 'numba', 'sympy', 'pint'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
