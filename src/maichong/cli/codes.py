"""The verb ``codes``: what each code makes of a sound, an array or a picture, as a table and as rasters."""

from __future__ import annotations

import json as text_of_json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from maichong import files
from maichong.cli import drawn
from maichong.cli.tables import put, table_of
from maichong.encoding import Code, codes, find
from maichong.encoding.comparison import Compared, compare
from maichong.errors import DataError, ParameterError, did_you_mean

if TYPE_CHECKING:
    from maichong.plots import Drawing

SAMPLES = 4000
"""Values that are encoded if nothing else is said: the first of a longer file."""
IMAGES = "mnist"
"""The data set of --image if nothing else is said."""
FEATURES = ("none", "log-mel", "gammatone")
"""Front ends of sounds."""
MOST_DRAWN = 100_000
"""Spikes of a raster."""


@dataclass(frozen=True, eq=False)
class Given:
    """The values to encode: where they come from, how many there were, ``dt`` ms from sample to sample."""

    name: str
    values: np.ndarray
    of: int
    dt: float = 1.0
    timed: bool = False


def run_codes(
    path: Path | None, image: int | None, data: str | None, names: Sequence[str], settings: Mapping[str, str], samples: int | None,
    features: str, out: Path | None, json: Path | None,
) -> None:  # fmt: skip
    """Encode, print the table, draw."""
    if (path is None) == (image is None):
        came = "neither" if path is None else "both"
        raise ParameterError("codes", "must get a file, or --image N", came, "for example: maichong codes --image 0")
    for option, given, belongs in (("--data", data, "--image N"), ("--samples", samples, "a file")):
        if given is not None and (image is None) == (belongs == "--image N"):
            raise ParameterError(
                f"codes, {option}", f"is for {belongs}", f"{option} {given}", f"leave it out, or name {belongs}"
            )
    drawn.check_suffix(out)
    if samples is not None and samples < 2:
        raise ParameterError("codes, --samples", "must be 2 or more", samples)
    if features not in FEATURES or (features != "none" and (path is None or path.suffix.lower() != ".wav")):
        expected = f"must be one of {', '.join(FEATURES)}, all but the first for a .wav file"
        raise ParameterError("codes, --features", expected, repr(features))
    chosen = _chosen(names, settings)
    given = (
        _image(image, data or IMAGES) if image is not None else _file(path, SAMPLES if samples is None else samples, features)
    )  # type: ignore[arg-type]
    rows = compare(given.values, chosen, given.dt)
    _put(given, rows)
    if json:
        files.write_json(json, _as_data(given, rows))
    put(f"drawn: {_draw(given, rows, out or Path(f'{_stem(given.name)}-codes.png'))}")


def _chosen(names: Sequence[str], settings: Mapping[str, str]) -> list[Code]:
    """The codes to show, with what --set changes."""
    wanted = {code.__name__: code for code in (map(find, names) if names else codes().values())}
    every = ", ".join(wanted)
    changes: dict[str, dict[str, Any]] = {}
    for key, text in settings.items():
        name, dot, field = key.partition(".")
        if not dot:
            raise ParameterError(
                "codes, --set", "must look like CODE.PARAMETER=VALUE", repr(f"{key}={text}"), "such as BSA.threshold=0.9"
            )
        code = find(name)
        known = getattr(code, "__dataclass_fields__", {})
        if field not in known:
            raise ParameterError(f"{code.__name__}, --set", f"has no parameter {field!r}", fix=did_you_mean(field, known))
        if code.__name__ not in wanted:
            raise ParameterError("codes, --set", f"must be of a code that is shown, {every}", key, "add it to --code")
        if field == "dt" and code.reads == "signals":
            raise ParameterError(
                f"{code.__name__}.dt, --set", "is the time from sample to sample, which the values have themselves"
            )
        changes.setdefault(code.__name__, {})[field] = _read(text)
    return [code(**changes.get(name, {})) for name, code in wanted.items()]


def _read(text: str) -> Any:
    """A number, true, a list, or else the text itself."""
    try:
        return text_of_json.loads(text)
    except ValueError:
        return text


def _image(image: int, data: str) -> Given:
    from maichong.data import load

    pictures = getattr(load(data), "x_train", None)
    if pictures is None or pictures.ndim < 3:
        raise ParameterError("codes, --data", "must be a data set of images, such as mnist or digits", repr(data))
    if not 0 <= image < len(pictures):
        raise ParameterError("codes, --image", f"must be 0 to {len(pictures) - 1:,}, a training image of {data}", image)
    picture = pictures[image].astype(np.float64)
    if picture.ndim == 3:
        picture = picture.mean(axis=0)  # grey
    return Given(f"{data}-{image}", picture, picture.size)


