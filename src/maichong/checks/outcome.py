"""What a check finds, and how a list of findings is shown: as rows of a table, as JSON."""

from __future__ import annotations

import dataclasses
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.errors import EngineError, MaichongError
from maichong.spec import Model
from maichong.spec.soundness import is_fault

NO_ENGINE = "-"
MARKS = {"ok": "✓", "fails": "✗", "unsupported": "–"}
"""The mark of each verdict in a table; where a check does not apply the cell is empty."""


@dataclass(frozen=True)
class Outcome:
    """One check of one model: ``verdict`` is "ok", "fails" or "unsupported".

    ``engine`` is "-" where the check needs none; ``detail`` says in one sentence what is wrong or why it cannot be checked;
    ``seconds`` is the CPU time that it took. What several checks need, such as a kernel, the first of them pays for.
    """

    model: str
    kind: str
    check: str
    engine: str
    verdict: str
    detail: str = ""
    seconds: float = field(default=0.0, compare=False)

    @property
    def column(self) -> str:
        """The check, and the engine where it needs one: ``"agrees: events"``."""
        return self.check if self.engine == NO_ENGINE else f"{self.check}: {self.engine}"


class Failed(Exception):
    """Raised by a check: the model does not conform."""


class Unsupported(Exception):
    """Raised by a check: it cannot be made, for the reason given."""


@dataclass(frozen=True)
class Variant:
    """An engine with options; ``loose`` where it works in single precision."""

    name: str
    engine: str
    options: Mapping[str, Any] = field(default_factory=dict)
    loose: bool = False


@dataclass(frozen=True)
class Check:
    """A check by name: ``function(model)``, or ``function(model, variant)`` once per engine, raises where it fails.

    Called with a model it returns the Outcome; whatever the model's own functions raise becomes a failure.
    """

    name: str
    function: Callable[..., None]
    by_engine: bool = False
    only: str = ""
    """The engine that the check is for, where it is not for all that run networks."""

    def __call__(self, model: Model, variant: Variant | None = None) -> Outcome:
        given = (model,) if variant is None else (model, variant)
        verdict, detail, begin = "ok", "", time.process_time()
        try:
            # checks go to where models diverge, and see for themselves
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                self.function(*given)
        except (Unsupported, EngineError) as error:
            verdict, detail = "unsupported", _sentence(error)
        except MaichongError as error:
            # what nobody can build fails the check of what is wrong with it, and no other
            verdict, detail = "unsupported" if is_fault(error, model) else "fails", _sentence(error)
        except Exception as error:  # a foreign model may raise anything
            verdict, detail = "fails", _sentence(error)
        engine, seconds = variant.name if variant else NO_ENGINE, round(time.process_time() - begin, 3)
        return Outcome(model.identifier, model.kind, self.name, engine, verdict, detail, seconds)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, (Failed, Unsupported, MaichongError)):
        return text
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {last.filename}:{last.lineno}" + (f": {text}" if text else "")


def passed(outcomes: Iterable[Outcome]) -> bool:
    """Whether nothing fails; what an engine does not support is no failure."""
    return all(outcome.verdict != "fails" for outcome in outcomes)


def table(outcomes: Iterable[Outcome]) -> list[list[str]]:
    """Models x checks as rows of text, the first row the heads; a cell holds one of MARKS, or nothing."""
    outcomes = list(outcomes)
    columns = list(dict.fromkeys(outcome.column for outcome in outcomes))
    models = dict.fromkeys((outcome.model, outcome.kind) for outcome in outcomes)
    marks = {(outcome.model, outcome.kind, outcome.column): MARKS[outcome.verdict] for outcome in outcomes}
    rows = [[model, kind, *(marks.get((model, kind, column), "") for column in columns)] for model, kind in models]
    return [["model", "kind", *columns], *rows]


def to_json(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """``{"passed": bool, "outcomes": [...]}``, JSON-ready."""
    outcomes = list(outcomes)
    return {"passed": passed(outcomes), "outcomes": [dataclasses.asdict(outcome) for outcome in outcomes]}
