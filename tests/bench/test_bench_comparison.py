"""maichong bench on a network: its rows and their processes, ratios, warnings, failures, JSON, the table, Ctrl-C."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from maichong import bench
from maichong.bench import comparison, environments, process
from maichong.bench.comparison import Job, jobs, ratios, warnings
from maichong.bench.networks import benchmarks
from maichong.cli import main
from maichong.engines.events.together import cores
from maichong.errors import EngineError, ParameterError

ROW = {
    "tool": str, "version": str, "threads": int, "precision": str, "build_s": float, "sim_s": float, "realtime_factor": float,
    "peak_rss_mib": float, "bytes_per_synapse": float, "rate_hz": float, "rates_hz": dict, "synapses": int, "spans_s": list,
    "biological_ms": float, "rate_difference": float, "notes": list,
}  # fmt: skip
SPEED = {"maichong": 0.05, "brian2": 0.2, "nest": 4.0}
"""Wall seconds of each made-up span."""


def call(*args: str) -> tuple[int, str, str]:
    """``maichong ARGS`` in this process: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        main(list(args))
    assert isinstance(end.value.code, int)
    return end.value.code, out.getvalue(), err.getvalue()


def checked(outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """The outcome, if it keeps what other programs rely on."""
    assert {"network", "constants", "rows", "ratios", "warnings", "failures"} <= outcome.keys()
    for row in outcome["rows"]:
        for key, kind in ROW.items():
            assert isinstance(row[key], kind), key
            assert not isinstance(row[key], float) or math.isfinite(row[key])
        assert row["realtime_factor"] == pytest.approx(1e3 * row["sim_s"] / row["biological_ms"])
    return outcome


Task = Mapping[str, Any]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, Task]]]:
    """Processes that measure nothing: rows at SPEED, every cell at 10 Hz, peers with their own; returns what was asked for."""

    def install(rate: Mapping[str, float] = {}, fails: str = "") -> list[tuple[str, Task]]:
        asked: list[tuple[str, Task]] = []

        def measured(command: Any, out: Path, threads: int, where: str, environment: Any = None) -> dict[str, Any]:
            task = json.loads(Path(command[command.index("--task") + 1]).read_text())
            asked.append((where, {**task, "held": threads, "command": command, "environment": environment}))
            if where == fails:
                raise EngineError(f"bench, {where}", "must run to its end", "nothing works")
            hz, seconds = rate.get(where, 10.0), 1e-3 * task["span_ms"] * task["repeats"]
            return {
                "version": "1.0", "threads": task["threads"] or 2, "compile_s": None if where == "nest" else 9.0, "compiled": 3,
                "build_s": 1.5 if task["repeats"] else 4.0, "spans_s": [SPEED[where] * (k + 1) for k in range(task["repeats"])],
                "spikes": {name: round(hz * n * seconds) for name, n in task["constants"]["sizes"].items()},
                "synapses": task["constants"]["synapses"], "before_mib": 100.0, "built_mib": 200.0, "peak_rss_mib": 300.0,
                "notes": [f"made up for {where}"],
            }  # fmt: skip

        monkeypatch.setattr(comparison, "measured", measured)
        monkeypatch.setattr(comparison, "interpreter", lambda peer, tell: f"python of {peer}")
        return asked

    return install


# rows ----------------------------------------------------------------------------------------------------------------------


def test_which_rows_there_are() -> None:
    coba, hpc = benchmarks()["coba-4000"], benchmarks()["hpc"]
    assert jobs(hpc, ["nest"], []) == [Job("maichong", None, "float32"), Job("nest", cores(), "float64")]
    found = jobs(coba, ["brian2", "nest"], [1, 2])
    assert [(job.tool, job.threads, job.precision) for job in found] == [
        *(("maichong", n, precision) for precision in ("float32", "float64") for n in (1, 2)),
        *(("brian2", n, precision) for precision in ("float32", "float64") for n in (1, 2)),
        *(("nest", n, "float64") for n in (1, 2)),
    ]
    assert {job.threads for job in jobs(coba, ["brian2"], []) if job.tool == "brian2"} == {1, cores()}


def test_all_tools_get_the_same_constants(made_up: Any) -> None:
    asked = made_up()
    bench.run("cuba-4000", ["brian2", "nest"], threads=[2], duration="50 ms")
    tasks = [task for _, task in asked]
    assert all(task["constants"] == tasks[0]["constants"] for task in tasks)
    assert tasks[0]["constants"]["w_inh"] == -90.0
    assert {task["seed"] for task in tasks} == {1}
    # ours is asked twice, first for its kernels alone
    assert [where for where, _ in asked] == ["maichong"] * 4 + ["brian2"] * 2 + ["nest"]
    assert [task["repeats"] for where, task in asked if where == "maichong"] == [0, 5, 0, 5]
    assert all(task["span_ms"] == 50.0 for task in tasks if task["repeats"])
    assert {task["held"] for task in tasks} == {2}
    assert [task["command"][0] for where, task in asked if where == "nest"] == ["python of nest"]
    assert not [key for where, task in asked if where == "nest" for key in task["environment"] if key.startswith("PYTHON")]


