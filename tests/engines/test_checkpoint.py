"""A run can be saved, broken off and resumed bit for bit; what cannot be read is refused in one sentence."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    Delta,
    Exponential,
    FixedProbability,
    HomeostaticThreshold,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Uniform,
    WeightNormalisation,
    files,
    resume,
)
from maichong.errors import CheckpointError

BUILDS = [("reference", {}), ("events", {"precision": "float64"}), ("events", {"precision": "float32"})]
EACH_BUILD = pytest.mark.parametrize(("engine", "options"), BUILDS, ids=["reference", "events", "events float32"])


def network() -> Network:
    """Noise, given spikes from t = 0 on, delays of many steps, synapses and thresholds that learn, states recorded."""
    rng = np.random.default_rng(5)
    net = Network(dt=0.5, seed=11)
    n_pre, n_post = 30, 40
    pre = net.population("pre", Poisson(rate=rng.uniform(0, 150, n_pre)), n_pre)
    times, ids = 0.5 * rng.integers(0, 300, 60), rng.integers(0, n_post, 60)
    times[:3] = 0.0
    teacher = net.population("teacher", SpikeTimes(times, ids), n_post)
    cells = net.population(
        "post", LIF(c_m=100.0, t_ref=2.0), n_post, drive=250.0,
        plasticity=HomeostaticThreshold(theta_0=0.0, theta_plus=0.1, tau_theta=1e6),
    )  # fmt: skip
    rules = [PairSTDP(a_plus=0.03, a_minus=0.04, w_max=4.0), WeightNormalisation(total=20.0)]
    net.project(
        pre,
        cells,
        AllToAll(),
        weight=Uniform(0.0, 1.0),
        delay=Uniform(0.5, 9.0),
        receptor=Exponential(tau=5.0),
        plasticity=rules,
        name="w",
    )
    net.project(teacher, cells, OneToOne(), weight=100.0, receptor=Delta())
    net.project(
        pre,
        cells,
        FixedProbability(0.3),
        weight=Uniform(0.0, 5.0),
        delay=Uniform(0.5, 6.0),
        receptor=Exponential(tau=5.0),
        name="fixed",
    )
    for name in ("pre", "teacher", "post"):
        net.probe(name)
    net.probe(cells, "v", cells=[0, 3, 39])
    net.probe(cells, "theta")
    return net


def seen(run: Any) -> dict[str, np.ndarray]:
    """All that a run shows: its state, its recordings, its weights."""
    found = {f"state {key}": value for key, value in run.snapshot().items()}
    for name in ("pre", "teacher", "post"):
        found |= {
            f"times {name}": run[name].spikes.times,
            f"ids {name}": run[name].spikes.ids,
            f"counts {name}": run[name].counts,
        }
    for state in ("v", "theta"):
        found |= {f"{state} at": run["post"].samples(state).times, state: run["post"].samples(state).values}
    return found | {"w": run.weights("w"), "theta now": run["post"]["theta"], "t": np.asarray(run.t)}


def same(a: Any, b: Any) -> None:
    one, other = seen(a), seen(b)
    assert one.keys() == other.keys()
    different = [key for key in one if not np.array_equal(one[key], other[key], equal_nan=one[key].dtype.kind == "f")]
    assert different == []


# bit for bit -------------------------------------------------------------------------------------------------------------


@EACH_BUILD
@pytest.mark.parametrize("breaks", [(40.0,), (0.5, 7.0, 7.5, 60.0)])
def test_a_resumed_run_is_the_uninterrupted_one(
    engine: str, options: dict[str, str], breaks: tuple[float, ...], tmp_path: Path
) -> None:
    whole = network().build(engine, **options).run(100.0)
    run, path = network().build(engine, **options), tmp_path / "run.npz"
    for at in breaks:
        run.run(at - run.t)
        run.save(path)
        run = resume(path)
        assert run.t == pytest.approx(at)
    same(run.run(100.0 - run.t), whole)
    assert whole["post"].spikes.times.size > 100
    assert whole["teacher"].spikes.times[0] == 0.0


@EACH_BUILD
def test_what_was_changed_by_hand_is_saved_too(engine: str, options: dict[str, str], tmp_path: Path) -> None:
    """Rates, drives, weights, states, a signal, learning switched off, notes."""

    def handle(run: Any) -> Any:
        run.run(20.0)
        run["pre"].set(rate=np.linspace(200.0, 0.0, 30))
        run["post"].drive(np.linspace(100.0, 300.0, 40))
        run.set_weights("w", 0.5 * run.weights("w"))
        run["post"]["v"] = np.linspace(-70.0, -60.0, 40)
        run["post"]["theta"] = 1.5
        run.signal("sample")
        run.learning = False
        return run

    whole = handle(network().build(engine, **options))
    whole.run(30.0)
    whole.learning = True
    run = handle(network().build(engine, **options))
    path = run.save(tmp_path / "run.npz", notes={"epoch": 3, "labels": np.arange(4), "text": "half way"})
    run = resume(path)
    assert run.learning is False
    assert run.notes["epoch"] == 3
    assert run.notes["labels"].tolist() == [0, 1, 2, 3]
    assert run.notes["text"] == "half way"
    assert run.engine == engine
    assert run.network == network()
    run.run(30.0)
    run.learning = True
    same(run.run(20.0), whole.run(20.0))


@EACH_BUILD
def test_saving_disturbs_nothing(engine: str, options: dict[str, str], tmp_path: Path) -> None:
    whole, watched = network().build(engine, **options).run(30.0), network().build(engine, **options)
    for _ in range(10):
        watched.run(3.0).save(tmp_path / "run.npz")
        watched.snapshot()
    same(watched, whole)


@EACH_BUILD
def test_a_snapshot_is_a_copy_that_can_be_put_back_again_and_again(engine: str, options: dict[str, str]) -> None:
    run = network().build(engine, **options).run(20.0)
    kept = run.snapshot()
    copies = {key: value.copy() for key, value in kept.items()}
    ends = []
    for _ in range(2):
        run.run(25.0)
        ends.append(run.snapshot())
        assert all(np.array_equal(kept[key], copies[key]) for key in kept)
        run.restore(kept)
        assert run.t == 20.0
    assert all(np.array_equal(ends[0][key], ends[1][key]) for key in kept)


@EACH_BUILD
def test_a_snapshot_fits_a_run_with_other_probes(engine: str, options: dict[str, str]) -> None:
    run = network().build(engine, **options).run(20.0)
    net = network()
    net.probes.clear()
    net.probe("post", "counts")
    other = net.build(engine, **options).restore(run.snapshot())
    for each in (run, other):
        each.run(20.0)
    one, two = run.snapshot(), other.snapshot()
    assert all(np.array_equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("engine", ["reference", "events"])
def test_a_run_saved_before_its_first_step(engine: str, tmp_path: Path) -> None:
    run = resume(network().build(engine).save(tmp_path / "run.npz"))
    same(run.run(10.0), network().build(engine).run(10.0))


@pytest.mark.parametrize("engine", ["reference", "events"])
def test_spikes_given_in_mid_run_are_saved(engine: str, tmp_path: Path) -> None:
    run = network().build(engine).run(10.0)
    before = run.snapshot()
    run["teacher"].set_spikes([12.0, 14.0, 14.0, 30.0], [1, 2, 3, 4])
    resumed = resume(run.save(tmp_path / "run.npz"))
    same(resumed.run(30.0), run.run(30.0))
    # and a snapshot from before brings back the spikes from before
    whole = network().build(engine).run(40.0)
    run.restore(before).run(30.0)
    assert run["teacher"].counts.tolist() == whole["teacher"].counts.tolist()


# Ctrl-C ------------------------------------------------------------------------------------------------------------------

CHILD = """
    import sys
    sys.path.insert(0, {folder!r})
    import test_checkpoint

    for number, (engine, options) in enumerate(test_checkpoint.BUILDS):
        run = test_checkpoint.network().build(engine, **options).run(1.0)
        print("running", flush=True)
        try:
            while run.t < 1e5:
                run.run(5e4)
        except KeyboardInterrupt:
            run.save({path!r} + str(number))
            print("saved", flush=True)
