"""What a pair of kernels depends on beside the neuron, and the names that their texts share."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from maichong.engines.autograd import lined, row_sums
from maichong.engines.autograd.surrogates import Surrogate

WIDE = 256
"""Neurons of a block, at most; of an image's, where squares of them are pooled, as many whole lines as that holds, or one line of
squares."""

ROOM = 32 << 10
"""Bytes that what a block keeps of all steps may take: a core's first cache. Else it is narrower, down to 64 neurons."""

SPIKES = "spikes"


@dataclass(frozen=True)
class Shape:
    """What a pair of kernels depends on beside the cell: the numbers that differ from neuron to neuron (``each``) and those whose
    gradient is asked for (``learned``), what the layer gives (``outputs``), how gradients pass spikes and resets, whether the
    neurons of a row hear each other's spikes of the step before (``recurrent``), and over how large squares of neurons the mean of
    their spikes is what comes out (``pool``): a row is an image then, its lines ``span`` long; and whether a narrow layer hears
    their spikes inside the kernel (``readout``), whose sums are what comes out. With ``keeps`` the states of each step are written
    down for the way back, which goes through all steps again otherwise. With ``halves`` the weights between neurons and what they
    are multiplied by are bfloat16 on the way back."""

    each: tuple[str, ...]
    learned: tuple[str, ...]
    outputs: tuple[str, ...]
    surrogate: Surrogate
    detach_reset: bool
    precision: str
    input_gradient: bool = True
    recurrent: bool = False
    pool: int = 1
    readout: bool = False
    keeps: bool = False
    halves: bool = False


def name_of(number: str) -> str:
    """The local name of a number of the step."""
    return f"n_{number}"


@functools.cache
def _digest() -> str:
    """What changes when the functions that kernels bring in do."""
    files = (Path(module.__file__ or "").read_bytes() for module in (row_sums, lined))
    return hashlib.sha256(b"".join(files)).hexdigest()[:12]


NAMES = ("row_sums", "row_adds", "near_adds", "dense_sums", "turn", "places", "others")
"""Functions of both precisions."""


def imports(precision: str) -> str:
    """The lines of a kernel that bring in the sums and the begin of lines; the digest makes them a part of the kernel."""
    bits = precision.removeprefix("float")
    names = ", ".join(f"{name}{bits} as {name}" for name in NAMES)
    names += ", dense_sums16, halve" if precision == "float32" else ""
    here = "from maichong.engines.autograd"
    return f"{here}.lined import SLACK, lined\n{here}.row_sums import {names}  # {_digest()}"
