"""maichong simulate --engine nest: it runs and records; there is no checkpoint, and nothing pretends that there is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import open_recording
from maichong.network_file import read_network
from maichong.simulation import simulate

FILE = """
from maichong import LIF, AllToAll, Exponential, Network, SpikeTimes, Uniform

net = Network(dt=0.5, seed=4)
x = net.population("x", SpikeTimes([1.0, 5.0, 9.0], [0, 1, 2]), 3)
e = net.population("e", LIF(tau_m=20.0, c_m=150.0, t_ref=2.0), 5, drive=200.0)
net.project(x, e, AllToAll(), weight=Uniform(50, 90), delay=Uniform(0.5, 9), receptor=Exponential(tau=5.0))
net.probe("x")
net.probe("e")
net.probe("e", "v", every=5.0, cells=[0, 4])
duration = 60.0
"""
LACKS = FILE.replace('name="x"', "").replace("LIF(tau_m", "LIF(reset='soft', tau_m")


def written(place: Path, text: str = FILE) -> Path:
    path = place / "net.py"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def done(maichong: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("nest")
    out = place / "run"
    ended = maichong("simulate", str(written(place)), "--engine", "nest", "--set", "connectivity=ours", "--out", str(out))
    return out, ended


def test_it_records_what_the_reference_does(done: Any) -> None:
    folder, ended = done
    assert ended.code == 0, ended.err
    assert {path.name for path in folder.iterdir()} == {
        "settings.json",
        "network.py",
        "recording",
        "result.json",
        "report.html",
    }
    read = open_recording(folder / "recording")
    ours = read_network(folder.parent / "net.py").network.build("reference").run(60.0)
    for population in "xe":
        assert np.array_equal(read[population].spikes.times, ours[population].spikes.times)
        assert np.array_equal(read[population].spikes.ids, ours[population].spikes.ids)
    assert np.allclose(read["e"].samples("v").values, ours["e"].samples("v").values)
    result = json.loads((folder / "result.json").read_text())
    assert (result["engine"], result["options"], result["spikes"]["x"]) == ("nest", {"connectivity": "ours"}, 3)
    assert "e: iaf_psc_exp" in result["plan"]
    assert result["versions"]["nest"] == "3.10.0"


def test_a_finished_one_is_replaced_and_none_is_carried_on(done: Any, maichong: Any) -> None:
    folder, _ = done
    refused = maichong("simulate", "--resume", str(folder), "--duration", "100").sentence
    assert refused == (
        f"--resume {folder}: was begun on the engine 'nest', which writes no checkpoint to carry on from; "
        "begin a new run with --out"
    )
    again = maichong("simulate", str(folder.parent / "net.py"), "--engine", "nest", "--out", str(folder), "--duration", "5")
    assert again.code == 0, again.err
    assert f"replacing the finished run in {folder}" in again.err


def test_what_nest_lacks_is_listed(maichong: Any, tmp_path: Path) -> None:
    ended = maichong("simulate", str(written(tmp_path, LACKS)), "--engine", "nest", "--out", str(tmp_path / "run"))
    assert ended.code == 2
    assert ended.err.splitlines()[-2:] == [
        "maichong: build, engine 'nest': NEST lacks 1 thing of this network",
        "- population 'e' (iaf_psc_exp): its reset must be hard, not 'soft'",
    ]
    assert not (tmp_path / "run" / "recording").exists()


def test_a_stopped_one_keeps_its_recording_and_is_not_run_over(maichong: Any, tmp_path: Path) -> None:
    out, path = tmp_path / "run", written(tmp_path)
    command = [
        sys.executable,
        "-m",
        "maichong",
        "simulate",
        str(path),
        "--engine",
        "nest",
        "--duration",
        "1e8",
        "--out",
        str(out),
    ]
    child = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    until = time.monotonic() + 60
    while time.monotonic() < until and child.poll() is None:
        time.sleep(0.05)
        if (out / "recording" / "recording.json").exists() and open_recording(out / "recording").t > 100.0:
            break
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert err.splitlines()[-1] == "maichong: stopped"
    reached = open_recording(out / "recording").t
    assert 100.0 < reached < 1e8
    assert not (out / "checkpoint.npz").exists()
    assert maichong("simulate", str(path), "--out", str(out)).sentence == (
        f"--out {out}: must not hold an unfinished run (got recording); choose another --out, or delete the folder"
    )
    assert open_recording(out / "recording").t == reached


def test_ctrl_c_from_python_is_no_promise(tmp_path: Path) -> None:
    """No Interrupted, which says that the state is saved."""

    def stop(**_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        simulate(written(tmp_path), engine="nest", out=tmp_path / "run", tell=stop)
    assert type(caught.value) is KeyboardInterrupt
