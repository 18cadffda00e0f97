"""Blocks that are kept: further uses of a large one cost no page faults; the switch leaves the C library alone."""

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
print(told, sum(use() for _ in range(8)))
"""


def faults(**environment: str) -> tuple[str, int]:
    given = {**os.environ, "THP_MEM_ALLOC_ENABLE": "0", **environment}
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=given, capture_output=True, text=True, check=True
    ).stdout.split()
    return found[0], int(found[1])


@pytest.mark.skipif(sys.platform != "linux", reason="the GNU C library is that of Linux")
def test_further_uses_cost_no_faults():
    told, kept = faults()
    left, mapped = faults(MAICHONG_KEEP_MEMORY="0")
    assert left == "False"
    if told == "True":
        # the first use or two touch fresh memory
        assert kept < mapped / 2
