"""All checks, by kind of model, in one table; and what runs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from maichong.checks.agreement import agrees
from maichong.checks.convergence import converges
from maichong.checks.declared import branch_free, documented, units
from maichong.checks.differentiable import differentiates, takes_the_steps
from maichong.checks.outcome import Check, Outcome, Variant
from maichong.checks.readings import defaults, elapses, linear, symbolic
from maichong.checks.saved import serialises
from maichong.engines import ENGINES as KNOWN
from maichong.errors import EngineError, ModelError, brief, did_you_mean
from maichong.spec import Configured, Model, registry

ENGINES = ("reference", "events", "autograd")
LAYERS = "autograd"
"""The engine of ``maichong.nn``: it runs layers of neurons, no networks."""

VARIANTS: Mapping[str, tuple[Variant, ...]] = {
    "events": (
        Variant("events", "events", {"precision": "float64"}),
        Variant("events float32", "events", {"precision": "float32"}, loose=True),
    ),
    LAYERS: tuple(Variant(f"autograd {path}", LAYERS, {"engine": path}) for path in ("plain", "fused")),
}
"""How each engine is checked; an engine that does not stand here is built without options."""

COMMON = (
    Check("documented", documented),
    Check("units", units),
    Check("defaults", defaults),
    Check("branch_free", branch_free),
    Check("symbolic", symbolic),
    Check("serialises", serialises),
)
AGREES = Check("agrees", agrees, by_engine=True)
OF_LAYERS = (
    Check("agrees", takes_the_steps, by_engine=True, only=LAYERS),
    Check("differentiates", differentiates, by_engine=True, only=LAYERS),
)

CHECKS: Mapping[str, tuple[Check, ...]] = {
    "neuron": (*COMMON, Check("converges", converges), AGREES, *OF_LAYERS),
    "receptor": (*COMMON, Check("linear", linear), AGREES),
    "source": (*COMMON, AGREES),
    "rule": (*COMMON, Check("elapses", elapses), AGREES),
    "short-term rule": (*COMMON, AGREES),
    "intrinsic rule": (*COMMON, AGREES),
}
"""The checks of each kind of model, in the order in which they are made."""


@dataclass(frozen=True)
class Case:
    """One check of one model, on one engine where it needs one; call it to get the Outcome."""

    check: Check
    model: Model
    variant: Variant | None = None

    def __call__(self) -> Outcome:
        return self.check(self.model, self.variant)

    @property
    def name(self) -> str:
        """``"LIF-agrees-events"``."""
        parts = (self.model.identifier, self.check.name, *((self.variant.name,) if self.variant else ()))
        return "-".join(parts).replace(" ", "-")


def cases(model: Model, engines: Sequence[str] = ENGINES) -> Iterator[Case]:
    """The checks that ``model`` must pass; ModelError for what is no model, EngineError for an engine that nobody has."""
    if not isinstance(model, Model):
        fix = "give the model itself: MyNeuron, not MyNeuron()" if isinstance(model, Configured) else None
        raise ModelError("check_model", "must be given a model, such as LIF", brief(model), fix)
    for engine in engines:
        if engine not in (*KNOWN, LAYERS):
            raise EngineError("check_model", f"there is no engine {engine!r}", fix=did_you_mean(engine, (*KNOWN, LAYERS)))
    variants = [variant for engine in engines for variant in VARIANTS.get(engine, (Variant(engine, engine),))]
    for check in CHECKS.get(model.kind, COMMON):
        runs = [
            variant for variant in variants if variant.engine == check.only or (not check.only and variant.engine != LAYERS)
        ]
        yield from (Case(check, model, variant) for variant in (runs if check.by_engine else (None,)))


def check_model(model: Model, engines: Sequence[str] = ENGINES) -> list[Outcome]:
    """Put a model, of maichong or of your own, through all checks of its kind.

    ``engines`` are compared with the reference, "events" in both of its precisions, "autograd" on
    both of its paths and, by finite differences, in its gradients. Nothing the model does raises: it becomes
    an outcome. Raises ModelError for what is no model and EngineError for an unknown engine.
    """
    return [case() for case in cases(model, engines)]


def check_all(
    names: Iterable[str] | None = None,
    engines: Sequence[str] = ENGINES,
    *,
    jobs: int | None = None,
    progress: Callable[[list[Outcome]], None] | None = None,
) -> list[Outcome]:
    """Check all models that can be found by name, or those called ``names``, spread over ``jobs`` processes (one a core).

    ``progress`` is called with each model's outcomes as they come. Raises ModelError for an unknown name and EngineError for an
    unknown engine.
    """
    models = list(registry.models().values()) if names is None else [registry.find(name) for name in names]
    jobs = min(len(models), jobs or _cores())
    for model in models:
        list(cases(model, engines))  # a wrong call is told before anything starts
    if jobs > 1:
        from maichong.checks.workers import check_in_processes

        return check_in_processes(models, engines, jobs, progress)
    outcomes: list[Outcome] = []
    for model in models:
        found = check_model(model, engines)
        outcomes += found
        if progress:
            progress(found)
    return outcomes


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
