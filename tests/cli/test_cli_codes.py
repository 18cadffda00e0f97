"""The verb ``codes``: a table, a page of rasters and JSON, for sounds, arrays and pictures; and sentences for what is none."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

from maichong.encoding import LinearLatency, SendOnDelta, StepForward, ThresholdBased, WeightedPhase, codes
from maichong.encoding.comparison import compare
from maichong.errors import ParameterError

WAVE = np.sin(2 * np.pi * np.arange(200) / 40)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "wave.npy", WAVE)
    wavfile.write(tmp_path / "tone.wav", 8000, (10000 * np.tile(WAVE, 20)).astype(np.int16))
    return tmp_path


@pytest.mark.slow  # draws 38 pictures
def test_all_codes_are_drawn(maichong: Any, folder: Path) -> None:
    ended = maichong("codes", "wave.npy")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1] == "drawn: wave-codes.png"
    assert (folder / "wave-codes.png").read_bytes()[:4] == b"\x89PNG"


def test_a_picture_with_chosen_codes_as_a_report(maichong: Any, folder: Path) -> None:
    args = ("--image", "3", "--data", "digits", "--code", "WeightedPhase,step_forward", "--set", "WeightedPhase.bits=3")
    ended = maichong("codes", *args, "--out", "page.html", "--json", "page.json")
    assert ended.code == 0, ended.err
    first, second = json.loads((folder / "page.json").read_text())["codes"]
    assert (first["settings"], second["name"]) == ("WeightedPhase(bits=3, cycles=1, dt=1.0)", "StepForward")
    assert "digits-3: 8 x 8 values, 0 to " in ended.out
    page = (folder / "page.html").read_text()
    assert "WeightedPhase, decoded" in page and "Codes of digits-3" in page


def test_a_sound_and_its_features(maichong: Any, folder: Path) -> None:
    ended = maichong("codes", "tone.wav", "--code", "SendOnDelta", "--samples", "500", "--json", "a.json", "--out", "a.svg")
    assert "tone.wav: 500 values of 4,000, " in ended.out
    assert json.loads((folder / "a.json").read_text())["dt_ms"] == 0.125
    for features, frames in (("log-mel", 48), ("gammatone", 50)):
        args = ("codes", "tone.wav", "--code", "SendOnDelta", "--features", features, "--out", "b.png")
        assert f"tone.wav: {frames} x 40 values, 0" in maichong(*args).out
        assert f"tone.wav: 5 x 40 values of {frames * 40:,}, 0" in maichong(*args, "--samples", "200").out


def test_each_code_has_a_row(maichong: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maichong.cli.codes._draw", lambda given, rows, target: target)
    ended = maichong("codes", "wave.npy", "--json", "wave.json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == "wave.npy: 200 values, -1 to 1"
    assert ended.out.splitlines()[-1] == "drawn: wave-codes.png"
    found = json.loads((folder / "wave.json").read_text())
    assert [row["name"] for row in found["codes"]] == list(codes())
    assert all(name in ended.out for name in codes())
    rows = {row["name"]: row for row in found["codes"]}
    # 0..1 in 101 steps, whose rounding is spread over 21 values; all but the smallest have a spike
    assert rows["LinearLatency"]["error"] == pytest.approx(0.01 / math.sqrt(12), rel=0.35)
    assert rows["LinearLatency"]["spikes"] == 200 - np.count_nonzero(np.min(WAVE) == WAVE)
    assert rows["SendOnDelta"]["error"] < 0.1


def test_a_code_that_refuses_says_so_in_its_row(maichong: Any, folder: Path) -> None:
    np.save("short.npy", WAVE[:12])
    ended = maichong("codes", "short.npy", "--code", "BSA,LinearLatency")
    assert ended.code == 0
    assert "BSA.encode: must get a signal of at least 20 samples (got 12)" in ended.out


def test_what_is_set_is_not_adapted_to_the_values() -> None:
    """A start of 0.9 in place of the first value, 0: nine steps of 0.1 down; a threshold far above all changes: no events."""
    started, silent = compare(np.linspace(0.0, 1.0, 50) ** 2, [StepForward(start=0.95), ThresholdBased(threshold=2.0)])
    assert started.spikes is not None and silent.spikes is not None
    assert np.count_nonzero(started.spikes.ids[started.spikes.rows < 8] == 0) == 8
    assert len(silent.spikes) == 0


def test_values_from_one_end_of_doubles_to_the_other() -> None:
    (row,) = compare([-1.5e308, 0.0, 1.5e308], [LinearLatency()])
    assert row.original.tolist() == [0.0, 0.5, 1.0] and row.error == 0.0


@pytest.mark.parametrize(
    ("codes_", "dt", "message"),
    [
        ([LinearLatency], 1.0, "compare, codes: must be codes, such as [LinearLatency()] (got <class '"),
        ([LinearLatency()], 0, "compare, dt: must be > 0 ms (got 0)"),
    ],
)
def test_what_is_not_compared(codes_: Any, dt: float, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        compare(WAVE, codes_, dt)
    assert str(caught.value).startswith(message)


def test_only_what_is_encoded_need_be_finite(maichong: Any, folder: Path) -> None:
    np.save("late.npy", np.r_[WAVE, np.nan])
    ended = maichong("codes", "late.npy", "--samples", "200", "--code", "LinearLatency", "--out", "a.svg")
    assert (ended.code, ended.err) == (0, "") and "200 values of 201" in ended.out


def test_a_raster_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from maichong.cli import codes as verb

    monkeypatch.setattr(verb, "MOST_DRAWN", 50)
    (row,) = compare(WAVE, [WeightedPhase()])
    assert row.spikes is not None
    raster = verb._drawings(verb.Given("wave", WAVE, WAVE.size), row)[0]
    assert f"the first 50 of {len(row.spikes)}" in raster.caption


def test_numbers_of_the_comparison() -> None:
    rows = compare(WAVE, [LinearLatency(t_max=100.0), SendOnDelta(threshold=0.1)])
    for row in rows:
        assert row.decoded is not None and row.spikes is not None
        error = math.sqrt(((row.decoded - (WAVE + 1) / 2) ** 2).mean())
        assert row.error == pytest.approx(error, abs=1e-12)
        assert row.snr == pytest.approx(20 * math.log10(((WAVE + 1) / 2).std() / error))
    slots, spikes = 200 * 101, len(rows[0].spikes or ())
    assert rows[0].bits_per_value == pytest.approx(math.log2(math.comb(slots, spikes)) / 200, rel=1e-9)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "codes: must get a file, or --image N (got neither); for example: maichong codes --image 0"),
        (("wave.npy", "--image", "1"), "codes: must get a file, or --image N (got both); for example: maichong codes --image 0"),
        (("none.npy",), "none.npy: must be a file (got nothing of that name)"),
        (("wave.mp3",), "codes: reads files that end in .wav or .npy (got wave.mp3); or use --image N"),
        (("bad.npy",), "bad.npy: must be an array that NumPy reads (got "),
        (("flat.npy",), "flat.npy: must hold values that differ (got 1 all over); use more --samples, or another file"),
        (("nan.npy",), "nan.npy: must hold finite numbers (got NaN or infinity)"),
        (("text.npy",), "text.npy: must hold an array of two numbers or more (got <U1, shape (2,))"),
        (("wave.npy", "--code", "BSB"), "code: there is none called 'BSB'; did you mean 'BSA'?"),
        (("wave.npy", "--set", "BSA.treshold=1"), "BSA, --set: has no parameter 'treshold'; did you mean 'threshold'?"),
        (("wave.npy", "--set", "x=1"), "codes, --set: must look like CODE.PARAMETER=VALUE (got 'x=1'); such as BSA.threshold=0.9"),
        (("wave.npy", "--set", "BSA.threshold=-1"), "BSA.threshold: must be >= 0 (got -1.0)"),
        (
            ("wave.npy", "--set", "BSA.dt=5"),
            "BSA.dt, --set: is the time from sample to sample, which the values have themselves",
        ),
        (
            ("wave.npy", "--code", "HSA", "--set", "BSA.threshold=1"),
            "codes, --set: must be of a code that is shown, HSA (got BSA.threshold); add it to --code",
        ),
        (("wave.npy", "--data", "digits"), "codes, --data: is for --image N (got --data digits); leave it out, or name --image N"),
        (("--image", "0", "--samples", "50"), "codes, --samples: is for a file (got --samples 50); leave it out, or name a file"),
        (("wave.npy", "--samples", "1"), "codes, --samples: must be 2 or more (got 1)"),
        (
            ("wave.npy", "--features", "mfcc"),
            "codes, --features: must be one of none, log-mel, gammatone, all but the first for a .wav file (got 'mfcc')",
        ),
        (("wave.npy", "--out", "a.bmp"), "--out: must end in .png, .svg, .pdf, .html (got a.bmp); try a.png"),
        (("--image", "9999", "--data", "digits"), "codes, --image: must be 0 to "),
        (("--image", "0", "--data", "iris"), "codes, --data: must be a data set of images, such as mnist or digits (got 'iris')"),
    ],
)  # fmt: skip
def test_what_is_refused(maichong: Any, folder: Path, args: tuple[str, ...], sentence: str) -> None:
    np.save("flat.npy", np.ones(9))
    np.save("nan.npy", [1.0, np.nan])
    np.save("text.npy", ["a", "b"])
    (folder / "bad.npy").write_bytes(b"nonsense")
    said = maichong("codes", *args).sentence
    assert said.startswith(sentence) if sentence.endswith(("got ", "0 to ")) else said == sentence
    assert not list(folder.glob("*codes*"))


def test_list_and_show(maichong: Any, folder: Path) -> None:
    assert "Weighted phase code: a value is a binary number" in maichong("list", "codes").out
    ended = maichong("show", "step-forward", "--json", "show.json")
    assert ended.out.startswith("StepForward (code)") and "step of the baseline" in ended.out
    shown = json.loads((folder / "show.json").read_text())
    assert (shown["reads"], [row["name"] for row in shown["params"]]) == ("signals", ["threshold", "start", "dt"])
