"""The kernel of noise currents: a random word, its normal number, and the step of each neuron's process, as SIMD code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maichong.engines.events.emit import Argument, Kernel, KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.words import EXTRA, WORDS, drawn_words, word_values
from maichong.engines.noise import NoisePlan
from maichong.spec.gauss import gauss_quantile

if TYPE_CHECKING:
    from maichong.engines.events.live_population import LivePopulation

NUMBERS = ("mean", "pull", "kick")


def noise_kernel(precision: str, each: tuple[str, ...]) -> KernelText:
    """The kernel that takes noise currents to the end of a step; ``each`` are those of NUMBERS that differ among neurons."""
    w = Writer(precision, vectors=True)
    for line in drawn_words("step + 1"):
        w.line(line)
    w.line("for j in range(U(first), U(last)):")
    w.indent += 1
    w.line("word = words[row + j]")
    if precision == "float32":
        w.line("z = gauss32(word)")
    else:
        w.line("u = (np.float64(word) + 0.5) * 2.3283064365386963e-10")
        w.line(f"z = {w.inline(gauss_quantile, ['u'])[0]}")
    mean, pull, kick = (f"{name}[j]" if name in each else name for name in NUMBERS)
    w.line("i = current[j]")
    w.line(f"current[j] = i + {pull} * ({mean} - i) + {kick} * z")
    return KernelText(
        title="One step of noise currents",
        precision=precision,
        arguments=(
            *WORDS, *(Argument(name, precision + ("[]" if name in each else "")) for name in NUMBERS),
            Argument("current", f"{precision}[]"),
        ),
        body=tuple(w.lines),
        origins=tuple(w.origins),
        extra=EXTRA + ("from maichong.engines.events.gauss import gauss32\n" if precision == "float32" else ""),
    )  # fmt: skip


class LiveNoise:
    """The kernels of one noise current, one for each part of its target, which holds the current itself."""

    serial = False

    def __init__(self, plan: NoisePlan, target: LivePopulation, seed: int) -> None:
        given = {name: getattr(plan, name) for name in NUMBERS}
        each = tuple(name for name, value in given.items() if np.ndim(value))
        numbers = {name: target.padded(value, target.precision) if name in each else value for name, value in given.items()}
        words = word_values(plan.stream, seed, target.edges)
        text = noise_kernel(target.precision, each)
        self.kernels: list[dict[str, list[Kernel]]] = [{} for _ in range(target.parts)]
        for part in target.owners():
            self.kernels[part] = {
                "noise": [Kernel(text, numbers | words[part] | {"current": target.own.of[part][plan.symbol]})]
            }
