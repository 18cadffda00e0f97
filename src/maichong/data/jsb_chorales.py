"""JSB Chorales: 382 four-part chorales by J. S. Bach as piano rolls, in steps of a quarter note.

The split into 229, 76 and 77 pieces is that of Allan & Williams 2005, and the steps are those of Boulanger-Lewandowski,
Bengio & Vincent 2012, whose likelihoods others compare with. The file holds for each step the MIDI numbers of the notes that sound,
21 to 108: the 88 keys of a piano.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from maichong.data._rolls import RollSet
from maichong.data._source import PublicFile, locate, prove
from maichong.errors import DataError

SOURCE = "https://github.com/czhuang/JSB-Chorales-dataset"
LICENCE = "public domain music; none is stated for the file: cite the paper"
CITATION = (
    "N. Boulanger-Lewandowski, Y. Bengio and P. Vincent, Modeling temporal dependencies in high-dimensional sequences: "
    "application to polyphonic music generation and transcription, ICML 2012. arXiv:1206.6392"
)

FILE = PublicFile(
    path="jsb_chorales/jsb-chorales-quarter.json",
    urls=(
        "https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/"
        "9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/jsb-chorales-quarter.json",
    ),
    checksum="sha256:2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
    instead="use another data set",
)
LOWEST, NOTES = 21, 88


def load(*, cache: str | Path | None = None) -> RollSet:
    """229 training, 76 validation and 77 test pieces, uint8 [steps, 88] each, of 25 to 160 steps.

    Column k is the note with the MIDI number 21 + k. Read from $MAICHONG_DATA/jsb_chorales/jsb-chorales-quarter.json where that
    variable is set, otherwise downloaded once (0.4 MB) into ``cache``, by default the user's cache folder. Raises DataError where
    the file is missing, cannot be fetched, is damaged or is not the published one.
    """
    where = "data.jsb_chorales"
    path, fix = locate(FILE, where, cache)
    prove(path, FILE, where, fix)
    try:
        pieces = json.loads(path.read_bytes())
        splits = {split: tuple(roll(piece) for piece in pieces[split]) for split in ("train", "valid", "test")}
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(where, f"must read pieces from {path}", f"a damaged file: {type(error).__name__}", fix) from error
    return RollSet(
        name="jsb_chorales",
        x_train=splits["train"],
        x_val=splits["valid"],
        x_test=splits["test"],
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
    )


def roll(piece: Any) -> np.ndarray:
    """The piano roll, uint8 [steps, 88], of the MIDI numbers that sound in each step."""
    found = np.zeros((len(piece), NOTES), np.uint8)
    for step, sounding in enumerate(piece):
        for number in sounding:
            if not LOWEST <= number < LOWEST + NOTES:
                raise ValueError(f"no key of a piano has the number {number}")
            found[step, number - LOWEST] = 1
    return found