"""


def test_ctrl_c_leaves_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    """A child runs for long and saves when it is interrupted; what it saved is what nobody would have interrupted."""
    path = tmp_path / "run"
    code = CHILD.format(folder=str(Path(__file__).parent), path=str(path))
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        assert child.stdout is not None
        for _ in BUILDS:
            assert child.stdout.readline() == "running\n"
            time.sleep(0.1)
            child.send_signal(signal.SIGINT)
            assert child.stdout.readline() == "saved\n"
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (out, child.returncode) == ("", 0), err
    for number, (engine, options) in enumerate(BUILDS):
        run = resume(f"{path}{number}")
        assert 1.0 < run.t < 1e5
        whole = network().build(engine, **options).run(run.t)
        same(run, whole)
        same(run.run(20.0), whole.run(20.0))


SAVING = """
    import sys
    sys.path.insert(0, {folder!r})
    import test_checkpoint

    run = test_checkpoint.network().build("reference").run(20.0)
    notes = dict.fromkeys("abc", test_checkpoint.np.zeros(300_000))
    run.save({path!r}, notes)
    print("saving", flush=True)
    while True:
        run.run(0.5).save({path!r}, notes)
"""


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_a_kill_in_the_middle_of_saving_leaves_the_last_good_checkpoint(kills: int, tmp_path: Path) -> None:
    """A child does nothing but save 7 MB again and again, and is killed at many moments; parts of files lie about, and whatever
    stands under the checkpoint's name is whole."""
    path, parts, times = tmp_path / "run.npz", 0, []
    for number, wait in enumerate(np.random.default_rng(1).uniform(0.0, 0.1, 10 * kills)):
        if number >= kills and parts > 0:
            break  # at least one kill was in the middle: how many are depends on the disk
        code = SAVING.format(folder=str(Path(__file__).parent), path=str(path))
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "saving\n"
        time.sleep(float(wait))
        child.kill()
        child.communicate()
        run = resume(path)
        times.append(run.t)
        assert run.notes["c"].shape == (300_000,)
        same(run, network().build("reference").run(run.t))
        parts += len(list(tmp_path.glob(".run.npz.*")))
        files.clear_parts(path)
        assert os.listdir(tmp_path) == ["run.npz"]
    assert parts > 0
    assert max(times) > 20.0


