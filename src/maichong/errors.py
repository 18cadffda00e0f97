"""One family of errors: each says where, what was expected, what came and the likely fix, in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Sequence


def brief(value: object) -> str:
    """``value`` as it fits in a sentence: its repr on one line of at most 60 characters; never raises."""
    try:
        text = _line(repr(value), 60)
    except Exception:  # a foreign repr fails in any way, and so does that of a number of 5,000 digits
        text = ""
    return text or f"a value of type {type(value).__name__}"


def _line(text: str, longest: int) -> str:
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in " ".join(text.split()))
    return text if len(text) <= longest else f"{text[: longest - 15]}...{text[-12:]}"


class MaichongError(ValueError):
    """An error that a user can act on.

    ``where`` names the place (``LIF.tau_m``), ``expected`` what is right there, ``got`` what came instead (words; anything
    that is no text is shown by ``brief``) and ``fix`` the likely cure; the message joins the parts that are given, on one
    line of bearable length. Where many things are wrong at once, ``details`` names each on a line of its own.
    """

    def __init__(
        self, where: str, expected: str, got: object = None, fix: str | None = None, details: Sequence[str] = ()
    ) -> None:
        message = f"{_line(where, 160)}: {_line(expected, 250)}"
        if got is not None:
            message += f" (got {_line(got, 200) if isinstance(got, str) else brief(got)})"
        if fix:
            message += f"; {_line(fix, 200)}"
        super().__init__("\n- ".join([message, *(_line(detail, 400) for detail in details)]))
        self.where, self.expected, self.got, self.fix, self.details = where, expected, got, fix, tuple(details)


class ParameterError(MaichongError):
    """A value is outside its bounds, of the wrong shape or not a finite number."""


class UnitError(MaichongError):
    """A value or an equation has the wrong physical dimension."""


class ModelError(MaichongError):
    """A model file breaks the contract: an unknown name, a branch, a scope that is too narrow."""


class NetworkError(MaichongError):
    """A network is put together from parts that do not fit."""


class EngineError(MaichongError):
    """An engine cannot do what the network asks."""


class ConversionError(MaichongError):
    """A network cannot be converted into a spiking one, or what came out has lost what it could do."""


class DataError(MaichongError):
    """A data set is missing, damaged or not of the promised form."""


class CheckpointError(MaichongError):
    """A saved run or network cannot be read, or belongs to something else."""


class RecordingError(MaichongError):
    """The files of a recording cannot be written or read, or belong to something else."""


def is_one_of(name: object, choices: Container[str]) -> bool:
    """Whether ``name`` is a text among ``choices``; what cannot be hashed or compared is not."""
    return isinstance(name, str) and name in choices


def did_you_mean(name: object, choices: Iterable[str]) -> str | None:
    """Say which of ``choices`` the user probably meant: ``"did you mean 'tau_m'?"``; all of them where none is near."""
    known = sorted(set(choices))
    if not known:
        return None
    folded = {choice.casefold(): choice for choice in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6) if isinstance(name, str) else []
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return listed(known)


def listed(choices: Iterable[str]) -> str:
    """All ``choices`` in order, of many the first, up to twelve and about two lines: ``"known: spikes, v"``."""
    known = sorted(set(choices))
    shown = known[:12]
    while len(shown) > 3 and len(", ".join(shown)) > 160:
        shown.pop()
    return f"known: {', '.join(shown)}{', ...' if len(known) > len(shown) else ''}"