def _file(path: Path, samples: int, features: str) -> Given:
    """The first ``samples`` values of a file of sound or numbers."""
    kind = path.suffix.lower()
    if kind not in (".wav", ".npy"):
        raise ParameterError("codes", "reads files that end in .wav or .npy", path.name, "or use --image N")
    if not path.is_file():
        raise DataError(str(path), "must be a file", "a folder" if path.is_dir() else "nothing of that name")
    values, of, dt = _sound(path, features, samples) if kind == ".wav" else _array(path)
    if values.dtype.kind not in "buif" or not values.ndim or values.size < 2:
        raise DataError(str(path), "must hold an array of two numbers or more", f"{values.dtype}, shape {values.shape}")
    many = max(2, samples // max(1, values[0].size))
    kept = np.array(values[:many], np.float64)
    if not np.isfinite(kept).all():
        raise DataError(str(path), "must hold finite numbers", "NaN or infinity")
    if kept.min() == kept.max():
        raise DataError(
            str(path), "must hold values that differ", f"{kept.flat[0]:g} all over", "use more --samples, or another file"
        )
    return Given(path.name, kept, of, dt, kind == ".wav")


def _sound(path: Path, features: str, samples: int) -> tuple[np.ndarray, int, float]:
    """A sound, or what a front end makes of the part of it that gives the first ``samples`` values; of how many, the ms between.

    Values are [samples] or [frames, channels]; the loudest of the part is the front end's 1.
    """
    from maichong.encoding.audio import Gammatone, LogMel, read_wav

    sound, rate = read_wav(path)
    if features == "none":
        return sound, sound.size, 1000.0 / rate
    front = LogMel(rate=rate) if features == "log-mel" else Gammatone(rate=rate)
    part = sound[: front.reach(max(2, samples // front.channels))]
    return front.features(part), front.frames(sound.size) * front.channels, front.hop


def _array(path: Path) -> tuple[np.ndarray, int, float]:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)  # of a large file only the first values are read
    except Exception as error:  # NumPy raises half a dozen kinds over damaged files
        words = str(error).splitlines()
        raise DataError(str(path), "must be an array that NumPy reads", words[0] if words else type(error).__name__) from None
    if not isinstance(values, np.ndarray):
        raise DataError(str(path), "must hold one array", type(values).__name__)
    return values, values.size, 1.0


def _put(given: Given, rows: Sequence[Compared]) -> None:
    shape = " x ".join(str(size) for size in given.values.shape)
    part = f" of {given.of:,}" if given.values.size < given.of else ""
    put(Text(f"{given.name}: {shape} values{part}, {given.values.min():g} to {given.values.max():g}", style="bold"))
    table = table_of("code", "reads", "error %", "SNR dB", "spikes / value", "bits / value")
    table.columns[0].no_wrap = True
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows:
        name, reads = type(row.code).__name__, row.code.reads
        if row.spikes is None:
            table.add_row(name, reads, "", "", "", "")
            continue
        snr = "exact" if math.isinf(row.snr) else f"{row.snr:.1f}"
        table.add_row(name, reads, f"{100 * row.error:.2f}", snr, f"{row.spikes_per_value:.3f}", f"{row.bits_per_value:.2f}")
    put(table)
    put(
        "values 0..1; error: root mean square; SNR: variance over mean square error, 6 dB a bit; bits: log2 of the rasters with as "
        "many spikes; codes of signals follow the first axis in time",
        style="dim",
    )
    for row in rows:
        if row.refused:
            put(row.refused, style="yellow")


def _as_data(given: Given, rows: Sequence[Compared]) -> dict[str, Any]:
    found = [
        {
            "name": type(row.code).__name__, "reads": row.code.reads, "settings": repr(row.code), "refused": row.refused or None,
            "error": _finite(row.error), "snr_db": _finite(row.snr), "spikes": None if row.spikes is None else len(row.spikes),
            "spikes_per_value": _finite(row.spikes_per_value), "bits_per_value": _finite(row.bits_per_value),
        }
        for row in rows
    ]  # fmt: skip
    low, high = float(given.values.min()), float(given.values.max())
    return {"source": given.name, "shape": list(given.values.shape), "range": [low, high], "dt_ms": given.dt, "codes": found}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _stem(name: str) -> str:
    return Path(name).stem if Path(name).suffix in (".wav", ".npy") else name


def _draw(given: Given, rows: Sequence[Compared], target: Path) -> Path:
    """All rasters on one page, what each code gives back beside it."""
    drawings = [drawing for row in rows if row.spikes for drawing in _drawings(given, row)]
    if not drawings:
        raise ParameterError("codes", "has nothing to draw: no code has a spike for these values", given.name)
    lead = "rasters, and what they decode to"
    return drawn.write(target, drawings, title=f"Codes of {given.name}", lead=lead, command="maichong codes", dpi=100)


def _drawings(given: Given, row: Compared) -> list[Drawing]:
    from maichong import plots

    spikes, decoded, name = row.spikes, row.decoded, type(row.code).__name__
    assert spikes is not None and decoded is not None
    times, ids = spikes.times[:MOST_DRAWN], spikes.ids[:MOST_DRAWN]
    pictured = given.values.ndim == 2 and min(given.values.shape) > 1
    shape = given.values.shape if pictured else (-1,)
    lines = row.original.reshape(shape), decoded.reshape(shape)
    axis = {"xlabel": "time (ms)", "step": given.dt} if given.timed else {}
    cut = f", the first {MOST_DRAWN:,} of {len(spikes):,}" if len(spikes) > MOST_DRAWN else ""
    cost = f"{row.spikes_per_value:.3g} spikes and {row.bits_per_value:.3g} bits a value"

    def raster(ax: Any) -> Any:
        if row.code.reads == "signals" and spikes.shape[:1] == (2,) and spikes.shape[1:] == row.original.shape[1:]:
            half = spikes.n // 2
            sides = {"falls": ids < half, "rises": ids >= half}
            found = {side: (times[mask], ids[mask] % half) for side, mask in sides.items()}
            kinds = {"falls": "input", "rises": "other"}
            parts = ({side: part[k] for side, part in found.items()} for k in (0, 1))
            return plots.raster(*parts, kinds=kinds, sizes=dict.fromkeys(found, half), ax=ax)
        return plots.raster(times, ids, sizes=spikes.n, ax=ax)

    return [
        plots.Drawing(name, f"Spikes in time{cut}: {cost}.", raster, height=2.3),
        plots.Drawing(
            f"{name}, decoded", f"Error {100 * row.error:.2f} % of the range.", lambda ax: plots.coded(*lines, ax=ax, **axis),
            height=2.3,
        ),
    ]  # fmt: skip
