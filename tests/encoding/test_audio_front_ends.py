"""Front ends for sound, against librosa and SciPy: their numbers, and what is refused."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile
from scipy.signal import freqz, gammatone

from maichong.encoding.audio import Gammatone, LogMel, read_wav
from maichong.encoding.audio.log_mel import frequency, mel
from maichong.errors import MaichongError

TIME = np.arange(4000) / 8000.0
LIBROSA_BANDS = [6, 7, 8, 27, 28]
LIBROSA_POWERS = [37.1895, 65.7912, 4.46995, 8.8469, 4.86279]
LIBROSA_PEAKS = [0.0158613, 0.0162828, 0.0115845, 0.00760356, 0.00429275]
SOUND = np.sin(2 * np.pi * 440 * TIME) + 0.5 * np.sin(2 * np.pi * 1900 * TIME)


def test_log_mel_is_librosas() -> None:
    """librosa 0.11.0: feature.melspectrogram(y=SOUND, sr=8000, n_fft=256, hop_length=80, center=False, n_mels=40), float32."""
    powers = LogMel(rate=8000.0, window=32.0, hop=10.0).powers(SOUND)
    assert powers.shape == (47, 40)
    assert powers[3, LIBROSA_BANDS] == pytest.approx(LIBROSA_POWERS, rel=1e-5)
    filters = LogMel(rate=8000.0, window=32.0, hop=10.0).filters
    assert filters.max(axis=1)[[0, 10, 20, 30, 39]] == pytest.approx(LIBROSA_PEAKS, rel=1e-5)


def test_the_mel_scale_goes_both_ways() -> None:
    hertz = np.array([0.0, 500.0, 999.0, 1000.0, 6400.0])
    assert mel(hertz) == pytest.approx([0.0, 7.5, 14.985, 15.0, 42.0])
    assert frequency(mel(hertz)) == pytest.approx(hertz)


def test_gammatone_has_the_response_of_scipys_where_that_is_stable() -> None:
    """Magnitudes within 0.3 dB of unity gain at the centre down to a half of it, on both sides of it."""
    bank = Gammatone(rate=16000.0, channels=6, low=300.0, high=3000.0)
    for k, centre in enumerate(bank.centres):
        width = 24.7 * (0.00437 * centre + 1.0)
        for f in centre + width * np.array([-0.5, 0.0, 0.5]):
            tone = np.sin(2 * np.pi * f * np.arange(8000) / 16000.0)
            level = bank.envelopes(tone)[4000:, k].mean()
            _, expected = freqz(*gammatone(centre, "iir", fs=16000.0), worN=[f], fs=16000.0)
            assert 20 * np.log10(level / abs(expected[0])) == pytest.approx(0.0, abs=0.3)


def test_gammatone_is_stable_at_low_frequencies_and_high_rates() -> None:
    bank = Gammatone(rate=44100.0, channels=4, low=50.0, high=400.0)
    tone = 0.7 * np.sin(2 * np.pi * 50.0 * np.arange(44100) / 44100.0)
    assert bank.envelopes(tone)[30000:, 0] == pytest.approx(np.full(14100, 0.7), rel=0.03)
    assert bank.centres[[0, -1]] == pytest.approx([50.0, 400.0])
    assert np.ptp(np.diff(np.log10(0.00437 * bank.centres + 1.0))) < 1e-12  # equally far apart on the scale of ERBs


@pytest.mark.parametrize("front", [LogMel(rate=8000.0), Gammatone(rate=8000.0)], ids=["LogMel", "Gammatone"])
def test_levels_tell_where_a_tone_is_and_how_loud(front: Any) -> None:
    quiet = np.r_[SOUND, 0.1 * SOUND]
    levels = front.features(quiet)
    assert levels.shape[1] == 40 and levels.min() >= 0.0 and levels.max() == 1.0
    # 20 dB down of a range of 80 dB
    assert levels[10].max() - levels[-10].max() == pytest.approx(0.25, abs=0.01)
    centres = front.centres if isinstance(front, Gammatone) else front.edges[1:-1]
    assert abs(centres[levels[20].argmax()] - 440.0) < 60.0
    assert (front.features(np.zeros(800)) == 0.0).all()


@pytest.mark.parametrize(
    ("kind", "scale", "offset"), [("int16", 32768, 0), ("int32", 2**31, 0), ("uint8", 128, 128), ("float32", 1, 0)]
)
def test_wav_files_of_every_width(tmp_path: Path, kind: str, scale: int, offset: int) -> None:
    both = np.stack([SOUND, 0 * SOUND], axis=1) / 4
    wavfile.write(tmp_path / "a.wav", 8000, np.round(both * scale + offset).astype(kind) if scale > 1 else both.astype(kind))
    sound, rate = read_wav(tmp_path / "a.wav")
    assert rate == 8000.0
    assert sound == pytest.approx(SOUND / 8, abs=1 / scale if scale > 1 else 1e-7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LogMel(rate=0), "LogMel.rate: must be > 0 Hz (got 0.0)"),
        (
            lambda: LogMel(rate=8000.0, high=5000.0),
            "LogMel.high: must be above low = 0 Hz and at most 4000 Hz, half the sampling rate (got 5000 Hz)",
        ),
        (
            lambda: LogMel(rate=8000.0, channels=128),
            "LogMel.channels: must be as wide as the window's resolution (got nothing in band 0); "
            "use fewer channels or a longer window",
        ),
        (lambda: LogMel(rate=100.0, hop=1.0), "LogMel.window: must hold two samples, and hop one (got 2 and 0)"),
        (
            lambda: LogMel().features(np.zeros(399)),
            "LogMel.features: must get a sound of at least 400 samples, a window (got 399)",
        ),
        (lambda: LogMel().features("a"), "LogMel.features: must get a sound of one channel, numbers [samples] (got 'a')"),
        (
            lambda: Gammatone().features(np.zeros((3, 2))),
            "Gammatone.features: must get a sound of one channel, numbers [samples] (got shape (3, 2))",
        ),
        (
            lambda: Gammatone().features(np.full(999, np.nan)),
            "Gammatone.features: must get finite samples (got NaN or infinity)",
        ),
        (lambda: Gammatone(hop=0.01), "Gammatone.hop: must be at least a sample, 0.0625 ms (got 0.01 ms)"),
        (
            lambda: Gammatone(rate=8000.0, low=4000.0),
            "Gammatone.high: must be above low = 4000 Hz and at most 4000 Hz, half the sampling rate (got 3600 Hz)",
        ),
        (
            lambda: LogMel().features(np.r_[1e200, np.zeros(800), 1e200 * np.ones(800)]),
            "LogMel.features: must get samples up to 1e+100, whose powers are numbers (got 1e+200); scale them to -1..1",
        ),
        (lambda: read_wav("nowhere.wav"), "nowhere.wav: must be a WAV file (got nothing of that name)"),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(MaichongError) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize("front", [LogMel(rate=8000.0), Gammatone(rate=8000.0, channels=20)], ids=["LogMel", "Gammatone"])
def test_long_sounds_take_little_more_memory_than_themselves(
    front: LogMel | Gammatone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All envelopes at once would take 20 times the sound, all spectra 7 times; a filter works on a few copies of it."""
    monkeypatch.setattr("maichong.encoding.audio.log_mel.FRAMES", 20)
    sound = np.random.default_rng(0).normal(size=80_000)
    front.powers(sound[:8000])  # imports
    tracemalloc.start()
    powers = front.powers(sound)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - powers.nbytes < (7 if isinstance(front, Gammatone) else 1.5) * sound.nbytes
    # pieces change nothing
    monkeypatch.setattr("maichong.encoding.audio.log_mel.FRAMES", 10**6)
    assert front.powers(sound) == pytest.approx(powers, rel=1e-12)


def test_a_damaged_wav_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF nonsense")
    with pytest.raises(MaichongError, match=r"a.wav: must be a WAV file that SciPy reads \(got "):
        read_wav(tmp_path / "a.wav")


@pytest.mark.parametrize("front", [LogMel(rate=8000.0), Gammatone(rate=8000.0, channels=5), LogMel(rate=11025.0, window=30.0)])
def test_the_first_frames_are_those_of_the_sound_that_they_reach(front: LogMel | Gammatone) -> None:
    sound = np.random.default_rng(1).standard_normal(3001)
    whole = front.powers(sound)
    assert len(whole) == front.frames(sound.size)
    for frames in (1, 7, len(whole)):
        part = sound[: front.reach(frames)]
        assert part.size == front.reach(frames) and front.frames(part.size) == frames
        np.testing.assert_allclose(front.powers(part), whole[:frames], rtol=1e-12)
        assert front.frames(part.size - 1) == frames - 1
