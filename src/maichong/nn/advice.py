"""What to change in a spiking layer whose vital signs are bad; every number is tried on the layer before it is given."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from maichong.nn.diagnosis import Row
from maichong.nn.spiking import Spiking
from maichong.nn.vitals import Course, Vitals, vitals

MANY, FEWER = 0.5, 0.45
"""The part of dead or saturated neurons that is told, and that up to which advice must bring it."""

LONELY, FAR = 0.05, 2.0
"""The part of steps near the threshold, and the typical distance in widths, at which a surrogate hardly teaches."""

VANISHING, EXPLODING = 1e-3, 1e3
"""Gradients of a layer in parts of the last layer's."""

TRIES, GROWTH = 10, 1.4
"""How often a factor is tried, and by how much it grows each time."""


@dataclass(frozen=True)
class Patient:
    """A row with what advice needs: the layer, its signs and inputs, the names of the weights that scale them, of those
    of its recurrence, and of broken ones."""

    row: Row
    layer: Spiking
    signs: Vitals | None
    courses: Sequence[Course]
    weights: Sequence[str]
    recurrent: Sequence[str]
    broken: Sequence[str]
    last: bool = False

    def compared(self, last: float | None) -> Patient:
        """The same with the gradient's ratio to the last layer's."""
        if last is None or self.row.gradient is None:
            return self
        return dataclasses.replace(self, row=dataclasses.replace(self.row, ratio=self.row.gradient / last))

    @property
    def name(self) -> str:
        return f"layer {self.row.layer!r}"

    def scale(self, factor: float, recurrent: bool = False) -> str:
        """The words for a factor of the layer's input."""
        names = [*self.weights, *(self.recurrent if recurrent else ())]
        return f"multiply {' and '.join(names) or 'its input'} by about {factor:.2g}"


def advise(patients: Sequence[Patient], broken: str | None) -> Iterator[str]:
    """A sentence for each thing to change; ``broken`` is why the last of the layers did not get through."""
    deaf = False
    for patient in patients:
        yield from _finite(patient, broken if patient is patients[-1] else None)
        signs = patient.signs
        if signs is None or patient.row.bad:
            continue
        if signs.dead > MANY and not deaf:
            yield _dead(patient, signs)
        if signs.saturated > MANY:
            yield _saturated(patient, signs)
        elif not deaf and signs.near < LONELY and _far(signs) > FAR * patient.layer.surrogate.width:
            yield from _lonely(patient, signs)
        # what comes behind a silent layer hears next to nothing, and what is seen of it says little
        deaf = deaf or signs.dead > MANY
    yield from _gradients(patients, deaf)


def _finite(patient: Patient, broken: str | None) -> Iterator[str]:
    row = patient.row
    if patient.broken:
        what = f"{' and '.join(patient.broken)} hold numbers that are NaN or infinite"
        yield f"{patient.name}: {what}: go back to earlier weights, and train at a lower rate"
    elif row.bad:
        what = f"{row.bad} numbers of its inputs or gradients are NaN or infinite"
        yield f"{patient.name}: {what}: make the weights or the learning rate before it smaller, and clip gradients"
    elif broken:
        yield f"{patient.name}: {broken}: use steps shorter than dt = {patient.layer.cell.dt:g} ms, or {patient.scale(0.1, True)}"


def _dead(patient: Patient, signs: Vitals) -> str:
    start = f"{patient.name}: {100 * signs.dead:.0f} % of its neurons never fire"
    then = "; ask again for the layers behind it once it fires" if not patient.last else ""
    if signs.reach is not None:
        first = max(1 / signs.reach, 1.1)
        factor = _waking(lambda factor: vitals(patient.layer, patient.courses, factor), first)
        if factor:
            way = f"their inputs take them {signs.reach:.2f} of the way to the threshold"
            return f"{start}; {way}: {patient.scale(factor)}, or lower the threshold{then}"
    # factors do not help neurons that are inhibited: how much must be added to the input?
    shift = _waking(lambda shift: vitals(patient.layer, patient.courses, 1.0, shift), _current(patient, signs))
    if shift:
        return f"{start}, being inhibited or without input: add about {shift:.2g} to their input, as by a bias{then}"
    return f"{start}, and no input of a like size wakes them: lower the threshold{then}"


def _current(patient: Patient, signs: Vitals) -> float:
    """A current that takes a neuron at least a tenth of the way to the threshold: ten times less than ten steps of 1 do."""
    x, state = patient.courses[0]
    moved = vitals(patient.layer, [(torch.zeros_like(x[:1, :1]), None if state is None else state)], 1.0, 1.0)
    return 0.1 * signs.rest / max(abs(signs.rest - moved.unit), 1e-12)


