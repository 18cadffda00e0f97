"""Rules of spike timing need no torch, and what trains layers loads on first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

import maichong.learning

NO_TORCH = """
import sys
sys.modules["torch"] = None
from maichong.learning.timing import SWAT, MultiSpikeTempotron, ReSuMe, SpikeProp, TempotronClassifier
import maichong.learning
heavy = {"numba", "sklearn", "scipy", "sympy", "matplotlib"} & set(sys.modules)
sys.exit(str(heavy) if heavy else 0)
"""


def test_timing_imports_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", NO_TORCH], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_name_has_a_place_that_says_so() -> None:
    """What the places hold is imported by the tests of the rules themselves."""
    assert sorted(maichong.learning._PLACES) == sorted(maichong.learning.__all__)
    assert set(maichong.learning.__all__) <= set(dir(maichong.learning))
    with pytest.raises(AttributeError, match="has no attribute 'BPT'"):
        _ = maichong.learning.BPT
