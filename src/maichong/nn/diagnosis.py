"""What the doctor finds: a row of numbers for each spiking layer, and advice."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """A spiking layer on one batch; ``None`` is what could not be measured.

    ``rate`` is in spikes per neuron and step. A neuron is ``dead`` if it fires for no sample of the batch, and ``saturated`` if it
    fires in every step in which it is not refractory: parts of all ``neurons``. ``distance`` is the median of the membrane's
    distance from the threshold in widths of the surrogate, ``near`` the part of all steps within half a width to a side, and
    ``slope`` the mean of the surrogate's derivative d spike / d u. ``gradient`` is the root mean square of the loss's gradient by
    the weights that lead into the layer, ``ratio`` that in parts of the last layer's. ``bad`` counts numbers that are not finite.
    """

    layer: str
    neurons: int
    rate: float | None = None
    dead: float | None = None
    saturated: float | None = None
    distance: float | None = None
    near: float | None = None
    slope: float | None = None
    gradient: float | None = None
    ratio: float | None = None
    bad: int = 0


@dataclass(frozen=True)
class Diagnosis:
    """``rows``, one for each spiking layer in the order in which they run, and ``advice``, a sentence for each thing to change."""

    rows: tuple[Row, ...]
    advice: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether there is no advice."""
        return not self.advice

    def to_dict(self) -> dict[str, Any]:
        """``{"healthy": bool, "rows": [...], "advice": [...]}``, JSON-ready."""
        return {
            "healthy": self.healthy, "rows": [dataclasses.asdict(row) for row in self.rows], "advice": list(self.advice)
        }  # fmt: skip

    def __str__(self) -> str:
        heads = [field.name for field in dataclasses.fields(Row)]
        lines = [heads, *([_cell(head, getattr(row, head)) for head in heads] for row in self.rows)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(heads))]
        table = [
            "  ".join(
                [line[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(line[1:], widths[1:], strict=True))]
            )
            for line in lines
        ]
        return "\n".join([*table, "", *(self.advice or ("Nothing to change.",))])


def _cell(head: str, value: Any) -> str:
    if value is None:
        return "-"
    if head in ("dead", "saturated", "near"):
        return f"{100 * value:.0f} %"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
