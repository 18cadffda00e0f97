"""Blocks that are kept: a second use of a large one costs no page faults; the switch leaves the C library alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import torch
from maichong.engines.autograd.heap import keep_large_blocks

told = keep_large_blocks()
def use():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(16, 1 << 20)  # 64 MiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
use()
print(told, use())
"""


def faults(**environment: str) -> tuple[str, int]:
    given = {**os.environ, "THP_MEM_ALLOC_ENABLE": "0", **environment}
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=given, capture_output=True, text=True, check=True
    ).stdout.split()
    return found[0], int(found[1])


@pytest.mark.skipif(sys.platform != "linux", reason="the GNU C library is that of Linux")
def test_a_second_use_costs_no_faults():
    told, kept = faults()
    left, mapped = faults(MAICHONG_KEEP_MEMORY="0")
    assert left == "False"
    if told == "True":
        assert kept < mapped / 10
