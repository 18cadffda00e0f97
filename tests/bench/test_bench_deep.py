"""maichong bench deep: its nets, rows and their processes, ratios, warnings, failures, JSON, the tables; tiny nets for real."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import bench
from maichong.bench.deep import comparison
from maichong.bench.deep.comparison import PEERS, WAYS, Job, jobs, ratios, warnings
from maichong.bench.deep.nets import NETS, Constants, drawn, layers
from maichong.bench.environments import SCRIPTS
from maichong.bench.networks.benchmark import described, values
from maichong.cli import main
from maichong.engines.events.together import cores
from maichong.errors import EngineError, ParameterError

NUMBERS = (
    "train_per_s", "infer_per_s", "first_train_s", "first_infer_s", "waited", "baseline_mib", "beyond_mib", "cold_mib",
    "loss_first", "loss_last",
)  # fmt: skip
LAYERS = {"fc": ["1000", "10"], "conv": ["32C3", "64C3", "128", "10"], "recurrent": ["256R", "20"]}
SPEED = {"maichong": 0.1, "spikingjelly": 0.4, "snntorch": 0.3, "norse": 0.5, "torch": 0.2}
"""Seconds of each made-up repeat."""


def call(*args: str) -> tuple[int, str, str]:
    """``maichong ARGS`` in this process: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        main(list(args))
    assert isinstance(end.value.code, int)
    return end.value.code, out.getvalue(), err.getvalue()


def checked(outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """The outcome, if it keeps what other programs rely on."""
    assert outcome["name"] == "deep"
    for net in outcome["nets"]:
        assert {"name", "network", "constants", "rows", "ratios", "warnings", "failures", "skipped"} <= net.keys()
        for row in net["rows"]:
            assert all(isinstance(row[key], float) and math.isfinite(row[key]) for key in NUMBERS)
            assert all(isinstance(row[key], str) for key in ("tool", "way", "version", "torch"))
            assert all(list(row[key]) == LAYERS[net["name"]] for key in ("rates", "trained_rates", "gradients"))
            assert len(row["train_spans_s"]) == len(row["infer_spans_s"]) == net["repeats"]
    return outcome


Task = Mapping[str, Any]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, Task]]]:
    """Processes that measure nothing: rows at SPEED, all alike but for ``changes`` by tool; returns what was asked for."""

    def install(
        changes: Mapping[str, Any] = {}, fails: str = "", ours: bool = True, first: Mapping[str, Any] = {}
    ) -> list[tuple[str, Task]]:
        asked: list[tuple[str, Task]] = []

        def measured(command: Any, out: Path, threads: int, where: str, environment: Any = None) -> dict[str, Any]:
            task = json.loads(Path(command[command.index("--task") + 1]).read_text())
            with np.load(task["arrays"]) as arrays:
                shapes = {name: arrays[name].shape for name in arrays.files}
            asked.append((where, {**task, "held": threads, "command": command, "environment": environment, "shapes": shapes}))
            if where == fails:
                raise EngineError(f"bench, {where}", "must run to its end", "nothing works")
            names = [layer["name"] for layer in task["constants"]["layers"]]
            seconds = [SPEED[where] * (2.0 if task["way"] == "compile" else 1.0) * (k + 1) for k in range(task["repeats"])]
            return {
                "version": "1.0", "torch": "2.0", "threads": task["threads"], "first_train_s": 3.0, "first_infer_s": 1.0,
                "train_spans_s": seconds, "infer_spans_s": [s / 4 for s in seconds], "waited": 0.01, "baseline_mib": 300.0,
                "peak_mib": 700.0,
                "rates": dict.fromkeys(names, 0.1), "trained_rates": dict.fromkeys(names, 0.2), "notes": [f"made up for {where}"],
                "gradients": dict.fromkeys(names, 0.01), "loss_first": 2.3, "loss_last": 2.0, **changes.get(where, {}),
                **(first if task["warmup"] == 0 else {}),
            }  # fmt: skip

        monkeypatch.setattr(comparison, "measured", measured)
        monkeypatch.setattr(comparison, "interpreter", lambda peer, tell, extra: f"python of {peer}")
        monkeypatch.setattr(comparison, "_missing", lambda: "" if ours else "maichong: no row of ours, for a reason")
        return asked

    return install


# nets ----------------------------------------------------------------------------------------------------------------------


def test_nets_are_those_of_the_field() -> None:
    shapes = {name: [layer.outputs for layer in layers(net.constants)] for name, net in NETS.items()}
    assert shapes == {
        "fc": [(1000,), (10,)],
        "conv": [(32, 28, 28), (64, 14, 14), (128,), (10,)],
        "recurrent": [(256,), (20,)],
    }
    assert {name: [layer.name for layer in layers(net.constants)] for name, net in NETS.items()} == LAYERS
    assert [net.constants.shape for net in NETS.values()] == [(784,), (1, 28, 28), (700,)]
    assert [(net.constants.steps, net.constants.batch) for net in NETS.values()] == [(25, 128), (8, 64), (100, 128)]
    assert {net.constants.beta for net in NETS.values()} == {math.exp(-0.5)}
    assert {net.constants.v_th for net in NETS.values()} == {1.0}