def test_an_interrupt_at_a_full_recording_loses_no_room(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Ctrl-C is heard as the compiled loop returns; where that was because a buffer was full, the buffer must be emptied before
    the loop goes on, or the next spikes are written past its end."""
    from maichong.engines.events import engine as module

    n = 40_000
    net = Network(dt=0.1)
    net.population("n", LIF(), n, drive=1e6)
    run = net.build("events", threads=1)
    backend, probe = run._backend, run._backend.probes[0]
    drive = module.drive

    def interrupted(*args: Any) -> int:
        drive(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "drive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.run(10.0)
    assert probe.fills[0][0] + 2 * n > probe.stamps.size
    room = []

    def watched(kernels: np.ndarray, frames: np.ndarray, first: int, last: int, control: np.ndarray) -> int:
        room.append(int(probe.stamps.size - probe.fills[0][0]))
        return drive(kernels, frames, first, first, control)  # no step, for it might overwrite memory

    monkeypatch.setattr(module, "drive", watched)
    backend.advance(1)
    assert room[0] >= n


# files -------------------------------------------------------------------------------------------------------------------


@EACH_BUILD
def test_files_hold_no_pickles(engine: str, options: dict[str, str], tmp_path: Path) -> None:
    run = network().build(engine, **options).run(10.0)
    for path in (
        run.save(tmp_path / "run.npz", notes={"a": np.arange(3), "b": [1, "x", None]}),
        network().save(tmp_path / "net.npz"),
    ):
        with np.load(path, allow_pickle=False) as file:
            assert len(file.files) >= 1
            for key in file.files:
                assert file[key].dtype.kind in "iufbU"
        with zipfile.ZipFile(path) as archive:
            assert all(name.endswith(".npy") for name in archive.namelist())


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small saved run."""
    net = Network(dt=0.1)
    net.population("n", LIF(), 2, drive=600.0)
    return net.build("reference").run(10.0).save(tmp_path_factory.mktemp("run") / "run.npz").read_bytes()


def refused(path: Path, *, by: Any = resume) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(CheckpointError) as error:
        by(path)
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: must ")
    return text


def test_a_truncated_file_is_refused(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    for length in (*range(0, len(saved), 97), len(saved) - 1):
        path.write_bytes(saved[:length])
        assert "must be a whole file that maichong wrote" in refused(path)


def test_a_file_with_one_wrong_byte_is_refused_or_holds_what_it_held(saved: bytes, tmp_path: Path) -> None:
    """Contents are under a checksum; what is not, is nothing that is read, or is noticed."""
    path = tmp_path / "run.npz"
    path.write_bytes(saved)
    data, arrays = files.read_bundle(path)
    directory = len(saved) - 400  # the archive's own notes stand at its end: all of them, and a part of the rest
    for place in (*range(0, directory, 19), *range(directory, len(saved))):
        damaged = bytearray(saved)
        damaged[place] ^= 0x01 if place % 2 else 0xFF
        path.write_bytes(bytes(damaged))
        try:
            found, others = files.read_bundle(path)
        except CheckpointError:
            continue
        assert found == data
        assert all(np.array_equal(others[key], arrays[key]) for key in others)
        if others.keys() != arrays.keys():  # a part of the directory is lost: it is missed by whoever needs it
            refused(path)


def write_npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def write_npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))


