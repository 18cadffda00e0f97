"""What a conversion reports: each layer's rates beside the activations that they stand for, and the accuracy over steps."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from maichong.errors import ConversionError

HEADS = ("layer", "factor", "threshold", "error", "rate", "silent", "saturated")


@dataclass(frozen=True)
class LayerReport:
    """One population on the calibration samples.

    ``factor``: the activation that one spike per step stands for; ``threshold`` of its neurons; ``error``: root mean square of
    rate * factor - activation, over that of the activation; ``rate``: mean, spikes per step; ``silent``: share of neurons that
    never fired; ``saturated``: share of neurons and samples that fired in every step.
    """

    name: str
    factor: float
    threshold: float
    error: float
    rate: float
    silent: float
    saturated: float

    def to_dict(self) -> dict[str, Any]:
        """The numbers by name."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Report:
    """All populations, from the input to the output, after ``steps`` steps with ``samples`` calibration samples."""

    layers: tuple[LayerReport, ...]
    steps: int
    samples: int

    @property
    def silent(self) -> tuple[str, ...]:
        """The layers without a single spike."""
        return tuple(layer.name for layer in self.layers if layer.silent == 1.0)

    def check(self) -> None:
        """ConversionError where a layer is silent, so that the network says the same of every input."""
        if self.silent:
            raise ConversionError(
                "convert", f"each layer must fire within {self.steps} steps", f"no spike of {', '.join(self.silent)}",
                "use more steps, or the method 'percentile'; allow_loss=True gives the network as it is",
            )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {"steps": self.steps, "samples": self.samples, "layers": [layer.to_dict() for layer in self.layers]}

    def __str__(self) -> str:
        rows = [
            HEADS,
            *((layer.name, *(f"{value:.4g}" for value in list(layer.to_dict().values())[1:])) for layer in self.layers),
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, f"{self.steps} steps, {self.samples} samples"])


@dataclass(frozen=True)
class AccuracyOverTime:
    """The share of right answers by the first 1, 2, 3, ... steps, beside that of the artificial network; ``samples`` of them."""

    accuracy: tuple[float, ...]
    ann: float
    samples: int
    silent: tuple[str, ...] = ()

    @property
    def final(self) -> float:
        """After the last step."""
        return self.accuracy[-1]

    @property
    def loss(self) -> float:
        """What the last step's accuracy lacks of the artificial network's."""
        return self.ann - self.final

    def steps_within(self, loss: float) -> int | None:
        """The first step from which on the accuracy stays within ``loss`` of the artificial network's; None if it ends below."""
        within = [accuracy >= self.ann - loss for accuracy in self.accuracy]
        if not within[-1]:
            return None
        return len(within) - within[::-1].index(False) + 1 if False in within else 1

    def check(self, tolerance: float = 0.01) -> None:
        """ConversionError where a layer is silent, or the last step's accuracy is more than ``tolerance`` below the other's."""
        if self.silent:
            raise ConversionError(
                "evaluate", f"each layer must fire within {len(self.accuracy)} steps", f"no spike of {', '.join(self.silent)}",
                "use more steps, or the method 'percentile'",
            )  # fmt: skip
        if self.loss > tolerance:
            wanted = f"the accuracy must be within {100 * tolerance:g} % of the artificial network's {100 * self.ann:.2f} %"
            got = f"{100 * self.final:.2f} % after {len(self.accuracy)} steps"
            fix = "use more steps, the method 'percentile', a soft reset or constant input; allow_loss=True lets it pass"
            raise ConversionError("evaluate", wanted, got, fix)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {"accuracy": list(self.accuracy), "ann": self.ann, "samples": self.samples, "silent": list(self.silent)}

    def __str__(self) -> str:
        shown = sorted({2**k for k in range(len(self.accuracy).bit_length())} | {len(self.accuracy)})
        rows = [f"{step:>6} steps  {100 * self.accuracy[step - 1]:6.2f} %" for step in shown]
        return "\n".join([*rows, f"artificial    {100 * self.ann:6.2f} %"])