def test_a_row_is_what_was_measured(made_up: Any) -> None:
    made_up({"nest": 10.2})
    outcome = checked(bench.run("coba-4000", ["nest"], threads=[1]))
    ours, _, nest = outcome["rows"]
    assert (ours["tool"], ours["precision"], ours["compile_s"], ours["build_s"]) == ("maichong", "float32", 2.5, 1.5)
    assert ours["sim_s"] == pytest.approx(0.15)  # the median of five
    assert ours["realtime_factor"] == pytest.approx(0.03)  # of spans of 5 s
    assert ours["bytes_per_synapse"] == pytest.approx(100 * 2**20 / 320_000)
    assert ours["rates_hz"] == {"exc": 10.0, "inh": 10.0}
    assert (nest["rate_hz"], nest["rate_difference"]) == (pytest.approx(10.2), pytest.approx(0.02))
    assert outcome["ratios"] == {"nest": pytest.approx(2.0 / 0.03)}
    assert outcome["warnings"] == []


def test_ratios_are_of_the_best_rows() -> None:
    rows = [
        {"tool": tool, "realtime_factor": factor}
        for tool, factor in [("maichong", 0.5), ("maichong", 0.2), ("nest", 8.0), ("nest", 4.0), ("brian2", 0.1)]
    ]
    assert ratios(rows) == {"nest": pytest.approx(20.0), "brian2": pytest.approx(0.5)}
    assert ratios(rows[:2]) == {}


@pytest.mark.parametrize(
    ("rate", "warned"), [(10.0, False), (10.4, False), (9.6, False), (10.6, True), (9.4, True), (0.0, True)]
)
def test_other_rates_are_other_work(made_up: Any, rate: float, warned: bool) -> None:
    made_up({"nest": rate})
    outcome = checked(bench.run("coba-4000", ["nest"]))
    assert bool(outcome["warnings"]) == warned
    if warned:
        assert re.match(r"not the same work: nest float64, \d+ threads? fires at .* against 10.00 Hz", outcome["warnings"][0])


def test_a_silent_network_has_no_relative_difference(made_up: Any, tmp_path: Path) -> None:
    made_up({"maichong": 0.0})
    code, _, _ = call("bench", "coba-4000", "--against", "nest", "--json", str(tmp_path / "out.json"))
    outcome = json.loads((tmp_path / "out.json").read_text())
    assert (code, outcome["rows"][-1]["rate_difference"], len(outcome["warnings"])) == (0, None, 1)
    assert warnings([], 0.05) == []


# what is printed -------------------------------------------------------------------------------------------------------------


def test_the_command_prints_rows_rates_and_ratios(made_up: Any, tmp_path: Path) -> None:
    made_up({"nest": 11.0})
    code, out, err = call("bench", "microcircuit-0.1", "--against", "brian2,nest", "--json", str(tmp_path / "out.json"))
    assert code == 0
    outcome = checked(json.loads((tmp_path / "out.json").read_text()))
    assert outcome["published"]["L5E"] == 7.59
    words = " ".join(out.split())
    for part in (outcome["network"], "tau_syn 0.5 ms decay of synaptic currents", "mean, to ours", "+10.0 %", "published"):
        assert part in words
    for tool, ratio in outcome["ratios"].items():
        assert f"maichong is {ratio:.1f} x as fast as {tool}" in words
    assert outcome["warnings"][0] in out
    assert "nest 1.0: 2,988,807 synapses; 1 x 2000 ms; made up for nest" in out
    assert "nest float64" in err


