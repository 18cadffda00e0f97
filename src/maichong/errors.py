"""One family of errors: each says where, what was expected, what came and the likely fix, in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MaichongError(ValueError):
    """An error that a user can act on.

    ``where`` names the place (``LIF.tau_m``), ``expected`` what is right there, ``got`` what came instead
    and ``fix`` the likely cure; the message joins the parts that are given.
    """

    def __init__(self, where: str, expected: str, got: object = None, fix: str | None = None) -> None:
        message = f"{where}: {expected}"
        if got is not None:
            message += f" (got {got})"
        if fix:
            message += f"; {fix}"
        super().__init__(message)
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


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


class DataError(MaichongError):
    """A data set is missing, damaged or not of the promised form."""


class CheckpointError(MaichongError):
    """A saved run or network cannot be read, or belongs to something else."""


def did_you_mean(name: object, choices: Iterable[str]) -> str | None:
    """Say which of ``choices`` the user probably meant: ``"did you mean 'tau_m'?"``; all of them where none is near."""
    known = sorted(set(choices))
    if not known:
        return None
    folded = {choice.casefold(): choice for choice in known}
    near = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    listed = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f"known: {listed}"
