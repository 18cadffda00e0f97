"""Importing is quick and loads nothing heavy; a network can be described before anything heavy loads."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("torch", "numba", "llvmlite", "matplotlib", "sympy", "sklearn", "pint", "scipy", "rich", "typer", "jinja2")

TIMED = """
import time
begin = time.perf_counter()
import maichong
took = time.perf_counter() - begin
import json, sys
print(json.dumps([took, sorted(set(sys.modules) & set({heavy!r}))]))
"""

DESCRIBED = """
from maichong import LIF, AllToAll, Exponential, HomeostaticThreshold, Network, PairSTDP, Poisson, Uniform
net = Network(dt=0.1, seed=1)
net.population("x", Poisson(rate=10), 10)
net.population("e", LIF(tau_m=20), 10, drive=1.0, plasticity=HomeostaticThreshold())
net.project("x", "e", AllToAll(), weight=Uniform(0, 1), delay=1.0, receptor=Exponential(e_rev=0), plasticity=PairSTDP())
net.probe("e", "v")
assert Network.from_dict(net.to_dict()) == net
import json, sys
print(json.dumps([0.0, sorted(set(sys.modules) & set({heavy!r}))]))
"""


def fresh(script: str) -> tuple[float, list[str]]:
    """Run ``script`` in a new interpreter: seconds, and the heavy modules that it has loaded."""
    done = subprocess.run(
        [sys.executable, "-c", script.format(heavy=HEAVY)], capture_output=True, text=True, check=True, timeout=60
    )
    took, loaded = json.loads(done.stdout)
    return took, loaded


def test_import_takes_less_than_0_3_s_and_loads_nothing_heavy() -> None:
    runs = [fresh(TIMED) for _ in range(3)]
    assert min(took for took, _ in runs) < 0.3
    assert all(loaded == [] for _, loaded in runs)


def test_a_network_is_described_before_anything_heavy_loads() -> None:
    assert fresh(DESCRIBED)[1] == []