def test_the_table_fits_80_columns(made_up: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("maichong.cli.tables.WIDE", 80)
    _, out, _ = call("bench", "coba-4000", "--against", "brian2,nest")
    assert max(map(len, out.splitlines())) <= 80
    (row,) = [line.split() for line in out.splitlines() if line.startswith("nest float64")]
    assert row == ["nest", "float64", str(cores()), "1.50", "2", "66.7", "x", "300", "327.7", "10.00"]


def test_a_peer_that_fails_takes_no_rows_with_it(made_up: Any, tmp_path: Path) -> None:
    made_up(fails="brian2")
    code, out, err = call("bench", "hpc", "--against", "brian2,nest", "--threads", "2", "--json", str(tmp_path / "out.json"))
    outcome = checked(json.loads((tmp_path / "out.json").read_text()))
    assert code == 1
    assert [row["tool"] for row in outcome["rows"]] == ["maichong", "nest"]
    (failure,) = outcome["failures"]
    assert failure == "brian2 float32, 2 threads: bench, brian2: must run to its end (got nothing works)"
    assert failure in out
    assert failure in err


def test_our_own_failure_is_the_end(made_up: Any) -> None:
    made_up(fails="maichong")
    code, out, err = call("bench", "hpc", "--against", "nest")
    assert (code, out) == (2, "")
    assert "maichong: bench, maichong: must run to its end (got nothing works)" in err


@pytest.mark.parametrize("threads", [[0], [-1], [1.5], ["2"], [True], [2000]])
def test_numbers_of_threads(threads: Any) -> None:
    with pytest.raises(ParameterError, match=r"bench, --threads: must be whole numbers between 1 and 1024"):
        bench.run("coba-4000", threads=threads)


# processes -------------------------------------------------------------------------------------------------------------------


def test_a_network_for_real(tmp_path: Path) -> None:
    code, out, err = call("bench", "coba-4000", "--duration", "20", "--threads", "1", "--json", str(tmp_path / "out.json"))
    assert code == 0
    assert "Traceback" not in err
    outcome = checked(json.loads((tmp_path / "out.json").read_text()))
    assert [row["precision"] for row in outcome["rows"]] == ["float32", "float64"]
    for row in outcome["rows"]:
        assert row["synapses"] == 320_000
        assert 8.0 < row["rate_hz"] < 30.0
        assert 0.0 < row["bytes_per_synapse"] < 200.0
        assert 50.0 < row["peak_rss_mib"] < 1000.0
        assert row["spans_s"] == pytest.approx([row["sim_s"]] * 5, rel=100.0)
    assert outcome["ratios"] == {}
    assert "v by exponential_euler" in out


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit('no room')", "no room"),
        ("import sys; print('said', file=sys.stderr); print('more', file=sys.stderr); sys.exit(3)", "more"),
        ("print('only this'); raise SystemExit(1)", "only this"),
        ("pass", "no output"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by the system, as it does where memory runs out"),
    ],
)
def test_a_process_that_fails_says_why(tmp_path: Path, code: str, reason: str) -> None:
    (tmp_path / "out.json").write_text("{}")  # of an earlier row
    with pytest.raises(EngineError) as caught:
        process.measured(python(code), tmp_path / "out.json", 1, "tool")
    assert str(caught.value) == f"bench, tool: must run to its end (got {reason})"


def test_a_process_has_its_threads(tmp_path: Path) -> None:
    code = "import os, sys; open(sys.argv[2], 'w').write(os.environ['OMP_NUM_THREADS'] + os.environ.get('MINE', ''))"
    assert process.measured(python(code), tmp_path / "out.json", 3, "tool", {"MINE": "7"}) == 37


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    """The command ends with code 130, and so do its children and theirs."""
    grandchild = "import time; time.sleep(60)"
    child = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {grandchild!r}]); print(p.pid); p.wait()"
    script = (
        "from pathlib import Path; from maichong.bench import comparison, process; from maichong.cli import main\n"
        f"def measured(*_): return process.measured([{sys.executable!r}, '-c', {child!r}], Path({str(tmp_path / 'o')!r}), 1, 't')\n"
        "comparison.measured = measured\nmain(['bench', 'coba-4000'])"
    )
    running = subprocess.Popen(python(script), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert running.stderr.readline().startswith("maichong float32")
    deadline = time.monotonic() + 10
    while not (family := descendants(running.pid)) or len(family) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert (running.returncode, err) == (130, "maichong: stopped\n")
    assert not [pid for pid in family if Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()]


def descendants(pid: int) -> list[int]:
    import psutil

    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def test_an_environment_is_made_once_and_again_when_its_requirements_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAICHONG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "SCRIPTS", tmp_path)
    made, told, asked = [], [], []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command[5:])
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(
        environments.venv, "create", lambda folder, **_: made.append(folder) or folder.mkdir(parents=True, exist_ok=True)
    )
    monkeypatch.setattr(environments.subprocess, "run", run)
    (tmp_path / "peer.txt").write_text("a==1\n")
    first = environments.interpreter("peer", told.append)
    assert environments.interpreter("peer", told.append) == first
    assert len(made) == 1
    (tmp_path / "peer.txt").write_text("a==2\n")
    environments.interpreter("peer", told.append)
    assert len(made) == len(told) == 2
    requirements = str(tmp_path / "peer.txt")
    assert asked == [["-r", requirements]] * 2
    # what a second call adds replaces nothing of the first
    environments.interpreter("peer", told.append, ("--no-deps", "b==1"))
    assert asked[2:] == [["-r", requirements], ["-c", requirements, "--no-deps", "b==1"]]


def test_an_environment_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAICHONG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "SCRIPTS", tmp_path)
    monkeypatch.setattr(environments.venv, "create", lambda folder, **_: folder.mkdir(parents=True))
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: first\nERROR: no such version\n")
    monkeypatch.setattr(environments.subprocess, "run", lambda command, **_: failed)
    (tmp_path / "peer.txt").write_text("a==1\n")
    with pytest.raises(EngineError) as caught:
        environments.interpreter("peer", lambda _: None)
    wanted = "bench, peer: must be installable with pip (got ERROR: no such version); is there a network?"
    assert str(caught.value) == wanted
