"""maichong simulate: what it writes and prints, how it is stopped, killed and carried on, and what it says to bad input."""

from __future__ import annotations

import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import Network, open_recording
from maichong.cli import progress
from maichong.network_file import read_network

FILE = """
from maichong import LIF, AllToAll, Exponential, FixedProbability, Network, PairSTDP, Poisson, Uniform


def network():
    net = Network(dt=0.5, seed=4)
    x = net.population("x", Poisson(rate=40.0), 60)
    e = net.population("e", LIF(tau_m=20.0, c_m=150.0), 40, drive=200.0)
    learning, late = PairSTDP(w_max=9.0), Uniform(0.5, 9)
    net.project(x, e, AllToAll(), weight=Uniform(0, 6), delay=late, receptor=Exponential(tau=5.0), plasticity=learning)
    net.project(e, e, FixedProbability(0.1), weight=-20.0, delay=1.5, receptor=Exponential(tau=8.0))
    net.probe("x")
    net.probe("e")
    net.probe("e", "v", every=5.0, cells=[0, 7])
    net.probe_weights("x->e", every=50.0, synapses=[1, 2, 3])
    return net


duration = "0.2 s"
"""
OWN = '''
from maichong import Network
from maichong.spec import Input, Param, State, neuron


def flow(v, i, tau, r):
    """Towards r i."""
    return (r * i - v) / tau


def fires(v, v_th):
    """At the threshold."""
    return v - v_th


def reset():
    """To zero."""
    return 0.0


mine = neuron(
    "Mine", flow=flow, fires=fires, reset=reset,
    params=[Param("tau", 10.0, "ms", "time constant", above=0), Param("r", 0.1, "mV/pA", "resistance"),
            Param("v_th", 10.0, "mV", "threshold")],
    states=[State("v", 0.0, "mV", "membrane", membrane=True)], inputs=[Input("i", "pA", "current")],
)
net = Network(dt=0.1)
net.population("own", mine(tau=20.0), 3, drive=200.0)
if __name__ == "__main__":
    raise SystemExit("this is not for simulate")
'''  # fmt: skip


def written(place: Path, text: str = FILE, name: str = "net.py") -> Path:
    path = place / name
    path.write_text(text)
    return path


def same_recording(folder: Path, network: Network, t: float, engine: str = "events") -> None:
    """What a run streamed is what the network gives in one go, bit for bit."""
    read, whole = open_recording(folder), network.build(engine).run(t).recording()
    assert read.t == whole.t == t
    assert read.tracks == whole.tracks
    for one, other in zip(read.tracks, whole.tracks, strict=True):
        for name in vars(one.data):
            assert np.array_equal(getattr(one.data, name), getattr(other.data, name)), (one.probe, name)


