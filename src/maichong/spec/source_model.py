"""What a source is: a population that spikes by itself, from a rate, a list, a clock."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from maichong.spec.declare import Param, declared
from maichong.spec.model import Function, Model, names
from maichong.spec.reading import check_function


@dataclass(frozen=True, eq=False, repr=False)
class SourceModel(Model):
    """A renewal process: ``interval`` gives the time in ms to the next spike.

    ``interval`` may ask for the parameters and for ``u``, a uniform number in [0, 1) from the counter-based stream of
    (seed, population, neuron, step of the last spike). When a neuron's parameter changes, its next spike is drawn anew
    from that moment: right for memoryless processes.
    """

    kind: ClassVar[str] = "source"
    reserved: ClassVar[tuple[str, ...]] = ("model", "u")
    taken: ClassVar[tuple[str, ...]] = ("n", "width", "depth", "ring", "ring_count", "counts", "due_at", "link", "chains")
    composed: ClassVar[re.Pattern[str] | None] = None
    scheduled: ClassVar[bool] = True

    interval: Function = field(kw_only=True)

    def functions(self) -> Mapping[str, Function]:
        return {"interval": self.interval}

    def __post_init__(self) -> None:
        super().__post_init__()
        check_function(self.interval, self.name, (*names(self.params), "u"), results=1)


def source(name: str, *, params: Iterable[Param], interval: Function, doc: str | None = None) -> SourceModel:
    """Declare a spiking source from the function of one file."""
    return SourceModel(
        name=name, doc=inspect.cleandoc(doc or ""), params=declared(params, Param, f"{name}.params"), interval=interval
    )
