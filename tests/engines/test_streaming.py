"""A run that streams to files: the same recordings, bounded memory, and nothing lost to a kill, a checkpoint or a full disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_checkpoint import EACH_BUILD, network, same

from maichong import LIF, Network, Poisson, open_recording, resume
from maichong.errors import CheckpointError, MaichongError, RecordingError


def recorded() -> Network:
    """The network of the checkpoints, with weights recorded too."""
    net = network()
    net.probe_weights("w", every=5.0, synapses=[3, 0, 700])
    net.probe_weights("fixed", every=20.0, start=20.0)
    net.probe("post", "counts")
    return net


def alike(a: Any, b: Any) -> None:
    """Two recordings hold the same tracks, bit for bit."""
    assert a.t == b.t
    assert a.tracks == b.tracks
    for one, other in zip(a.tracks, b.tracks, strict=True):
        for name in vars(one.data):
            first, second = getattr(one.data, name), getattr(other.data, name)
            assert (first.dtype, first.shape) == (second.dtype, second.shape), (one.probe, name)
            assert np.array_equal(first, second), (one.probe, name)


@EACH_BUILD
def test_a_streaming_run_records_what_any_run_records(engine: str, options: dict[str, str], tmp_path: Path) -> None:
    kept = recorded().build(engine, **options).run(100.0)
    run = recorded().build(engine, **options).stream(tmp_path / "s").run(60.0).run(40.0)
    same(run, kept)
    alike(run.recording(), kept.recording())
    alike(open_recording(tmp_path / "s"), kept.recording())
    read = open_recording(str(tmp_path / "s"))
    assert np.array_equal(read["post"].spikes.of(3), kept["post"].spikes.of(3))
    assert np.array_equal(read["post"].samples("v").values, kept["post"].samples("v").values)
    assert np.array_equal(read.weight_samples("w").values, kept.weight_samples("w").values)
    assert kept["post"].spikes.times.size > 100


def test_threads_stream_what_one_thread_records(tmp_path: Path) -> None:
    kept = recorded().build("events", threads=1).run(100.0)
    run = recorded().build("events", threads=2).run(20.0).stream(tmp_path / "s").run(30.0)
    run = resume(run.save(tmp_path / "run.npz")).run(50.0)
    alike(open_recording(tmp_path / "s"), kept.recording())


def test_the_files_are_plain(tmp_path: Path) -> None:
    """NumPy alone reads what the index names."""
    run = recorded().build("reference").stream(tmp_path).run(50.0)
    index = json.loads((tmp_path / "recording.json").read_text())
    spikes, v = index["tracks"][2], index["tracks"][3]
    assert (spikes["population"], spikes["what"], spikes["n"], spikes["unit"]) == ("post", "spikes", 40, "ms")
    assert spikes["model"].startswith("LIF(")
    assert (v["what"], v["unit"], v["cells"], v["every"]) == ("v", "mV", [0, 3, 39], 0.5)
    weights = index["tracks"][6]
    assert (weights["projection"], weights["what"], weights["unit"], weights["synapses"]) == ("w", "weights", "pA", [3, 0, 700])
    assert "PairSTDP" in weights["model"]
    assert np.array_equal(np.load(tmp_path / spikes["files"]["times"]), run["post"].spikes.times)
    assert np.array_equal(np.load(tmp_path / spikes["files"]["ids"]), run["post"].spikes.ids)
    assert np.load(tmp_path / v["files"]["values"]).shape == (100, 3)
    assert np.load(tmp_path / "t.npy").tolist() == [50.0]


@EACH_BUILD
def test_a_resumed_stream_is_the_uninterrupted_one(engine: str, options: dict[str, str], tmp_path: Path) -> None:
    """The run goes on past its checkpoint and is lost there; what came later is cut off and comes again."""
    whole = recorded().build(engine, **options).run(100.0)
    run = recorded().build(engine, **options).run(10.0).stream(tmp_path / "s")
    for at in (30.0, 30.5, 60.0):
        run.run(at - run.t).save(tmp_path / "run.npz")
        run.run(25.0)
        run = resume(tmp_path / "run.npz")
        alike(run.recording(), recorded().build(engine, **options).run(at).recording())
    same(run.run(100.0 - run.t), whole)
    alike(open_recording(tmp_path / "s"), whole.recording())


def test_a_checkpoint_of_a_stream_is_small(tmp_path: Path) -> None:
    kept = network().build("reference").run(200.0).save(tmp_path / "kept.npz")
    streamed = network().build("reference").stream(tmp_path / "s").run(200.0).save(tmp_path / "streamed.npz")
    assert streamed.stat().st_size < kept.stat().st_size - 100_000


def test_a_folder_that_was_moved_holds_its_recording(tmp_path: Path) -> None:
    run = network().build("reference").stream(tmp_path / "a" / "recording").run(20.0)
    run.save(tmp_path / "a" / "run.npz")
    whole = open_recording(tmp_path / "a" / "recording")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    resume(tmp_path / "b" / "run.npz").run(5.0)
    assert open_recording(tmp_path / "a" / "recording").t == 20.0, "the copy writes to its own"
    shutil.move(tmp_path / "a" / "recording", tmp_path / "elsewhere")
    with pytest.raises(RecordingError, match=r"recording: must be the folder of a recording, with a file recording\.json"):
        resume(tmp_path / "a" / "run.npz")
    moved = resume(tmp_path / "a" / "run.npz", stream=tmp_path / "elsewhere")
    alike(moved.recording(), whole)


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Forty megabytes of samples pass through a run that never holds more than a few."""
    net = Network(dt=0.1)
    net.population("n", LIF(), 500, drive=300.0)
    net.probe("n", "v")
    run = net.build("events").stream(tmp_path).run(1.0)
    tracemalloc.start()
    try:
        run.run(1000.0)
        assert tracemalloc.get_traced_memory()[1] < 8e6
    finally:
        tracemalloc.stop()
    samples = run["n"].samples("v")
    assert samples.values.shape == (10010, 500)
    assert samples.values.nbytes > 4e7
    assert not samples.values.flags.writeable