def _waking(run: Callable[[float], Vitals], first: float) -> float | None:
    """The first number, growing from ``first``, that wakes a layer without saturating it."""
    value = first
    for _ in range(TRIES):
        value = float(f"{value:.2g}")
        found = run(value)
        if found.dead <= FEWER:
            return value if found.saturated <= MANY else None
        value *= GROWTH
    return None


def _calming(patient: Patient, calm: Callable[[Vitals], bool]) -> float | None:
    """The largest factor of the input at which the layer is ``calm`` and still fires."""
    factor = 1.0
    for _ in range(3 * TRIES):
        factor = float(f"{factor / GROWTH:.2g}")
        found = vitals(patient.layer, patient.courses, factor)
        if found.dead > MANY:
            return None
        if calm(found):
            return factor
    return None


def _saturated(patient: Patient, signs: Vitals) -> str:
    start = f"{patient.name}: {100 * signs.saturated:.0f} % of its neurons fire in every step that they can"
    factor = _calming(patient, lambda found: found.saturated <= FEWER)
    if factor:
        return f"{start}: {patient.scale(factor, True)}, or raise the threshold"
    return f"{start}, and on smaller inputs too: raise the threshold"


def _far(signs: Vitals) -> float:
    """How far membranes typically are from the threshold; of a dead layer, how far they would be if nothing inhibited them."""
    return min(signs.unit, signs.rest) if signs.dead > MANY else signs.unit


def _lonely(patient: Patient, signs: Vitals) -> Iterator[str]:
    surrogate = patient.layer.surrogate
    if surrogate.name == "straight_through":
        return
    start = (
        f"{patient.name}: {100 * signs.near:.1f} % of its membranes are within half a surrogate's width of the threshold, "
        f"typically they are {signs.unit:.2g} away"
    )
    # far beyond where it starts: the inputs are too large, not the surrogate too narrow
    factor = _calming(patient, lambda found: found.near >= LONELY) if signs.unit > FAR * signs.rest else None
    if factor:
        yield f"{start}, as its inputs are large: {patient.scale(factor, True)}"
    else:
        yield f"{start}: use Surrogate({surrogate.name!r}, {2 * signs.unit:.2g}) in place of the width {surrogate.width:g}"


def _gradients(patients: Sequence[Patient], deaf: bool) -> Iterator[str]:
    """One sentence for the worst of the layers, as those before it share the cause."""
    known = [patient for patient in patients if patient.row.ratio is not None and not patient.row.bad]
    silent = [patient for patient in patients if patient.row.gradient == 0 and not patient.row.bad]
    if silent and not deaf:
        cure = "nothing between them and the loss may be detached, or lie beyond its surrogate's reach"
        yield f"{silent[-1].name}: no gradient at all arrives at its weights: {cure}"
        return
    if len(known) < 2 or deaf:  # a layer that never fires explains the rest
        return
    least, most = (choose(known, key=_ratio) for choose in (min, max))
    if _ratio(least) < VANISHING:
        where, fall = min(_changes(known), key=lambda change: change[1])
        cure = f"train them at a rate about {1 / _ratio(least):.0e} times as high, as Adam does by itself"
        width = 2 * where.signs.unit if where.signs else 0.0
        if width > 1.5 * where.layer.surrogate.width:
            cure = f"widen the surrogate of {where.name} to {width:.2g}, or {cure}"
        yield (
            f"{least.name}: gradients vanish, its weights get {_ratio(least):.0e} of the last layer's, and the steepest fall is "
            f"at {where.name}, to {fall:.0e}: {cure}"
        )
    if _ratio(most) > EXPLODING:
        where, rise = max(_changes(known), key=lambda change: change[1])
        yield (
            f"{most.name}: gradients explode, its weights get {_ratio(most):.0e} times the last layer's, and the steepest rise is "
            f"at {where.name}, by {rise:.0e}: make the weights behind it smaller, use detach_reset=True, or clip gradients"
        )


def _ratio(patient: Patient) -> float:
    return patient.row.ratio or 0.0


def _changes(known: Sequence[Patient]) -> list[tuple[Patient, float]]:
    """Each layer's gradient in parts of the next one's."""
    return [(here, _ratio(here) / _ratio(there)) for here, there in itertools.pairwise(known) if _ratio(there)]
