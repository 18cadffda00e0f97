"""Random words inside a kernel: one for each neuron and step, drawn for four steps at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.engines.events.emit import Argument
from maichong.engines.events.memory import zeros
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


def word_values(stream: int, seed: int, width: int) -> dict[str, Any]:
    """The values of WORDS that all parts of a population share."""
    numbers = {"width": width, "stream": stream, "seed_low": seed & 0xFFFFFFFF, "seed_high": seed >> 32}
    return {**numbers, "words": zeros(STEPS * width, np.uint32)}