# a full disk -------------------------------------------------------------------------------------------------------------

FULL = """
    import resource, sys
    sys.path.insert(0, {here!r})
    from test_streaming import busy
    from maichong.errors import RecordingError

    run = busy().build({engine!r}).stream({folder!r}).run(100.0)
    run.save({folder!r} + ".npz")
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
    try:
        while run.t < 1e6:
            run.run(500.0)
    except RecordingError as error:
        print(error)
    stopped = run.t
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    run.run(50.0)
    print(stopped, run.t)
"""


def busy() -> Network:
    """About 40,000 spikes in a second."""
    net = Network(dt=0.5, seed=2)
    net.population("x", Poisson(rate=400.0), 100)
    net.probe("x")
    return net


@pytest.mark.parametrize("engine", ["reference", "events"])
def test_a_full_disk_is_one_sentence_and_loses_nothing(engine: str, tmp_path: Path) -> None:
    """A file that may grow no further, by the kernel's own limit: the write fails in its middle."""
    folder = tmp_path / "s"
    code = FULL.format(here=str(Path(__file__).parent), engine=engine, folder=str(folder), limit=300_000)
    ended = child(code).communicate(timeout=120)
    sentence, times = ended[0].splitlines()
    assert sentence.startswith(f"{folder}: must have room for what is recorded (got File too large); what was recorded up to ")
    assert sentence.endswith(" ms is whole: make room and carry on")
    intact = float(sentence.split("up to ")[1].split(" ms")[0])
    stopped, end = (float(word) for word in times.split())
    assert 100.0 <= intact < stopped < end
    alike(open_recording(folder), busy().build(engine).run(end).recording())


def test_what_was_recorded_is_whole_when_the_disk_is_full(tmp_path: Path) -> None:
    """A real disk of six megabytes, where one can be mounted; else the limit of a process."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = os.geteuid() == 0 and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], capture_output=True, check=False
    ).returncode  # fmt: skip
    if not mounted:
        pytest.skip("no disk can be mounted here")
    try:
        run = busy().build("events").stream(place / "s")
        with pytest.raises(RecordingError, match=r"room for what is recorded \(got No space left on device\)"):
            run.run(1e6)
        read = open_recording(place / "s")
        whole = busy().build("events").run(read.t).recording()
        alike(read, whole)
        assert len(read["x"].spikes) > 30_000
        del read
        with pytest.raises(RecordingError, match="No space left"):
            run.run(1.0)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


# kills -------------------------------------------------------------------------------------------------------------------

STREAMING = """
    import sys
    sys.path.insert(0, {here!r})
    from test_streaming import busy

    run = busy().build("reference").stream({folder!r})
    run.save({folder!r} + ".npz")
    print("running", flush=True)
    while True:
        run.run(20.0)
        run.save({folder!r} + ".npz")
