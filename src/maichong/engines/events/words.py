"""Random words inside a kernel: one for each neuron and step, drawn for four steps at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from maichong.engines.events.emit import Argument
from maichong.engines.events.memory import apart, zeros
from maichong.random import STEPS

EXTRA = """
from maichong.random_compiled import LOW, SHIFT, philox
"""

WORDS = (
    Argument("first", "int"), Argument("last", "int"), Argument("width", "int"), Argument("stream", "int"),
    Argument("seed_low", "int"), Argument("seed_high", "int"), Argument("drawn", "int64[]"), Argument("words", "uint32[]"),
)  # fmt: skip
"""What a kernel needs that draws random words; ``drawn`` is a place of its part alone, -1 at first."""


def drawn_words(step: str) -> tuple[str, ...]:
    """The lines that see to it that ``words`` holds the random words of ``step``, from ``row`` on."""
    return (
        f"block = ({step}) // {STEPS}",
        "if drawn[0] != block:",
        "    drawn[0] = block",
        "    low, high = U(block) & LOW, U(block) >> SHIFT",
        "    for j in range(U(first), U(last)):",
        "        r0, r1, r2, r3 = philox(j, low, high, U(stream), U(seed_low), U(seed_high))",
        *(f"        words[j + U({k} * width)] = np.uint32(r{k})" for k in range(STEPS)),
        f"row = U((({step}) % {STEPS}) * width)",
    )


def word_values(stream: int, seed: int, edges: Sequence[int]) -> list[dict[str, Any]]:
    """The values of WORDS for each part of a population."""
    numbers = {"width": edges[-1], "stream": stream, "seed_low": seed & 0xFFFFFFFF, "seed_high": seed >> 32}
    return [
        {
            **numbers, "first": first, "last": last, "drawn": apart(np.full(1, -1, np.int64)),
            "words": zeros(STEPS * edges[-1], np.uint32),
        }
        for first, last in itertools.pairwise(edges)
    ]  # fmt: skip