@pytest.fixture(scope="module")
def done(maichong: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A simulation of FILE: its folder, what --json wrote, how it ended."""
    place = tmp_path_factory.mktemp("simulate")
    ended = maichong("simulate", str(written(place)), "--out", str(place / "run"), "--json", str(place / "out.json"))
    return place / "run", json.loads((place / "out.json").read_text()), ended


def test_a_simulation_ends_well(done: Any) -> None:
    folder, outcome, ended = done
    assert ended.code == 0, ended.err
    for words in ("x ", "e ", "Hz", "200 ms in ", "real-time factor", "peak memory", f"recorded: {folder}/recording",
                  f"report: {folder}/report.html"):  # fmt: skip
        assert words in ended.out
    assert f"{outcome['rates_hz']['e']:.3f} Hz" in ended.out
    last = ended.err.splitlines()[-1]
    assert last.startswith("simulate 200/200 ms, real-time factor ")


def test_progress_tells_time_speed_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Half a biological second in each of the clock: a real-time factor of 2, and 1.5 s for what is left."""
    tell = progress.lines(lambda: 0.0)
    tell(stage="simulate", done=250.0, total=1000.0, ms_per_s=500.0)
    tell(stage="simulate", done=1000.0, total=1000.0, ms_per_s=250.0)
    assert capsys.readouterr().err.splitlines() == [
        "simulate 250/1,000 ms, real-time factor 2, 1.5 s left",
        "simulate 1,000/1,000 ms, real-time factor 4",
    ]


def test_what_it_recorded_is_what_the_network_does(done: Any) -> None:
    folder, outcome, _ = done
    network = read_network(folder.parent / "net.py").network
    same_recording(folder / "recording", network, 200.0)
    run = network.build("events").run(200.0)
    assert outcome["spikes"] == {"x": int(run["x"].counts.sum()), "e": int(run["e"].counts.sum())}
    assert outcome["rates_hz"]["e"] == run["e"].rate() > 1.0


def test_the_result_tells_what_ran(done: Any) -> None:
    folder, outcome, _ = done
    assert {path.name for path in folder.iterdir()} == {
        "settings.json", "network.py", "recording", "checkpoint.npz", "result.json", "report.html",
    }  # fmt: skip
    result = json.loads((folder / "result.json").read_text())
    assert {key: outcome[key] for key in result} == result
    assert (outcome["duration_ms"], outcome["dt_ms"], outcome["seed"], outcome["engine"]) == (200.0, 0.5, 4, "events")
    assert outcome["neurons"] == {"x": 60, "e": 40}
    assert outcome["synapses"]["x->e"] == 2400
    assert outcome["wall_s"] / 0.2 == pytest.approx(outcome["realtime_factor"])
    assert min(outcome[name] for name in ("wall_s", "build_s", "peak_rss_mib")) > 0
    assert {"maichong", "numpy", "numba"} <= outcome["versions"].keys()
    assert "within a step" in outcome["plan"][0]
    page = (folder / "report.html").read_text()
    assert "real-time factor" in page and "spikes of" in page


@pytest.mark.parametrize("name", ["net.json", "net.npz"])
def test_a_saved_network_runs_too(name: str, maichong: Any, tmp_path: Path) -> None:
    net = read_network(written(tmp_path)).network
    path, out = net.save(tmp_path / name), tmp_path / "run"
    ended = maichong("simulate", str(path), "--duration", "30", "--engine", "reference", "--out", str(out))
    assert ended.code == 0, ended.err
    same_recording(out / "recording", net, 30.0, "reference")


def test_options_of_the_engine_are_passed_on(maichong: Any, tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "run"
    ended = maichong("simulate", str(path), "--duration", "5 ms", "--set", "precision=float64", "--out", str(out))
    assert ended.code == 0, ended.err
    assert json.loads((out / "settings.json").read_text())["options"] == {"precision": "float64"}
    refused = maichong("simulate", str(path), "--set", "precision=16", "--out", str(tmp_path / "other")).sentence
    assert refused == "build, precision: must be one of 'float64', 'float32' (got 16)"


def test_a_model_of_the_file_itself(maichong: Any, tmp_path: Path) -> None:
    """It runs, and its folder carries on alone, after the file has changed. A leaky cell at r i = 20 mV fires at tau ln 2."""
    path, out = written(tmp_path, OWN), tmp_path / "run"
    assert maichong("simulate", str(path), "--duration", "30", "--out", str(out)).code == 0
    path.write_text("nothing that is Python")
    again = maichong("simulate", "--resume", str(out), "--duration", "45")
    assert again.code == 0, again.err
    times = open_recording(out / "recording")["own"].spikes.of(0)
    assert np.allclose(times, np.ceil(20.0 * np.log(2.0) / 0.1) * 0.1 * np.arange(1, 4))


def test_a_finished_run_can_be_made_longer(maichong: Any, tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "run"
    assert maichong("simulate", str(path), "--duration", "40", "--out", str(out)).code == 0
    sentence = maichong("simulate", "--resume", str(out)).sentence
    assert sentence == f"--resume {out}: is finished at 40 ms; give a longer --duration than 40 to carry on"
    longer = maichong("simulate", "--resume", str(out), "--duration", "90", "--json", str(tmp_path / "out.json"))
    assert longer.code == 0, longer.err
    same_recording(out / "recording", read_network(path).network, 90.0)
    assert json.loads((tmp_path / "out.json").read_text())["duration_ms"] == 90.0
    # and a new run takes the place of a finished one
    anew = maichong("simulate", str(path), "--duration", "10", "--out", str(out))
    assert f"replacing the finished run in {out}" in anew.err
    same_recording(out / "recording", read_network(path).network, 10.0)


# stopped and killed ------------------------------------------------------------------------------------------------------

LONG = FILE.replace("dt=0.5", "dt=0.1").replace('"0.2 s"', "60000.0")


def begun(*args: str, waits_for: Path) -> subprocess.Popen[str]:
    """``maichong simulate ARGS`` in a process of its own, once it has begun to run."""
    child = subprocess.Popen(
        [sys.executable, "-m", "maichong", "simulate", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    until = time.monotonic() + 120
    while child.poll() is None and not waits_for.exists() and time.monotonic() < until:
        time.sleep(0.01)
    return child


def test_ctrl_c_saves_and_says_how_to_carry_on(maichong: Any, tmp_path: Path) -> None:
    path, out = written(tmp_path, LONG), tmp_path / "a run"
    child = begun(str(path), "--duration", "1e9", "--out", str(out), waits_for=out / "recording" / "recording.json")
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    said = err.splitlines()[-1].removeprefix("maichong: stopped; carry on with: ")
    assert shlex.split(said) == ["maichong", "simulate", "--resume", str(out)]
    assert not (out / "result.json").exists()
    # what is lost is nothing, and the folder is not given to another run
    reached = open_recording(out / "recording").t
    assert 0 < reached < 1e9
    refused = maichong("simulate", str(path), "--out", str(out)).sentence
    assert refused == (
        f"--out {out}: must not hold an unfinished run (got checkpoint.npz); carry on with --resume {out}, choose another --out, "
        "or delete the folder"
    )
    settings = json.loads((out / "settings.json").read_text())
    end = 1000.0 * np.ceil(reached / 1000.0 + 1)
    (out / "settings.json").write_text(json.dumps({**settings, "duration_ms": end}))
    ended = maichong(*shlex.split(said)[1:])
    assert ended.code == 0, ended.err
    same_recording(out / "recording", read_network(path).network, end)


def test_a_run_that_is_killed_again_and_again_loses_nothing(maichong: Any, tmp_path: Path) -> None:
    """Checkpoints every 6 ms, so that most kills fall into the writing of one; each time the run carries on."""
    path, out = written(tmp_path, LONG), tmp_path / "run"
    args, often = [str(path), "--duration", "1e6", "--out", str(out)], ["--checkpoint-every", "0.0001"]
    reached = []
    for wait in (0.0, 0.3, 0.11):
        before = (out / "checkpoint.npz").stat().st_mtime_ns if reached else 0
        child = begun(*args, *often, waits_for=out / "checkpoint.npz")
        until = time.monotonic() + 60
        while child.poll() is None and (out / "checkpoint.npz").stat().st_mtime_ns == before and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        _, err = child.communicate()
        assert child.returncode == -signal.SIGKILL, err
        args = ["--resume", str(out)]
        reached.append(open_recording(out / "recording").t)
    settings = json.loads((out / "settings.json").read_text())
    end = 100.0 * np.ceil(max(reached) / 100.0 + 1)
    (out / "settings.json").write_text(json.dumps({**settings, "duration_ms": end}))
    ended = maichong("simulate", *args)
    assert ended.code == 0, ended.err
    same_recording(out / "recording", read_network(path).network, end)
    assert not [file.name for file in out.iterdir() if file.name.startswith(".")], "what kills left behind is cleared away"


def test_a_run_killed_before_its_first_checkpoint_begins_anew(maichong: Any, tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "run"
    assert maichong("simulate", str(path), "--out", str(out)).code == 0
    for name in ("checkpoint.npz", "result.json"):
        (out / name).unlink()
    assert maichong("simulate", "--resume", str(out)).code == 0
    same_recording(out / "recording", read_network(path).network, 200.0)


def test_a_full_disk_ends_in_a_sentence_and_can_be_carried_on(maichong: Any, tmp_path: Path) -> None:
    """No file may grow past 400 KB, by the system's own limit."""
    path, out = written(tmp_path, LONG), tmp_path / "run"
    ended = subprocess.run(
        [sys.executable, "-m", "maichong", "simulate", str(path), "--out", str(out), "--duration", "1e9"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    said = ended.stderr.splitlines()[-1]
    reached = open_recording(out / "recording").t
    assert said == (
        f"maichong: {out}/recording: must have room for what is recorded (got File too large); "
        f"what was recorded up to {reached:.10g} ms is whole: make room and carry on with --resume {out}"
    )
    same_recording(out / "recording", read_network(path).network, reached)
    settings = json.loads((out / "settings.json").read_text())
    (out / "settings.json").write_text(json.dumps({**settings, "duration_ms": 50.0}))
    ended = maichong("simulate", "--resume", str(out))
    assert ended.code == 0, ended.err
    same_recording(out / "recording", read_network(path).network, 50.0)


# bad input ---------------------------------------------------------------------------------------------------------------

BROKEN = {
    "x = 1\nnet = Netwrk()\n": "net.py, line 2: NameError: name 'Netwrk' is not defined",
    "x = (\n": "net.py, line 1: SyntaxError: '(' was never closed",
    "x = 1\n  y = 2\n": "net.py, line 2: IndentationError: unexpected indent",
    "import nonsense_that_is_nowhere\n": "net.py, line 1: ModuleNotFoundError: No module named 'nonsense_that_is_nowhere'",
    "from maichong import Network\nnet = Network(dt=-1)\n": "net.py, line 2: Network.dt: must be a number > 0 ms (got -1)",
    "def network():\n    return 1 / 0\n": "net.py, line 2: ZeroDivisionError: division by zero",
    "def network(size):\n    pass\n": (
        "net.py, line 1: TypeError: network() missing 1 required positional argument: 'size'"
    ),
    "def network():\n    return 3\n": "net.py: its function network() must return a Network (got 3)",
    "x = 1\n": "net.py: must define net = Network(...), or a function network() that returns one (got none)",
    "net = 3\n": "net.py: must define net = Network(...), or a function network() that returns one (got 3)",
    "from maichong import Network\nmine = Network()\n": (
        "net.py: must call its network 'net' (got 'mine'); add net = mine"
    ),
    "raise SystemExit('no')\n": "net.py, line 1: SystemExit: no",
    "raise AssertionError\n": "net.py, line 1: AssertionError",
    "from maichong import Network\nnet = Network()\n": (
        "network: needs at least one population; add one with net.population(...)"
    ),
    "from maichong import Network\nnet = Network()\nduration = 'long'\n": "net.py, duration: ",
    "from maichong import Network\nnet = Network()\nduration = -5\n": "net.py, duration: must be a number > 0 ms (got -5)",
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_wrong_in_the_file_is_told_with_its_line(text: str, maichong: Any, tmp_path: Path) -> None:
    ended = maichong("simulate", str(written(tmp_path, text)), "--out", str(tmp_path / "run"))
    assert ended.sentence.startswith(BROKEN[text])
    assert not (tmp_path / "run" / "recording").exists()


def test_an_error_inside_what_the_file_imports_names_the_file_s_line(maichong: Any, tmp_path: Path) -> None:
    written(tmp_path, "def make():\n    raise ValueError('deep')\n", "beside.py")
    path = written(tmp_path, "import beside\n\n\nnet = beside.make()\n")
    assert maichong("simulate", str(path), "--out", str(tmp_path / "run")).sentence == "net.py, line 4: ValueError: deep"


def test_files_that_hold_no_network(maichong: Any, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "run")]

    def said(name: str, text: str | None = None) -> str:
        path = tmp_path / name if text is None else written(tmp_path, text, name)
        return maichong("simulate", str(path), *out).sentence.replace(f"{tmp_path}/", "")

    assert said("none.py") == "none.py: must be a file that can be read (got No such file or directory)"
    assert said("none.json") == "none.json: must be a file that can be read (got No such file or directory)"
    assert said("net.txt", "") == "net.txt: must be a file that ends in .py, .json or .npz (got .txt)"
    assert said("net.json", "{").startswith("net.json: must be JSON (got Expecting property name")
    assert said("net.json", "[]") == "net.json: must hold a network (got list)"
    assert said("net.json", "{}") == "network: the data must be what Network.to_dict wrote (got KeyError('dt'))"
    assert said("net.npz", "x").startswith("net.npz: must be a whole file that maichong wrote")
    assert maichong("simulate").sentence == "simulate: needs a network's file, or --resume DIR (got neither)"


REFUSED = {
    ("--duration", "0"): "--duration: must be a number > 0 ms (got '0')",
    ("--duration", "7.3"): "--duration: must be a whole number of steps of 0.5 ms (got 7.3 ms)",
    ("--duration", "5 mV"): "--duration: ",
    ("--engine", "evnts"): "build: there is no engine 'evnts'; did you mean 'events'?",
    ("--set", "precision"): "--set: must look like KEY=VALUE (got 'precision')",
    ("--set", "speed=3"): "build, engine 'events': has no such option (got speed); ",
    ("--checkpoint-every", "0"): "--checkpoint-every: must be a number of minutes > 0 (got 0.0)",
    (
        "--out",
        "{place}/net.py",
    ): "{place}/net.py: must be a folder that can be written to (got Not a directory)",
}


@pytest.mark.parametrize("given", REFUSED, ids=" ".join)
def test_what_is_asked_in_vain(given: tuple[str, str], maichong: Any, tmp_path: Path) -> None:
    out = [] if "--out" in given else ["--out", str(tmp_path / "run")]
    ended = maichong("simulate", str(written(tmp_path)), *(word.format(place=tmp_path) for word in given), *out)
    assert ended.sentence.startswith(REFUSED[given].format(place=tmp_path))


def test_what_is_resumed_in_vain(maichong: Any, tmp_path: Path, done: Any) -> None:
    folder = done[0]

    def said(*args: str) -> str:
        return maichong("simulate", *args).sentence

    assert said("--resume", str(tmp_path)) == (
        f"--resume {tmp_path}: must be the folder of an earlier run (got no settings.json in it)"
    )
    assert said("--resume", str(folder), "--engine", "reference") == (
        f"--resume {folder}: was begun with engine 'events' (got 'reference'); leave it out, or begin a new run with --out"
    )
    assert said("--resume", str(folder), "--duration", "100") == (
        "--duration: must be at least 200 ms, for which the run was begun (got 100 ms)"
    )
    assert said("other.py", "--resume", str(folder)).startswith(f"--resume {folder}: was begun with file '")
    assert said("--resume", str(folder), "--out", "x") == (
        f"--out: must be left out beside --resume, which carries on in {folder} (got 'x')"
    )
    (tmp_path / "settings.json").write_text('{"file": 1}')
    assert said("--resume", str(tmp_path)) == (
        f"{tmp_path}/settings.json: must be the settings of a simulation (got something else)"
    )