"""


def child(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


def test_a_killed_stream_can_be_read_and_carried_on(tmp_path: Path) -> None:
    for k, wait in enumerate(np.linspace(0.0, 0.15, 6)):
        folder = tmp_path / f"s{k}"
        killed = child(STREAMING.format(here=str(Path(__file__).parent), folder=str(folder)))
        assert killed.stdout is not None
        assert killed.stdout.readline() == "running\n"
        time.sleep(float(wait))
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        read = open_recording(folder)
        whole = busy().build("reference").run(read.t + 20.0)["x"].spikes
        spikes = read["x"].spikes
        assert np.array_equal(spikes.times, whole.times[: len(spikes)])
        assert np.array_equal(spikes.ids, whole.ids[: len(spikes)])
        run = resume(f"{folder}.npz")
        assert run.t <= read.t
        alike(run.run(30.0).recording(), busy().build("reference").run(run.t).recording())


# what is refused ---------------------------------------------------------------------------------------------------------


def test_a_recording_is_never_overwritten(tmp_path: Path) -> None:
    run = busy().build("reference").stream(tmp_path / "s").run(1.0)
    with pytest.raises(RecordingError, match="s: holds a recording already; choose another folder, or delete it"):
        busy().build("reference").stream(tmp_path / "s")
    with pytest.raises(RecordingError, match=r"run\.stream: the run streams already \(got .*s\)"):
        run.stream(tmp_path / "t")
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="file: must be a folder that can be written to"):
        busy().build("reference").stream(tmp_path / "file")


def test_two_runs_never_write_to_one_recording(tmp_path: Path) -> None:
    run = busy().build("reference").stream(tmp_path / "s").run(10.0)
    resumed = resume(run.save(tmp_path / "run.npz")).run(5.0)
    with pytest.raises(RecordingError, match="s: is written to by another run, which was resumed from a checkpoint"):
        run.run(50.0)
    alike(resumed.recording(), busy().build("reference").run(15.0).recording())


def test_a_checkpoint_knows_its_recording(tmp_path: Path) -> None:
    path = busy().build("reference").stream(tmp_path / "s").run(10.0).save(tmp_path / "run.npz")
    busy().build("reference").stream(tmp_path / "other").run(50.0)
    with pytest.raises(RecordingError, match=r"other: must be the recording that the checkpoint continues \(got another one\)"):
        resume(path, stream=tmp_path / "other")
    kept = busy().build("reference").run(10.0).save(tmp_path / "kept.npz")
    with pytest.raises(CheckpointError, match=r"kept\.npz: is of a run that does not stream; leave stream out"):
        resume(kept, stream=tmp_path / "other")
    times = tmp_path / "s" / "0-x-spikes.times.npy"
    np.save(times, np.zeros(3))
    with pytest.raises(
        RecordingError, match=r"times\.npy: must hold the \d+ rows that the checkpoint continues \(got 3 rows\)"
    ):
        resume(path)


def test_damaged_recordings_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"must be the folder of a recording, with a file recording\.json"):
        open_recording(tmp_path)
    folder = tmp_path / "s"
    busy().build("reference").stream(folder).run(10.0)
    index, times = folder / "recording.json", folder / "0-x-spikes.times.npy"
    whole = index.read_text()
    for damage in ("", "{", "[]", "{}", whole.replace('"format": 1', '"format": 2'), whole.replace('"tracks"', '"track"'),
                   whole.replace('"every": null', '"e": 1')):  # fmt: skip
        index.write_text(damage)
        with pytest.raises(RecordingError, match=r"recording\.json: must be") as caught:
            open_recording(folder)
        assert "\n" not in str(caught.value)
    index.write_text(whole)
    data = times.read_bytes()
    for damage in (b"", b"x", data[:100], data[:-50], data[:20] + b"(((" + data[23:]):
        times.write_bytes(damage)
        with pytest.raises(MaichongError, match=r"times\.npy: must be a whole \.npy file") as caught:
            open_recording(folder)
        assert "\n" not in str(caught.value)
    times.unlink()
    with pytest.raises(RecordingError, match=r"times\.npy: must be a file that can be read \(got No such file"):
        open_recording(folder)


def test_what_a_recording_lacks_is_said(tmp_path: Path) -> None:
    busy().build("reference").stream(tmp_path / "s").run(1.0)
    read = open_recording(tmp_path / "s")
    with pytest.raises(MaichongError, match=r"recording: has no population 'y'; known: x"):
        read["y"]
    with pytest.raises(
        MaichongError, match=r"population 'x': its v were not recorded; add net\.probe\('x', 'v'\) before build"
    ):
        read["x"].samples("v")
    with pytest.raises(
        MaichongError, match=r"projection 'w': its weights were not recorded; add net\.probe_weights\('w', every="
    ):
        read.weight_samples("w")
