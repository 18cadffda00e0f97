"""N-MNIST: MNIST's digits as an event camera saw them, 60,000 recordings for training and 10,000 for the test.

An ATIS camera on a motor turned three times before a screen that showed the digit, in about 300 ms. The recordings
have 34 x 34 pixels and the order of MNIST: recording i is image i. Times are in microseconds from the start.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np

from maichong.data._archive import Published, check_arrays, load_npz
from maichong.data._events import Events
from maichong.data._eventset import EventSet
from maichong.data._source import PublicFile, at_home, locate, prove
from maichong.errors import DataError, ParameterError, brief

SOURCE = "https://data.mendeley.com/datasets/468j46mzdv/1"
LICENCE = "CC BY-SA 4.0 (G. Orchard and others)"
CITATION = (
    "G. Orchard, A. Jayawant, G. K. Cohen and N. Thakor, Converting static image datasets to spiking neuromorphic "
    "datasets using saccades, Frontiers in Neuroscience 9:437, 2015. doi:10.3389/fnins.2015.00437"
)

_SERVED = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"
_INSTEAD = "load it with small=True from a folder that holds nmnist_small/nmnist_small.npz"
# The checksums are those that tonic and SpikingJelly pin.
FILES = {
    "train": PublicFile(
        path="nmnist/Train.zip",
        urls=(f"{_SERVED}39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded",),
        checksum="md5:20959b8e626244a1b502305a9e6e2031",
        instead=_INSTEAD,
    ),
    "test": PublicFile(
        path="nmnist/Test.zip",
        urls=(f"{_SERVED}05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded",),
        checksum="md5:69ca8762b2fe404d9b9bad1103e97832",
        instead=_INSTEAD,
    ),
}
COUNTS = {"train": 60000, "test": 10000}
SMALL_COUNTS = {"train": 1000, "test": 100}
SIZE = 34
_COLUMNS = ("x", "y", "p", "t_us", "offsets", "label")
SMALL = {
    "train_x": Published((4133231,), "uint8", "9527d31dd78d1a494bbb60eb45630e6b9739a2a73b329288dcc0c65d9a69306d"),
    "train_y": Published((4133231,), "uint8", "108cc92f8f26cb0a4055c78a6c085e3c6ec5bcfa20c4face175c2ef9e4e6898a"),
    "train_p": Published((4133231,), "uint8", "17d7881326759ea85514fbef9b45ce9c464f9124db81e0ba4eec42ed218a359a"),
    "train_t_us": Published((4133231,), "uint32", "785b1bf1bc3816f07a6b804733fbbc07318dbdce64ecd68b6da335213cd9c72a"),
    "train_offsets": Published((1001,), "int64", "cc97aa17f63452a3efab0f41d94d4fd4f21df44f5bb2bccd96f3cd5de83128f4"),
    "train_label": Published((1000,), "uint8", "b03ead2884240483d956c7feac7a9b39d28685062da0a980bb73d2196dc506b8"),
    "test_x": Published((385596,), "uint8", "4530cf56c7060ab2af9f13a8b52aa6e1d5a005feb20a04b73473922084826486"),
    "test_y": Published((385596,), "uint8", "3030db2ffda79a661c39d103186470bafa542d15bd925e60df71ae2cd5031858"),
    "test_p": Published((385596,), "uint8", "eda9eb1c241b34c0c6f104e54ecf019b9088e2d821e2fdeafb0e42710ab34fd6"),
    "test_t_us": Published((385596,), "uint32", "03a17e379e94fe8c0450c6f822002315369246739c145c1d0666c8ed40597106"),
    "test_offsets": Published((101,), "int64", "0380809475adfa23cc41d446741f8cf86b844693dfe29320de948e2c4095e2d6"),
    "test_label": Published((100,), "uint8", "8333c1b5aeb5f50a2f5517fa21d8d824e3d69fb6160fb650fb58a373ad762f2a"),
}
_NAME = re.compile(r"(?:^|/)([0-9])/([0-9]+)\.bin$")  # label / number of the recording, from 1


def load(*, small: bool = False, cache: str | Path | None = None) -> EventSet:
    """60,000 training and 10,000 test recordings in the order of MNIST; with ``small`` the first 1,000 and 100 of them.

    Read from Train.zip and Test.zip in $MAICHONG_DATA/nmnist where that variable is set, otherwise downloaded once
    (1.2 GB) into ``cache``, by default the user's cache folder. All of it takes 2 GB of memory. ``small`` is read from
    $MAICHONG_DATA/nmnist_small/nmnist_small.npz where that exists, and else cut out of the same files. Raises DataError
    where a file is missing, cannot be fetched, is damaged or is not N-MNIST.

        from maichong.data import events_to_frames, load
        data = load("nmnist", small=True)
        data.x_train[0]["t"]                          # the times of one recording, us
        events_to_frames(data.x_train, bins=10)       # [1000, 10, 2, 34, 34]
    """
    where = "data.nmnist"
    if not isinstance(small, bool):
        raise ParameterError(f"{where}(small)", "must be True or False", brief(small))
    npz = at_home("nmnist_small/nmnist_small.npz") if small else None
    if npz is not None and npz.is_file():
        splits = _from_npz(npz, where)
    else:
        splits = {split: _from_zip(split, small, where, cache) for split in FILES}
    (x_train, y_train), (x_test, y_test) = splits["train"], splits["test"]
    return EventSet(
        name="nmnist",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )


def _from_npz(path: Path, where: str) -> dict[str, tuple[Events, np.ndarray]]:
    fix = "correct MAICHONG_DATA"
    arrays = load_npz(path, SMALL, where, fix)
    check_arrays(arrays, SMALL, where, path, fix)
    splits = {}
    for split in FILES:
        x, y, p, t_us, offsets, label = (arrays[f"{split}_{column}"] for column in _COLUMNS)
        splits[split] = Events(x=x, y=y, p=p, t_us=t_us, offsets=offsets, height=SIZE, width=SIZE), label
    return splits


def _from_zip(split: str, small: bool, where: str, cache: str | Path | None) -> tuple[Events, np.ndarray]:
    """Recordings and labels from a published archive, which holds a file LABEL/NUMBER.bin for each recording."""
    path, fix = locate(FILES[split], where, cache)
    prove(path, FILES[split], where, fix)
    expected = f"must read recordings 1 to {COUNTS[split]} from {path}"
    try:
        with zipfile.ZipFile(path) as archive:
            names = ((_NAME.search(entry.filename), entry) for entry in archive.infolist())
            found = {int(name[2]): (int(name[1]), entry) for name, entry in names if name}
            if sorted(found) != list(range(1, COUNTS[split] + 1)):
                raise DataError(where, expected, f"{len(found)} recordings", fix)
            chosen = [found[number] for number in range(1, (SMALL_COUNTS if small else COUNTS)[split] + 1)]
            return _read(archive, [entry for _, entry in chosen]), np.array([label for label, _ in chosen])
    except DataError:
        raise
    # A damaged archive fails in zipfile, zlib or NumPy.
    except Exception as error:
        raise DataError(where, expected, f"a damaged file: {type(error).__name__}", fix) from error


def _read(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Events:
    """All events of ``entries``, in columns as long as the files say, so that they are in memory once."""
    most = sum(entry.file_size for entry in entries) // 5
    x, y, p, t_us = (np.empty(most, dtype) for dtype in (np.uint8, np.uint8, np.uint8, np.int32))
    offsets = np.zeros(len(entries) + 1, np.int64)
    for k, entry in enumerate(entries):
        recording = decode(archive.read(entry))
        start = offsets[k]
        offsets[k + 1] = end = start + len(recording[0])
        x[start:end], y[start:end], p[start:end], t_us[start:end] = recording
    n = offsets[-1]
    return Events(x=x[:n], y=y[:n], p=p[:n], t_us=t_us[:n], offsets=offsets, height=SIZE, width=SIZE)


def decode(content: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Columns, rows, polarities and times (us) of a recording.

    An event has 40 bits: 8 of the column, 8 of the row, 1 of the polarity (1: brighter) and 23 of the time, the first
    the greatest. A row of 240 is no event: it says that the camera's clock overflowed, by 2**13 us.
    """
    bytes_N5 = np.frombuffer(content, np.uint8).reshape(-1, 5)
    x, y, p = bytes_N5[:, 0], bytes_N5[:, 1], bytes_N5[:, 2] >> 7
    high, middle, low = bytes_N5[:, 2:].astype(np.int32).T
    t_us = (high & 127) << 16 | middle << 8 | low
    if (overflow := y == 240).any():
        t_us += 2**13 * np.cumsum(overflow, dtype=np.int32)
        x, y, p, t_us = (column[~overflow] for column in (x, y, p, t_us))
    if (np.diff(t_us) < 0).any():  # the format does not promise an order
        order = np.argsort(t_us, kind="stable")
        x, y, p, t_us = (column[order] for column in (x, y, p, t_us))
    return x, y, p, t_us
