"""Engines: a network becomes a plan, the plan a run."""

from __future__ import annotations

import importlib
from typing import Any

from maichong.engines.plan import plan
from maichong.engines.run import Run, resume
from maichong.errors import EngineError, did_you_mean
from maichong.network import Network

ENGINES = {
    "reference": ("maichong.engines.reference", "Reference"),
    "events": ("maichong.engines.events", "Events"),
}
"""Each engine by name: its module, loaded on first use, and its class."""


def build(network: Network, engine: str = "events", **options: Any) -> Run:
    """Build ``network`` on the engine called so; EngineError for an unknown engine or option."""
    if engine not in ENGINES:
        raise EngineError("build", f"there is no engine {engine!r}", fix=did_you_mean(engine, ENGINES))
    module, name = ENGINES[engine]
    backend = getattr(importlib.import_module(module), name)
    try:
        made = backend(plan(network), **options)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise EngineError(f"build, engine {engine!r}", "has no such option", ", ".join(options)) from None
    return Run(made, options)


__all__ = ["ENGINES", "Run", "build", "plan", "resume"]
