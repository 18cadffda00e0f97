"""zenke-2015, scaled: patterns come as they should, settings that cannot be are refused, and a stopped run ends as the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong.errors import ParameterError
from maichong.zoo import protocol, zenke_2015
from maichong.zoo.protocol import Context, Interrupted

TINY = {**zenke_2015.SMOKE, "learn_s": 1.0, "on_ms": 200.0, "off_ms": 100.0, "cue_ms": 100.0}


def test_patterns_come_one_at_a_time_for_as_long_as_they_should() -> None:
    s = zenke_2015.Settings(learn_s=200.0)
    course = zenke_2015.schedule(s, np.random.default_rng(1))
    assert course.values.shape == (course.times.size, 400)
    shown = course.values > s.background_hz
    assert (shown.sum(axis=1)[0::2] == 0).all()
    assert (shown.sum(axis=1)[1::2] == 100).all()
    assert np.diff(course.times)[1::2] == pytest.approx(1000.0)
    assert np.diff(course.times)[0::2].mean() == pytest.approx(2000.0, rel=0.3)
    assert {tuple(np.unique(zenke_2015.home(s)[row])) for row in shown[1::2]} == {(0,), (1,), (2,), (3,)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": 402}, "zenke-2015.cells: must be a multiple of 4, the number of patterns (got 402)"),
        ({"cue": 1.5}, "zenke-2015.cue: must be <= 1, a part of a pattern (got 1.5)"),
        ({"patterns": 1}, "zenke-2015.patterns: must be >= 2 (got 1)"),
        ({"learn_s": 0.0}, "zenke-2015.learn_s: must be > 0 (got 0.0)"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        protocol.settle(zenke_2015, "patterns", changes, smoke=False)
    assert str(caught.value) == message


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_where_the_other_did(tmp_path: Path) -> None:
    def studied(name: str, **more: Any) -> protocol.Result:
        (tmp_path / name).mkdir(exist_ok=True)
        settings = protocol.settle(zenke_2015, "patterns", TINY, smoke=False)
        return zenke_2015.reproduce(settings, Context(None, 1, tmp_path / name, **more))

    whole, heard = studied("whole"), []
    with pytest.raises(Interrupted):
        studied("stopped", _stop=lambda: heard.append(1) or len(heard) == 2)
    assert studied("stopped").measured == pytest.approx(whole.measured, abs=0)