@pytest.mark.parametrize("name", NETS)
def test_what_is_drawn(name: str) -> None:
    c = NETS[name].constants
    arrays = drawn(c, 1)
    assert all((value == arrays[key]).all() for key, value in drawn(c, 1).items())
    assert (drawn(c, 2)["x"] != arrays["x"]).any()
    assert arrays["x"].shape == (c.steps, c.batch, *c.shape)
    assert arrays["x"].mean() == pytest.approx(c.rate, rel=0.02)
    assert set(arrays["labels"]) <= set(range(int(NETS[name].constants.architecture.rpartition("-")[2])))
    for layer in layers(c):
        for letter, shape in layer.weights.items():
            weights = arrays[f"{letter}_{layer.name}"]
            gain = layer.gain if letter == "w" else layer.recurrent_gain
            assert weights.shape == shape
            assert weights.dtype == np.float32
            assert np.abs(weights).max() == pytest.approx(gain / math.sqrt(math.prod(shape[1:])), rel=0.05)


def test_constants_are_data_and_each_says_what_it_is() -> None:
    for net in NETS.values():
        data = json.loads(json.dumps(values(net.constants)))
        assert data["beta"] == net.constants.beta
        assert [layer["name"] for layer in data["layers"]] == LAYERS[net.name]
        assert all(meaning for _, _, meaning in described(net.constants))


def test_other_kernels_and_no_padding() -> None:
    c = Constants("4C5-P3-6C3-2", (2, 20, 14), 3, 2, gains=(1.0, 1.0, 1.0))
    found = layers(c)
    assert [layer.outputs for layer in found] == [(4, 16, 10), (6, 3, 1), (2,)]
    assert [layer.inputs for layer in found] == [(2, 20, 14), (4, 5, 3), (6, 3, 1)]
    assert [layer.pool for layer in found] == [3, 1, 1]
    assert found[0].weights == {"w": (4, 2, 5, 5)}


def test_show_prints_the_constants(tmp_path: Path) -> None:
    code, out, _ = call("show", "deep", "--json", str(tmp_path / "out.json"))
    assert code == 0
    for part in ("32C3-P2-64C3-P2-128-10", "beta = exp(-1/2)", "arctangent"):
        assert part in out
    shown = json.loads((tmp_path / "out.json").read_text())
    assert shown["constants"]["fc"]["batch"] == 128
    assert shown["kind"] == "benchmark"


# rows ----------------------------------------------------------------------------------------------------------------------


def test_which_rows_there_are() -> None:
    assert jobs([]) == [Job("maichong")]
    assert jobs([], ours=False) == []
    assert jobs(["torch"]) == [Job("maichong"), Job("torch", "eager"), Job("torch", "compile")]
    assert set(PEERS) == {"spikingjelly", "snntorch", "norse", "torch"}
    for name, peer in PEERS.items():
        assert (SCRIPTS / peer.script).exists()
        assert (SCRIPTS / f"{name}.txt").read_text().startswith("torch==2.13.0\n")


def test_all_tools_get_the_same_task(made_up: Any) -> None:
    asked = made_up()
    bench.run("deep", ["torch", "norse", "torch"], nets=["fc"])
    # what compiles has a process before, whose calls are the first
    firsts = [task for _, task in asked if task["warmup"] == 0]
    assert [(task["way"], task["steps"], task["repeats"]) for task in firsts] == [("", 1, 1), *[("compile", 1, 1)] * 2]
    tasks = [task for _, task in asked if task["warmup"]]
    tools = [where for where, task in asked if task["warmup"]]
    assert tools == ["maichong", *(peer for peer in ("torch", "norse") for _ in WAYS)]
    compiled = [task for task in tasks if task["way"] != "eager"]
    assert [task["environment"]["MAICHONG_CACHE"] for task in firsts] == [
        task["environment"]["MAICHONG_CACHE"] for task in compiled
    ]
    for task in tasks:
        for key in ("constants", "shapes", "steps", "warmup", "repeats", "threads", "products"):
            assert task[key] == tasks[0][key]
        assert task["held"] == task["threads"] == cores()
        # what is compiled is compiled anew
        assert "inductor" in task["environment"]["TORCHINDUCTOR_CACHE_DIR"]
    assert len({task["environment"]["MAICHONG_CACHE"] for task in tasks}) == len(tasks)
    assert {task["command"][0] for where, task in asked if where == "norse"} == {"python of norse"}
    assert not [key for where, task in asked if where == "norse" for key in task["environment"] if key.startswith("PYTHON")]
    assert tasks[0]["shapes"]["x"] == (25, 128, 784)
    assert {task["products"] for task in tasks} == {"float32"}
    asked.clear()
    assert bench.run("deep", ["torch"], nets=["fc"], products="bfloat16")["products"] == "bfloat16"
    assert [task["products"] for _, task in asked] == ["bfloat16"] * 5
    for name, products, what in (
        ("deep", "float16", "one of float32, bfloat16"),
        ("coba-4000", "bfloat16", "deep has --products"),
    ):
        with pytest.raises(ParameterError, match=what):
            bench.run(name, products=products)


