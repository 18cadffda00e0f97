"""A population of neurons in NEST's words, and what is missing there or different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.nest.neurons import TABLE, Row
from maichong.engines.nest.tables import Values, holds, worked_out
from maichong.engines.plan import Plan
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.system import Port
from maichong.spec import Escape
from maichong.synapses.alpha import Alpha


@dataclass(frozen=True)
class Arrival:
    """How a weight of ours stands in NEST: at which receptor, times ``factor`` (one number or [n]), ``later`` steps later."""

    receptor: int = 0
    factor: float | np.ndarray = 1.0
    later: int = 0


@dataclass(frozen=True)
class Cells:
    """A population of neurons: its row, our ``symbols`` for it, NEST's ``values``, and the arrival at each of its ports."""

    row: Row
    symbols: Mapping[str, Any]
    values: dict[str, Any]
    arrivals: tuple[Arrival, ...]

    def worked_out(self, values: Values, **changed: Any) -> dict[str, Any]:
        """``values`` from our symbols, some of them changed."""
        return worked_out(values, {**self.symbols, **changed})


def cells_of(entry: PopulationPlan, plan: Plan, missing: list[str], different: list[str]) -> Cells | None:
    """The population in NEST's words, None where NEST has no such model; the lists get what is missing and what differs."""
    assert entry.system and entry.integration and entry.refractory is not None and entry.drive is not None
    where, system, ports = f"population {entry.name!r}", entry.system, entry.system.ports
    model, method = system.neuron.model, entry.integration.method
    missing += [f"{where}: NEST has no {rule.model.name}" for rule in plan.network.populations[entry.name].plasticity]
    rows = [row for row in TABLE if row.neuron is model and _fits(row, ports)]
    coupled = plan.index(entry.name) in plan.coupling.populations
    row = next((row for row in rows if row.couples or not coupled), None)
    if row is None:
        beside = f" with {' and '.join(dict.fromkeys(map(_words, ports)))}" if ports else ""
        missing.append(
            f"{where}: NEST has no {model.name}{beside}" if not rows else f"{where}: {_couples()}, not {model.name}{beside}"
        )
        return None
    symbols: dict[str, Any] = {param.name: system.params[param.name] for param in model.params if param.name != "t_ref"}
    symbols |= {"t_ref": entry.refractory * plan.dt, "dt": plan.dt, "method": method, "n_receptors": len(ports)}
    # what changes in Steps comes from a generator
    symbols |= {f"drive_{name}": 0.0 if name in entry.courses else values for name, values in entry.drive.items()}
    where = f"{where} ({row.nest})"
    if (reset := system.neuron.options.get("reset", "hard")) != "hard":
        missing.append(f"{where}: its reset must be hard, not {reset!r}")
    if isinstance(system.neuron.options.get("escape"), Escape):
        missing.append(
            f"{where}: it fires at its threshold, and escape noise is not handed over to NEST's pp_psc_delta or gif models"
        )
    missing += [f"{where}: {words}" for words, need in row.needs.items() if not np.all(holds(need, symbols))]
    missing += [f"{where}: its {state} must start at 0, for NEST takes none" for state in _unwritable(row, entry)]
    different += [f"{where}: {words}" for words, case in row.differs.items() if np.any(holds(case, symbols))]
    if method not in row.methods:
        different.append(f"{where}: stepped by {row.steps}, not by {method}")
    values = worked_out(row.values, symbols) | _of_receptors(row, ports, symbols)
    values |= {name: _as_list(value) for name, value in worked_out(row.lists, symbols).items()}
    return Cells(row, symbols, values, _arrivals(row, ports, symbols))


def _couples() -> str:
    rows = [row for row in TABLE if row.couples]
    return "NEST couples " + " or ".join(
        f"{row.neuron.name} with {' or '.join(receptor.name for receptor in row.receptors)} conductances" for row in rows
    )


def _fits(row: Row, ports: Sequence[Port]) -> bool:
    enough = row.most is None or len(ports) <= row.most
    return enough and all(port.receptor.model in row.receptors and _conducts(port) == row.conducts for port in ports)


def _conducts(port: Port) -> bool:
    return port.receptor.values.get("e_rev") is not None


def _words(port: Port) -> str:
    name = port.receptor.model.name
    return name if port.input is None else f"{name} {'conductances' if _conducts(port) else 'currents'}"


def _unwritable(row: Row, entry: PopulationPlan) -> list[str]:
    assert entry.start is not None
    return [state for state, shown in row.states.items() if callable(shown) and np.any(entry.start[state] != 0)]


def _as_list(value: Any) -> Any:
    """A list of one number, or one such list for each cell."""
    return [[float(each)] for each in value] if np.ndim(value) else [float(value)]


def _of_receptors(row: Row, ports: Sequence[Port], symbols: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the receptors: by the names _ex and _in, or as lists."""
    each = [worked_out(row.each, _symbols_of(port)) for port in ports]
    if row.tells == "port":
        lists = {name: [float(values[name]) for values in each] for name in row.each} if ports else {}
        if row.nest == "iaf_psc_exp_multisynapse":
            # it refuses a time constant equal to the membrane's, and is precise next to it
            lists["tau_syn"] = [np.nextafter(x, np.inf) if np.any(symbols["tau_m"] == x) else x for x in lists["tau_syn"]]
        return lists
    ordered = [each[k] for k in _excitatory_first(ports)]
    pairs = zip(("ex", "in"), ordered * 2 if row.tells == "one" else ordered, strict=False)
    return {name.format(suffix): float(value) for suffix, values in pairs for name, value in values.items()}


def _symbols_of(port: Port) -> dict[str, Any]:
    values = dict(port.receptor.values)
    if port.receptor.model is Alpha:
        return values | {"tau_rise": values["tau"], "tau_decay": values["tau"]}
    if "tau_rise" in values:
        # which of the two is which changes nothing, and NEST wants them in order
        values |= zip(("tau_rise", "tau_decay"), sorted((values["tau_rise"], values["tau_decay"])), strict=True)  # type: ignore[type-var]
    return values


def _excitatory_first(ports: Sequence[Port]) -> list[int]:
    return sorted(range(len(ports)), key=lambda k: -(ports[k].receptor.values.get("e_rev") or 0.0))  # type: ignore[operator]


def _arrivals(row: Row, ports: Sequence[Port], symbols: Mapping[str, Any]) -> tuple[Arrival, ...]:
    if row.jump:
        return tuple(Arrival(0, worked_out({"factor": row.jump.factor}, symbols)["factor"], row.jump.later) for _ in ports)
    inhibitory = _excitatory_first(ports)[1:] if row.tells == "sign" else []
    return tuple(Arrival(k + 1 if row.tells == "port" else 0, -1.0 if k in inhibitory else 1.0) for k in range(len(ports)))
