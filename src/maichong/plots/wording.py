"""How a report words a value, a claim and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

from ..errors import ParameterError, did_you_mean

_GOOD = frozenset({"holds", "reproduced", "pass", "passed", "ok", "within tolerance"})
_BAD = frozenset({"fails", "failed", "fail", "missed", "not reproduced", "outside tolerance"})
_NEEDED = ("quantity", "paper", "ours", "tolerance", "verdict")
_KNOWN = (*_NEEDED, "unit", "note")


@dataclass(frozen=True)
class ClaimRow:
    """One claim in words: ``ours`` is the mean of ``seeds``, ``tone`` is good, bad or open."""

    quantity: str
    unit: str
    note: str
    paper: str
    ours: str
    seeds: str
    tolerance: str
    verdict: str
    tone: str


def value(thing: object) -> str:
    """Word one value for a person: four digits, thousands marked, yes and no, a dash for nothing.

    >>> value(60000), value(0.912345), value(True), value(None), value((28, 28))
    ('60,000', '0.9123', 'yes', '–', '28, 28')
    """
    if thing is None or (isinstance(thing, Real) and math.isnan(thing)):
        return "–"
    if isinstance(thing, bool) or type(thing).__name__ == "bool":
        return "yes" if thing else "no"
    if isinstance(thing, Integral):
        return f"{int(thing):,}"
    if isinstance(thing, Real):
        number = float(thing)
        return f"{number:,.0f}" if 1e4 <= abs(number) < 1e15 else f"{number:.4g}"
    if isinstance(thing, Sequence | set | frozenset) and not isinstance(thing, str | bytes):
        return ", ".join(value(part) for part in thing)
    return str(thing)


def several(n: int, noun: str) -> str:
    """Word a count with its noun: ``"1 neuron"``, ``"1,600 neurons"``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def flat(settings: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and worded value of each setting; nested mappings give dotted names."""
    for name, thing in settings.items():
        if isinstance(thing, Mapping):
            yield from flat(thing, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value(thing)


def claim(where: str, given: Mapping[str, object]) -> ClaimRow:
    """Word one claim; raises ParameterError where a part is missing or unknown."""
    missing = [name for name in _NEEDED if name not in given]
    if missing:
        raise ParameterError(where, f"must have {', '.join(_NEEDED)}", f"no {', '.join(missing)}")
    unknown = [name for name in given if name not in _KNOWN]
    if unknown:
        raise ParameterError(where, "has an unknown part", repr(unknown[0]), did_you_mean(unknown[0], _KNOWN))
    ours = given["ours"]
    seeds = list(ours) if isinstance(ours, Sequence) and not isinstance(ours, str) else [ours]
    numbers = [float(x) for x in seeds if isinstance(x, Real) and not math.isnan(x)]
    mean = value(sum(numbers) / len(numbers)) if numbers else ", ".join(value(x) for x in seeds) or "–"
    tolerance = given["tolerance"]
    verdict, tone = _verdict(given["verdict"])
    return ClaimRow(
        quantity=str(given["quantity"]),
        unit=str(given.get("unit") or ""),
        note=str(given.get("note") or ""),
        paper=value(given["paper"]),
        ours=mean,
        seeds=" · ".join(_aligned(seeds)) if numbers and len(seeds) > 1 else "",
        tolerance=f"± {value(tolerance)}" if isinstance(tolerance, Real) else value(tolerance),
        verdict=verdict,
        tone=tone,
    )


def _aligned(seeds: Sequence[object]) -> list[str]:
    """Word the values of all seeds with as many decimals as the longest of them: 80.0 beside 79.1."""
    words = [value(x) for x in seeds]
    plain = [word.replace(",", "").lstrip("-").replace(".", "", 1).isdigit() for word in words]
    most = max((len(word.partition(".")[2]) for word, ok in zip(words, plain, strict=True) if ok), default=0)
    pairs = zip(seeds, words, plain, strict=True)
    return [f"{float(x):,.{most}f}" if ok and isinstance(x, Real) else word for x, word, ok in pairs]


def tally(rows: Sequence[ClaimRow]) -> str:
    """Count the verdicts: ``"3 holds, 1 fails"``, most frequent word first."""
    words = [row.verdict for row in rows]
    return ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words), key=lambda w: (-words.count(w), w)))


def _verdict(given: object) -> tuple[str, str]:
    word = ("holds" if given else "fails") if isinstance(given, bool) else value(given)
    folded = word.strip().casefold()
    return word, "good" if folded in _GOOD else "bad" if folded in _BAD else "open"
