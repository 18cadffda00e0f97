"""The check that a neuron's states go to the solution of its own flow as the time step shrinks."""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.checks.networks import driven, excitability
from maichong.checks.outcome import Failed, Unsupported
from maichong.engines.hines import ORDERS
from maichong.engines.integration import TABLEAUS
from maichong.network import Network
from maichong.spec import NeuronModel
from maichong.spec.model import names
from maichong.spec.reading import arguments
from maichong.spec.symbolic import expressions

STEPS = (0.2, 0.1, 0.05, 0.025)
"""A time step, in ms, and its three halvings."""
DRIVES = np.array([-0.5, 0.25, 0.5])
"""The drives of three cells, in parts of the smallest that makes one fire: they stay silent."""
FLOOR = 1e-9
"""An error, relative to the state's largest value, that counts as none: the solution itself is good to about 1e-10."""
KINKS = ("Piecewise", "Min", "Max", "Abs", "sign", "floor")
"""What costs a method its order, as SymPy calls it."""


def converges(model: NeuronModel) -> None:
    """Without spikes the reference follows the flow: exactly where it is linear, else at four fifths of its method's order."""
    duration = _silence(model)
    method, start = _begin(model)
    if not all(np.isfinite(values).all() for values in start.values()):
        raise Unsupported("its start values are not finite")
    solution = _solve(model, start, duration)
    errors = np.array([_error(_run(model, dt, duration), solution) for dt in STEPS])
    listed = ", ".join(f"{error:.2g}" for error in errors)
    if method == "exact":
        if not errors.max() <= FLOOR:
            raise Failed(f"its linear flow is stepped exactly, but is off by {listed} at dt = {_listed(STEPS)} ms")
        return
    if errors[-1] <= FLOOR:
        return
    orders = {"exponential_euler": 1, "strang": 2, **ORDERS, **{name: tableau.order for name, tableau in TABLEAUS.items()}}
    promised = orders.get(method, 1)
    wanted = 0.8 * (1 if _has_kinks(model) else promised)
    order = np.log2(errors[1] / errors[-1]) / 2
    if not order >= wanted:
        raise Failed(
            f"stepped by {method} it converges with order {order:.2f} instead of {promised}: its error is {listed} at "
            f"dt = {_listed(STEPS)} ms"
        )


def _network(model: NeuronModel, dt: float) -> Network:
    net = Network(dt=dt, seed=1)
    net.population("cells", model(), DRIVES.size, drive=driven(model, excitability(model()) * DRIVES))
    return net


def _begin(model: NeuronModel) -> tuple[str, dict[str, np.ndarray]]:
    run = _network(model, STEPS[0]).build("reference")
    integration = run.plan.populations[0].integration
    assert integration is not None
    return integration.method, {name: run["cells"][name] for name in names(model.states)}


def _silence(model: NeuronModel) -> float:
    """A time of at most 20 ms, in whole numbers of the longest step, before any of the cells fires."""
    spikes = _network(model, STEPS[1]).build("reference").run(20.0)["cells"].spikes
    first = float(spikes.times.min(initial=40.0))
    steps = np.floor(min(20.0, first / 2) / STEPS[0] + 1e-9)
    if steps < 2:
        raise Unsupported(f"it fires after {first:g} ms without a drive, too early to watch it between spikes")
    return float(steps * STEPS[0])


def _run(model: NeuronModel, dt: float, duration: float) -> dict[str, np.ndarray]:
    run = _network(model, dt).build("reference").run(duration)
    return {name: run["cells"][name] for name in names(model.states)}


def _solve(model: NeuronModel, start: dict[str, np.ndarray], duration: float) -> dict[str, np.ndarray]:
    """The states after ``duration`` by SciPy's adaptive method of order 8, from the NumPy reading of ``flow``."""
    from scipy.integrate import solve_ivp

    states = names(model.states)
    shape = (len(states), DRIVES.size)
    known: dict[str, Any] = {**model().values, **(driven(model, excitability(model()) * DRIVES) or {})}

    def slope(_: float, flat: np.ndarray) -> np.ndarray:
        env = {**known, **dict(zip(states, flat.reshape(shape), strict=True))}
        flow = model.flow(*(env[name] for name in arguments(model.flow)))
        flows = flow if isinstance(flow, tuple) else (flow,)
        return np.stack([np.broadcast_to(value, DRIVES.shape) for value in flows]).reshape(-1)

    begun = np.stack([start[name] for name in states])
    small = 1e-13 * np.repeat(np.abs(begun).max(axis=1), DRIVES.size) + 1e-15
    found = solve_ivp(slope, (0.0, duration), begun.reshape(-1), method="DOP853", rtol=1e-12, atol=small)
    if not found.success or not np.isfinite(found.y[:, -1]).all():
        raise Unsupported(f"SciPy cannot solve its flow over {duration:g} ms")
    return dict(zip(states, found.y[:, -1].reshape(shape), strict=True))


def _error(found: dict[str, np.ndarray], solution: dict[str, np.ndarray]) -> float:
    """The largest error of any cell and state, relative to the largest value of that state."""
    worst = [np.abs(found[name] - values).max() / max(np.abs(values).max(), 1e-12) for name, values in solution.items()]
    return float(np.max(worst))


def _has_kinks(model: NeuronModel) -> bool:
    import sympy as sp

    return any(flow.has(*(getattr(sp, name) for name in KINKS)) for flow in expressions(model.flow))


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