def test_all_nets_if_none_is_named(made_up: Any) -> None:
    made_up()
    outcome = checked(bench.run("deep"))
    assert [net["name"] for net in outcome["nets"]] == list(NETS)
    outcome = checked(bench.run("deep", nets=["conv", "fc", "conv"]))
    assert [net["name"] for net in outcome["nets"]] == ["conv", "fc"]


def test_a_row_is_what_was_measured(made_up: Any) -> None:
    made_up(first={"first_train_s": 9.0, "peak_mib": 900.0})
    (net,) = checked(bench.run("deep", ["torch"], nets=["fc"]))["nets"]
    ours, eager, compiled = net["rows"]
    assert [(row["first_train_s"], row["cold_mib"]) for row in net["rows"]] == [(9.0, 600.0), (3.0, 400.0), (9.0, 600.0)]
    samples = 128 * NETS["fc"].steps
    assert ours["train_per_s"] == pytest.approx(samples / 0.4)  # the median of seven
    assert ours["infer_per_s"] == pytest.approx(samples / 0.1)
    assert (ours["beyond_mib"], eager["way"], compiled["way"]) == (400.0, "eager", "compile")
    assert net["ratios"] == {"torch": {"train": pytest.approx(2.0), "infer": pytest.approx(2.0)}}
    assert net["warnings"] == net["failures"] == net["skipped"] == []


def test_ratios_are_of_the_best_rows() -> None:
    rows = [
        {"tool": tool, "train_per_s": train, "infer_per_s": infer}
        for tool, train, infer in [("maichong", 8.0, 9.0), ("torch", 4.0, 1.0), ("torch", 2.0, 3.0), ("norse", 16.0, 9.0)]
    ]
    assert ratios(rows) == {"torch": {"train": 2.0, "infer": 3.0}, "norse": {"train": 0.5, "infer": 1.0}}
    assert ratios(rows[1:]) == {}
    assert ratios([]) == {}


@pytest.mark.parametrize(
    ("key", "got", "warned"),
    [
        ("rates", 0.104, ""), ("rates", 0.106, "10 fires 0.1060 spikes a step, against 0.1 in maichong"),
        ("rates", 0.0, "10 fires 0.0000 spikes a step"), ("trained_rates", 0.15, "after training 10 fires 0.1500"),
        ("gradients", 0.0094, "the first gradient of 10 is 0.0094, against 0.01"), ("gradients", 0.0099, ""),
    ],
)  # fmt: skip
def test_other_rates_or_gradients_are_other_work(made_up: Any, key: str, got: float, warned: str) -> None:
    normal = {"rates": 0.1, "trained_rates": 0.2, "gradients": 0.01}[key]
    made_up({"snntorch": {key: {"1000": normal, "10": got}}})
    (net,) = checked(bench.run("deep", ["snntorch"], nets=["fc"]))["nets"]
    assert len(net["warnings"]) == len(WAYS) * bool(warned)
    assert all(warned in warning and warning.startswith("not the same work: in snntorch") for warning in net["warnings"])
    assert warnings([]) == []


def test_a_busy_machine_is_told(made_up: Any) -> None:
    made_up({"maichong": {"waited": 0.3}, "norse": {"waited": 0.06}})
    (net,) = checked(bench.run("deep", ["norse", "torch"], nets=["fc"]))["nets"]
    assert net["warnings"][0] == "a busy machine: maichong waited 30 % of the time for cores that others held"
    assert len(net["warnings"]) == 1 + len(WAYS)


# what is printed -------------------------------------------------------------------------------------------------------------


def test_the_command_prints_rows_rates_and_ratios(made_up: Any, tmp_path: Path) -> None:
    made_up({"norse": {"rates": {"256R": 0.2, "20": 0.1}}})
    code, out, err = call(
        "bench", "deep", "--net", "recurrent", "--against", "norse,torch", "--json", str(tmp_path / "out.json")
    )
    assert code == 0
    (net,) = checked(json.loads((tmp_path / "out.json").read_text()))["nets"]
    assert net["network"] in out
    assert net["warnings"][0] in out
    assert "norse 1.0, torch 2.0: made up for norse" in out
    for tool, ratio in net["ratios"].items():
        assert f"maichong trains {ratio['train']:.1f} x as fast as {tool}" in out
    assert "recurrent, torch compile" in err
    (row,) = [line.split() for line in out.splitlines() if line.startswith("norse eager")][:1]
    assert row == ["norse", "eager", "320", "5.0", "x", "3.0", "1,280", "5.0", "x", "1.0", "400", "400"]


