"""What rules cost: the same spikes through the same synapses, with each rule of the catalogue and with none.

784 Poisson sources reach 400 cells, as in the network of Diehl & Cook, but cells so large that no current moves them, which fire by
themselves: so all rows see the same spikes, whatever they make of their weights. What a rule costs is told for each visit of a
synapse: at an arrival, or at a spike of its target. Rules of every step visit all synapses in each of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

NAME = "plasticity"
TITLE = "What each rule costs: 784 sources, 400 cells, the same spikes for all"

SOURCES, CELLS = 784, 400
DT, RATE, DRIVE = 0.5, 10.0, 3.0
"""ms, Hz of each source, mV by which a cell is held above its threshold."""
SPANS = 5
"""Measurements, of which the quickest counts."""


def compare(duration: float = 1000.0, *, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Time every rule of weights over ``duration`` ms of biological time, on one thread, in float32.

    Returns ``network``, and ``rows``: rule, spikes of the sources and of the cells, wall seconds for a second of biological time
    (realtime_factor), how many times that is of the synapses without a rule (ratio), how often the rule visits a synapse, and the
    nanoseconds of a visit beyond what the synapses cost without it (ns_per_visit).
    """
    from maichong.spec import RuleModel
    from maichong.spec.registry import kinds

    models = [model for model in kinds()["rule"] if isinstance(model, RuleModel) and model.acts_by_itself]
    rows: list[dict[str, Any]] = []
    for model in (None, *models):
        name = model.name if model else "none"
        tell(name)
        rows.append({"rule": name, **_measured(model, duration)})
    still = rows[0]["realtime_factor"]
    for row in rows:
        row["ratio"] = row["realtime_factor"] / still
        extra = (row["realtime_factor"] - still) * duration / 1000.0
        row["ns_per_visit"] = 1e9 * extra / row["visits"] if row["visits"] else None
    return {"network": TITLE, "duration_ms": duration, "dt_ms": DT, "threads": 1, "rows": rows}


def _measured(model: Any, duration: float) -> dict[str, Any]:
    from maichong import LIF, AllToAll, Exponential, Network, Poisson, Uniform
    from maichong.checks.values import weight_range

    net = Network(dt=DT, seed=1)
    x = net.population("x", Poisson(rate=RATE), SOURCES)
    cell = LIF(v_rest=-50.0 + DRIVE, v_th=-50.0, v_r=-65.0, tau_m=20.0, c_m=1e12, t_ref=5.0)
    cells = net.population("cells", cell, CELLS, init={"v": Uniform(-65.0, -50.0)})
    rule = model() if model else ()
    weight = Uniform(*weight_range(model)) if model else Uniform(0.0, 1.0)
    net.project(x, cells, AllToAll(), weight=weight, delay=1.0, receptor=Exponential(tau=1.0), plasticity=rule, name="learned")
    run = net.build("events", precision="float32", threads=1).run(duration / 4)
    taken = []
    before = run["x"].counts.sum(), run["cells"].counts.sum()
    for _ in range(SPANS):
        begun = time.perf_counter()
        run.run(duration)
        taken.append(time.perf_counter() - begun)
    after = run["x"].counts.sum(), run["cells"].counts.sum()
    spikes = [int(now - then) / SPANS for now, then in zip(after, before, strict=True)]
    roles = model.functions() if model else {}
    visits = spikes[0] * CELLS * bool(roles.keys() & {"on_pre", "elapse"}) + spikes[1] * SOURCES * ("on_post" in roles)
    visits += SOURCES * CELLS * (duration / DT) * ("on_step" in roles)
    fastest = min(taken) / (duration / 1000.0)
    return {"spikes": spikes, "realtime_factor": fastest, "visits": int(visits), "spans_s": np.round(taken, 6).tolist()}