def write_objects(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, json=np.array([{"a": 1}], dtype=object))


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("epoch,accuracy\n1,0.9\n"),
        lambda path: path.write_text('{"format": 1}'),
        lambda path: path.write_bytes(pickle.dumps({"format": 1})),
        lambda path: path.mkdir(),
        lambda path: network().save(path),
        write_npy,
        write_npz,
        write_objects,
    ],
    ids=["empty", "text", "json", "pickle", "folder", "network", "npy", "npz", "objects"],
)
def test_a_foreign_file_is_refused(write: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    write(path)
    refused(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.npz").endswith("must be a file that exists")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """Neither as the file nor as an array within it."""

    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    path = tmp_path / "run.npz"
    path.write_bytes(pickle.dumps(Trap()))
    refused(path)
    with path.open("wb") as file:
        np.savez(file, json=np.array([Trap()], dtype=object))
    refused(path)
    assert not (tmp_path / "sprung").exists()


def test_a_file_of_another_format_or_with_a_part_missing_is_refused(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes(saved)
    data, arrays = files.read_bundle(path)
    files.write_bundle(path, {**data, "format": 99}, arrays)
    assert "must be of format 1 (got 99)" in refused(path)
    files.write_bundle(path, data, {key: value for key, value in arrays.items() if key != "state/n/v"})
    assert "must fit the network that it holds" in refused(path)


def test_a_place_that_cannot_be_written_to_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    net = Network(dt=0.1)
    net.population("n", LIF(), 2)
    run = net.build("reference")
    path = run.save(tmp_path / "run.npz")
    before = path.read_bytes()
    refused(path / "below" / "run.npz", by=run.run(1.0).save)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


# foreign states ------------------------------------------------------------------------------------------------------------


def pair(n: int) -> Any:
    net = Network(dt=0.1)
    source = net.population("s", SpikeTimes([0.0, 1.0], [0, 0]), 1)
    cells = net.population("n", LIF(), n, drive=600.0)
    net.project(source, cells, AllToAll(), weight=np.ones((1, n)), receptor=Exponential())
    return net


@pytest.mark.parametrize(
    "engine",
    [
        "reference",
        "events",
    ],
)
def test_a_state_of_another_network_is_refused_and_changes_nothing(engine: str) -> None:
    run = pair(2).build(engine).run(5.0)
    before = run.snapshot()
    with pytest.raises(CheckpointError, match="must be of the same network on the same engine"):
        run.restore(pair(1).build(engine).run(1.0).snapshot())
    assert all(np.array_equal(value, before[key]) for key, value in run.snapshot().items())


def test_a_state_of_another_engine_is_refused() -> None:
    for one, other in (("reference", "events"), ("events", "reference")):
        with pytest.raises(CheckpointError, match="must be of the same network on the same engine"):
            pair(2).build(one).restore(pair(2).build(other).snapshot())