def test_the_tables_fit_80_columns(made_up: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("maichong.cli.tables.WIDE", 80)
    _, out, _ = call("bench", "deep", "--net", "conv", "--against", ",".join(PEERS))
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line for line in lines if line.startswith("spikingjelly compile")]
    assert [len(row.split()) for row in rows] == [12, 12]


def test_a_peer_that_fails_takes_no_rows_with_it(made_up: Any, tmp_path: Path) -> None:
    made_up(fails="snntorch")
    code, out, err = call("bench", "deep", "--net", "fc", "--against", "snntorch,torch", "--json", str(tmp_path / "out.json"))
    (net,) = checked(json.loads((tmp_path / "out.json").read_text()))["nets"]
    assert code == 1
    assert {row["tool"] for row in net["rows"]} == {"maichong", "torch"}
    assert len(net["failures"]) == len(WAYS)
    assert net["failures"][0] == "fc, snntorch eager: bench, snntorch: must run to its end (got nothing works)"
    assert net["failures"][0] in out and net["failures"][0] in err


def test_our_failure_ends_it(made_up: Any) -> None:
    made_up(fails="maichong")
    code, out, err = call("bench", "deep")
    assert (code, out) == (2, "")
    assert err.endswith("bench, maichong: must run to its end (got nothing works)\n")


def test_without_layers_of_ours_the_peers_run_alone(made_up: Any, tmp_path: Path) -> None:
    made_up(ours=False)
    code, out, err = call("bench", "deep", "--net", "fc", "--against", "torch", "--json", str(tmp_path / "out.json"))
    (net,) = checked(json.loads((tmp_path / "out.json").read_text()))["nets"]
    assert code == 0
    assert {row["tool"] for row in net["rows"]} == {"torch"}
    assert (net["ratios"], net["skipped"]) == ({}, ["maichong: no row of ours, for a reason"])
    assert net["skipped"][0] in out and net["skipped"][0] in err
    code, out, _ = call("bench", "deep", "--net", "fc")
    assert (code, net["skipped"][0] in out) == (0, True)


def test_why_there_can_be_no_row_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    here: set[str] = set()
    monkeypatch.setattr(comparison.importlib.util, "find_spec", lambda name: name if name in here else None)
    assert comparison._missing() == "maichong: no row of ours, as this version has no maichong.nn"
    here.add("maichong.nn")
    assert comparison._missing().endswith('needs torch: pip install "maichong[deep]"')
    here.add("torch")
    assert comparison._missing() == ""


# for real: pytest -m slow tests/bench/test_bench_deep.py -------------------------------------------------------------------------

TINY = {
    "fc": Constants("40-5", (50,), 6, 8, gains=(3.0, 3.0)),
    "conv": Constants("4C3-P2-6C3-P2-20-5", (1, 8, 8), 4, 4, gains=(6.0, 8.0, 10.0, 10.0), padding=1),
    "recurrent": Constants("30R-5", (50,), 12, 8, gains=(3.0, 3.0), recurrent_gain=1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_all_peers_do_the_same_work(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each peer in an environment of its own, made where it is not there yet; rates, gradients and losses are those of all."""
    tiny = replace(NETS[name], constants=TINY[name], warmup=1, steps=2, repeats=3)
    monkeypatch.setitem(comparison.NETS, name, tiny)  # pyright: ignore[reportArgumentType]
    code, _, err = call("bench", "deep", "--net", name, "--against", ",".join(PEERS), "--json", str(tmp_path / "out.json"))
    (net,) = json.loads((tmp_path / "out.json").read_text())["nets"]
    assert (code, net["failures"]) == (0, []), err
    assert not [warning for warning in net["warnings"] if "busy" not in warning]
    assert len(net["rows"]) == len(jobs(list(PEERS), ours=importlib.util.find_spec("maichong.nn") is not None))
    first = net["rows"][0]
    for row in net["rows"]:
        assert row["loss_first"] == pytest.approx(first["loss_first"], rel=1e-3)
        assert row["loss_last"] == pytest.approx(first["loss_last"], rel=0.01)
        assert row["gradients"] == pytest.approx(first["gradients"], rel=0.01)
        assert row["rates"] == pytest.approx(first["rates"], rel=0.01)
        assert min(row["rates"].values()) > 0.0
        assert 0.0 < row["first_infer_s"] < row["first_train_s"] + 60.0
        assert -50.0 < row["beyond_mib"] < 2000.0
