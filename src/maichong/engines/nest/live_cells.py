"""One population of neurons in NEST: its nodes, their states and drives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maichong.engines.nest.cells import Cells
from maichong.engines.nest.kernel import Kernel
from maichong.engines.nest.schedules import add_currents
from maichong.engines.population_plan import PopulationPlan
from maichong.errors import EngineError
from maichong.spec.reading import arguments


class LiveCells:
    """``nodes`` are NEST's, ``first`` is the first of their ids; they hold still until ``begin``.

    ``ends`` is the step at which drives give way to their Steps again that were set by hand; None: never.
    """

    lead = 0

    def __init__(self, plan: PopulationPlan, cells: Cells, kernel: Kernel) -> None:
        self.plan, self.cells, self._kernel = plan, cells, kernel
        self.nodes = kernel.nest.Create(cells.row.nest, plan.n)
        self.first = int(self.nodes[:1].tolist()[0])
        self._still = cells.worked_out(cells.row.quiet)
        _set(self.nodes, cells.values | self._still)
        self.ends: int | None = None
        for name, course in plan.courses.items():
            add_currents(course, self.nodes, self._injected(name, 1.0), kernel)

    @property
    def words(self) -> str:
        """What it is in NEST."""
        return self.cells.row.nest + (", step_current_generator" if self.plan.courses else "")

    def begin(self) -> None:
        """Start values and drives, now that t = 0."""
        row, start = self.cells.row, self.plan.start
        assert start is not None
        jumped = np.zeros(self.plan.n)
        if row.jump and not row.jump.later:
            jumped = self._get("V_m") - self._still["V_m"]  # what arrived at t = 0 is in the membrane already
        _set(self.nodes, {name: self.cells.values[name] for name in self._still if name in self.cells.values})
        for state, shown in row.states.items():
            if isinstance(shown, str):
                self.set_state(state, start[state] + (jumped if shown == "V_m" else 0.0))

    def get_state(self, name: str) -> np.ndarray:
        """A state of the neuron, float64 [n]; EngineError where NEST does not show it."""
        return self.of_shown(name, {shown: self._get(shown) for shown in self.shown(name)})

    def shown(self, name: str) -> tuple[str, ...]:
        """What NEST shows of a state, by NEST's names; EngineError where it shows nothing."""
        told = self.cells.row.states.get(name)
        if told is None:
            known = ", ".join(self.cells.row.states)
            raise EngineError(f"population {self.plan.name!r}, {name}", f"NEST's {self.words} shows {known} alone")
        names = arguments(told) if callable(told) else (told,)
        return tuple(str(symbol) for symbol in names if symbol not in self.cells.symbols)

    def of_shown(self, name: str, values: Mapping[str, np.ndarray], cells: Any = slice(None)) -> np.ndarray:
        """A state from what NEST shows of it, for all ``cells`` or some."""
        told = self.cells.row.states[name]
        if isinstance(told, str):
            return values[told]
        known = {key: value[cells] if np.ndim(value) else value for key, value in self.cells.symbols.items()}
        assert callable(told)
        return told(*({**known, **values}[symbol] for symbol in arguments(told)))

    def set_state(self, name: str, values: np.ndarray) -> None:
        """Set a state; EngineError where NEST takes none."""
        (shown,) = self.shown(name)
        if callable(self.cells.row.states[name]):
            raise EngineError(f"population {self.plan.name!r}, {name}", f"NEST's {self.words} shows it and does not take it")
        _set(self.nodes, self.cells.worked_out({shown: self.cells.row.written.get(shown, name)}, **{name: values}))

    def set_drive(self, name: str, values: np.ndarray) -> None:
        """Set the injected current from now on; where Steps are scheduled, until the next of them."""
        course, now = self.plan.courses.get(name), self._kernel.now
        if course:
            values = values - course.at(now)  # which comes from the generator
            left = course.stamps[course.row(now) + 1 :]
            self.ends = int(left[0]) if left.size else None
        _set(self.nodes, {"I_e": self._injected(name, values)})

    def end_drive(self) -> None:
        """Leave the current to its Steps."""
        self.ends = None
        _set(self.nodes, {"I_e": self.cells.values["I_e"]})

    def _injected(self, name: str, values: Any) -> Any:
        """What NEST injects for a drive."""
        return self.cells.worked_out({"I_e": self.cells.row.values["I_e"]}, **{f"drive_{name}": values})["I_e"]

    def _get(self, name: str) -> np.ndarray:
        return np.atleast_1d(np.asarray(self.nodes.get(name), np.float64))


def _set(nodes: Any, values: Mapping[str, Any]) -> None:
    """Set what is one number for all or one for each node, together, for some of NEST's are relative to others; then lists."""
    plain = {name: _plain(value) for name, value in values.items() if not isinstance(value, list)}
    lists = {name: value for name, value in values.items() if isinstance(value, list)}
    each = {name: lists.pop(name) for name in tuple(lists) if isinstance(lists[name][0], list)}
    for given in (plain, lists):  # in one call NEST would take lists for one number each
        if given:
            nodes.set(given)
    if each:
        nodes.set([dict(zip(each, values, strict=True)) for values in zip(*each.values(), strict=True)])


def _plain(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    same = (value == value.flat[0]).all()
    return value.flat[0].item() if same else value.tolist()
