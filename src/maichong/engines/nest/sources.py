"""Which of our sources is which NEST generator: a table. Neurons spike as parrots of a generator."""

from __future__ import annotations

from dataclasses import dataclass

from maichong.encoding.correlated_poisson import CorrelatedPoisson
from maichong.encoding.poisson import Poisson
from maichong.engines.nest.tables import Values
from maichong.engines.population_plan import PopulationPlan
from maichong.network import SpikeTimes
from maichong.spec import SourceModel


@dataclass(frozen=True)
class SourceRow:
    """One NEST generator, ``nest``, and the source that it stands for.

    ``values`` are the parameters of the generator; ``scheduled`` is the one that takes a rate in steps of time, where NEST has one.
    With ``shared`` one of them sends to all neurons. ``differs`` is what is not the same.
    """

    source: SourceModel
    nest: str
    values: Values
    scheduled: str | None = None
    shared: bool = False
    differs: tuple[str, ...] = ()


def hidden(rate, correlation):
    return rate / correlation


MANY = "two spikes of a cell may fall into one step"
TABLE = (
    SourceRow(Poisson, "poisson_generator", {"rate": "rate"}, "inhomogeneous_poisson_generator", differs=(MANY,)),
    SourceRow(
        CorrelatedPoisson, "mip_generator", {"rate": hidden, "p_copy": "correlation"}, shared=True,
        differs=(f"a hidden spike is copied with the correlation itself, for {MANY}",),
    ),
)  # fmt: skip


def row_of(entry: PopulationPlan, missing: list[str]) -> SourceRow | None:
    """The row of a source; None where its spikes are given, for neurons and for what is missing, which the list gets."""
    if entry.source is None or isinstance(entry.source, SpikeTimes):
        return None
    row, where = next((row for row in TABLE if row.source is entry.source.model), None), f"population {entry.name!r}"
    if row is None:
        missing.append(f"{where}: NEST has no {entry.source.model.name}")
    elif row.scheduled is None:
        missing += [f"{where} ({row.nest}): its {name} must not be Steps, which it does not take" for name in entry.courses]
    return row
