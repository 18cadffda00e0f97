"""The chorales against what is published of them, where MAICHONG_DATA holds them, and rolls that are none."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong.data import RollSet, jsb_chorales, load
from maichong.errors import DataError

HOME = os.environ.get("MAICHONG_DATA")
needs_chorales = pytest.mark.skipif(
    not HOME or not (Path(HOME) / jsb_chorales.FILE.path).is_file(), reason="MAICHONG_DATA does not hold the chorales"
)


@needs_chorales
def test_the_published_split() -> None:
    """Allan & Williams 2005 split 382 chorales into 229, 76 and 77; at most four voices sound at once."""
    data = load("jsb_chorales")
    assert [len(split) for split in (data.x_train, data.x_val, data.x_test)] == [229, 76, 77]
    assert repr(data) == "RollSet('jsb_chorales': 229 training + 76 validation + 77 test pieces of 88 notes)"
    rolls = np.concatenate([*data.x_train, *data.x_val, *data.x_test])
    assert set(np.unique(rolls.sum(axis=1))) == {0, 1, 2, 3, 4}
    # the first and the last chord of the published file, where the test split is the first and the validation split the last
    assert (np.flatnonzero(data.x_test[0][0]) + 21).tolist() == [72, 76, 79, 84]
    assert (np.flatnonzero(data.x_val[-1][-1]) + 21).tolist() == [48, 64, 67, 72]


def test_a_roll_has_a_column_for_each_key() -> None:
    found = jsb_chorales.roll([[21, 108], [], [60, 60]])
    assert found.shape == (3, 88) and found.dtype == np.uint8
    assert [np.flatnonzero(step).tolist() for step in found] == [[0, 87], [], [39]]


def test_a_file_is_downloaded_once_and_proved(web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.dumps({"train": [[[60, 64]]], "valid": [[[61]]], "test": [[[62], []]]}).encode()
    web.files["chorales.json"] = content
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    monkeypatch.setattr(jsb_chorales, "FILE", replace(jsb_chorales.FILE, urls=(web.url + "chorales.json",), checksum=checksum))
    for _ in range(2):
        data = load("jsb_chorales", cache=tmp_path)
        assert data.x_test[0].shape == (2, 88) and data.x_train[0].sum() == 2
    assert web.asked == ["chorales.json"]


@pytest.mark.parametrize(
    ("content", "came"),
    [
        ("{", "JSONDecodeError"),
        ("{}", "KeyError"),
        ('{"train": [[[20]]]}', "ValueError"),
        ('{"train": [[["a"]]]}', "TypeError"),
    ],
)
def test_a_damaged_file(content: str, came: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / jsb_chorales.FILE.path
    path.parent.mkdir()
    path.write_text(content)
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    with pytest.raises(DataError, match=f"must find SHA-256 .* in {path}"):
        load("jsb_chorales")
    checksum = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
    monkeypatch.setattr(jsb_chorales, "FILE", replace(jsb_chorales.FILE, checksum=checksum))
    with pytest.raises(DataError) as caught:
        load("jsb_chorales")
    assert str(caught.value).startswith(
        f"data.jsb_chorales: must read pieces from {path} (got a damaged file: {came}); correct MAICHONG_DATA"
    )


ROLL = np.zeros((2, 3), np.uint8)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "RollSet.x_test: must be a tuple of piano rolls, not empty (got ())"),
        ([ROLL], "RollSet.x_test: must be a tuple of piano rolls, not empty (got"),
        ((ROLL, [0]), "RollSet.x_test[1]: must be uint8 [steps, notes] (got [0])"),
        ((ROLL.astype(float),), "RollSet.x_test[0]: must be uint8 [steps, notes] (got"),
        ((ROLL[:, :2],), "RollSet.x_test[0]: must have 3 notes, as the first (got 2 notes)"),
        ((ROLL + 2,), "RollSet.x_test[0]: must be 0 or 1 (got 2)"),
    ],
)
def test_rolls_that_are_none(given: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        RollSet(name="x", x_train=(ROLL,), x_val=(ROLL,), x_test=given)
    assert str(caught.value).startswith(message)
