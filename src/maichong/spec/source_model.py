"""What a source is: a population that spikes by itself, from a rate, a list, a clock."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.declare import Param, declared
from maichong.spec.distributions import Distribution
from maichong.spec.model import Configured, Function, Model, names
from maichong.spec.reading import arguments, check_function
from maichong.spec.steps import Steps


@dataclass(frozen=True, eq=False, repr=False)
class SourceModel(Model):
    """A renewal process: ``interval`` gives the time in ms to the next spike.

    ``interval`` may ask for the parameters, for the step ``dt`` in ms, and for ``u``, a uniform number in [0, 1) from the
    counter-based stream of (seed, population, neuron, step of the last spike). When a neuron's parameter changes, its next spike
    is drawn anew from that moment: right for memoryless processes.

    With ``copy`` there is one such process for the whole population, and it is hidden: of each of its spikes every neuron takes a
    copy with the probability that ``copy`` gives, independently. Its parameters are then one number for all neurons.
    ``chance`` is given where a probability grows in proportion to ``dt``: it is refused where it is not below 1.
    """

    kind: ClassVar[str] = "source"
    reserved: ClassVar[tuple[str, ...]] = ("model", "u", "dt")
    taken: ClassVar[tuple[str, ...]] = ("n", "width", "depth", "ring", "ring_count", "counts", "due_at", "link", "chains")
    composed: ClassVar[re.Pattern[str] | None] = None
    scheduled: ClassVar[bool] = True

    interval: Function = field(kw_only=True)
    copy: Function | None = None
    chance: Function | None = None

    def functions(self) -> Mapping[str, Function]:
        given = {"interval": self.interval, "copy": self.copy, "chance": self.chance}
        return {role: function for role, function in given.items() if function is not None}

    def __post_init__(self) -> None:
        super().__post_init__()
        for role, function in self.functions().items():
            known = ("u", "dt") if role == "interval" else ("dt",)
            check_function(function, self.name, (*names(self.params), *known), results=1)

    def check(self, configured: Configured) -> None:
        for name, value in configured.values.items() if self.copy else ():
            differs = isinstance(value, (np.ndarray, Distribution)) or (isinstance(value, Steps) and value.values.ndim > 1)
            if differs:
                expected = "must be one number for all neurons, which copy one hidden train"
                raise ParameterError(f"{self.name}.{name}", expected, brief(value))

    def check_chance(self, values: Mapping[str, Any], dt: float, where: str) -> None:
        """ParameterError where steps of ``dt`` ms are too long for the ``values`` of the parameters, at any time."""
        if self.chance is None:
            return
        scheduled = [value.times for value in values.values() if isinstance(value, Steps)]
        times = np.unique(np.concatenate([[0.0], *scheduled]))
        given = {name: value.at(times) if isinstance(value, Steps) else value for name, value in values.items()}
        highest = float(np.max(self.chance(*({**given, "dt": dt}[name] for name in arguments(self.chance)))))
        if not highest < 1.0:
            raise ParameterError(
                where, f"the chance of a spike of {self.name} in a step of {dt:g} ms must be below 1", f"{highest:g}",
                "use a smaller dt, or other values",
            )  # fmt: skip


def source(
    name: str,
    *,
    params: Iterable[Param],
    interval: Function,
    copy: Function | None = None,
    chance: Function | None = None,
    doc: str | None = None,
) -> SourceModel:
    """Declare a spiking source from the functions of one file."""
    return SourceModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=declared(params, Param, f"{name}.params"),
        interval=interval,
        copy=copy,
        chance=chance,
    )
