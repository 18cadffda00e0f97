"""Engines: a network becomes a plan, the plan a run."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from maichong.engines.plan import plan
from maichong.engines.resuming import resume
from maichong.engines.run import Run
from maichong.engines.streaming import open_recording
from maichong.errors import EngineError, brief, did_you_mean, is_one_of
from maichong.network import Network

ENGINES = {
    "reference": ("maichong.engines.reference", "Reference"),
    "events": ("maichong.engines.events", "Events"),
    "nest": ("maichong.engines.nest", "Nest"),
}
"""Each engine by name: its module, loaded on first use, and its class."""


def build(network: Network, engine: str = "events", **options: Any) -> Run:
    """Build ``network`` on the engine called so; EngineError for an unknown engine or option."""
    backend = _backend(engine)
    known = [name for name in inspect.signature(backend).parameters if name != "plan"]
    for option in options:
        if option not in known:
            raise EngineError(f"build, engine {engine!r}", "has no such option", option, did_you_mean(option, known))
    if hasattr(backend, "foresee"):
        backend.foresee(network, **options)
    return Run(backend(plan(network), **options), options)


def can_save(engine: str) -> bool:
    """Whether runs on the engine called so can be saved and resumed; EngineError for an unknown engine."""
    return _backend(engine).can_save


def _backend(engine: str) -> Any:
    if not is_one_of(engine, ENGINES):
        raise EngineError("build", f"there is no engine {brief(engine)}", fix=did_you_mean(engine, ENGINES))
    module, name = ENGINES[engine]
    return getattr(importlib.import_module(module), name)


__all__ = ["ENGINES", "Run", "build", "can_save", "open_recording", "plan", "resume"]
