"""Checks of what a model declares: its words, its units, its straight-line code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from maichong.checks.outcome import Failed
from maichong.checks.values import host
from maichong.spec import IntrinsicModel, Model, model_units
from maichong.spec.reading import straight_line

EQUATION = re.compile(r"\S.*\s(=|<-|:=|~)\s\S|d\w+ ?/ ?dt")
SOURCE = re.compile(
    r"""\b10\.\d{4,9}/\S+                      # a DOI
    | arxiv:\s?(\d{4}\.\d{4,5}|[a-z.-]+/\d{7})  # arXiv
    | \bISBN\b
    | \b(1[89]|20)\d\d,\s["“«*_]\w              # a book: its year, then its title
    """,
    re.VERBOSE | re.IGNORECASE,
)


def documented(model: Model) -> None:
    """The doc holds an equation and names a source; every symbol has a unit and a meaning."""
    problems = list(_undocumented(model))
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise Failed(f"{model.name}{problems[0]}{more}")


def _undocumented(model: Model) -> Iterator[str]:
    if not model.doc.strip():
        yield ": has no doc, which should hold its equations and its source (doc=__doc__)"
    else:
        if not any(EQUATION.search(line) for line in model.doc.splitlines()):
            yield ": its doc holds no equation, such as 'tau_m dv/dt = v_rest - v'"
        if not SOURCE.search(model.doc):
            yield ': its doc names no source (a DOI, an arXiv number, or a book as: Author 1997, "Title")'
    for symbol in (*model.params, *model.states, *getattr(model, "inputs", ())):
        if not isinstance(symbol.unit, str):
            yield f".{symbol.name}: has no unit ('' where it is a pure number)"
    for symbol in (*model.params, *model.states, *model.options, *_further(model)):
        if not isinstance(symbol.meaning, str) or not symbol.meaning.strip():
            yield f".{symbol.name}: has no meaning"


def _further(model: Model) -> tuple:
    return (
        *getattr(model, "inputs", ()),
        *getattr(model, "traces", ()),
        *getattr(model, "reads", ()),
        *getattr(model, "source", ()),
    )


def units(model: Model) -> None:
    """Every function gives what its place asks for, when its symbols carry their declared units."""
    model_units.check_units(model, host(model).param(model.target).unit if isinstance(model, IntrinsicModel) else "")


def branch_free(model: Model) -> None:
    """Every function is straight-line code, which every engine can read."""
    for function in model.functions().values():
        straight_line(function)
