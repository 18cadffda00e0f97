"""The kernel of a population with exact spike times.

One SIMD loop takes all neurons through the step by superposition: exp(M dt) of what they were, plus what each arrival has come to
by the step's end, which the kernels of projections have summed up. It flags those that may have crossed the threshold, by the bound
of :mod:`maichong.engines.off_grid`, and those whose refractoriness ends, and leaves them where they were. These few then go from
event to event: arrivals are taken from a log, any part of a step is made of parts dt / 2**k, and a crossing is bisected by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from maichong.engines.events import populations
from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.integration import ONE
from maichong.engines.off_grid import HALVINGS, OffGrid
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.system import System

EXTRA = """
from maichong.engines.events.earliest import earliest_first
"""


class Tables:
    """exp(M dt / 2**k) - 1 and the bounds for k = 0 ... HALVINGS, flat: ``grow`` [k, kinds, terms] and ``bend`` [k, kinds, states].

    ``terms`` are the pairs (state, column) whose coefficient is not zero.
    """

    def __init__(self, off: OffGrid) -> None:
        self.off, self.states, self.kinds = off, off.states, len(off.matrix)
        self.scale = 2.0**HALVINGS / off.dt
        """How many of the finest parts are a ms."""
        rows, columns = np.nonzero(off.coupled[: len(off.states)])
        self.terms = tuple((off.states[row], off.columns[column]) for row, column in zip(rows, columns, strict=True))
        self.grow = np.empty((HALVINGS + 1, self.kinds, rows.size))
        self.bend = np.empty((HALVINGS + 1, self.kinds, len(off.states)))
        for k, (grown, bound) in zip(range(HALVINGS, -1, -1), off.parts(off.dt, HALVINGS), strict=True):
            self.grow[k], self.bend[k] = grown[:, rows, columns], bound

    def values(self) -> dict[str, Any]:
        """The tables as a kernel calls them."""
        return {
            "grow": self.grow.reshape(-1), "bend": self.bend.reshape(-1), "grain": self.off.grain.reshape(-1),
            "kinds": self.kinds, "dt": self.off.dt, "scale": self.scale,
        }  # fmt: skip

    def grown(self, state: str, at: str, known: Mapping[str, str]) -> str:
        """The text of a state's growth over the part whose coefficients begin ``at``, out of the columns that are ``known``."""
        terms = [
            f"grow[{at} + {k}]" + ("" if column == ONE else f" * {known[column]}")
            for k, (row, column) in enumerate(self.terms)
            if row == state
        ]
        return " + ".join(terms)

    def bent(self, at: str, growth: Mapping[str, str]) -> str:
        """The text of the bound for these growths of states; that part's begins ``at``."""
        return " + ".join(f"bend[{at} + {self.states.index(state)}] * abs({text})" for state, text in growth.items())

    def rounded(self, at: str, known: Mapping[str, str]) -> str:
        """The text of how far from a straight line the excess may be for all that its rounding tells, at what is ``known``."""
        return " + ".join(f"grain[{at} + {k}] * abs({known[state]})" for k, state in enumerate(self.states))


TABLES = (
    Argument("grow", "float64[]"), Argument("bend", "float64[]"), Argument("grain", "float64[]"), Argument("kinds", "int"),
    Argument("dt", "float64"), Argument("scale", "float64"),
)  # fmt: skip
LOG = (
    Argument("head", "int32[]"), Argument("log_next", "int32[]"), Argument("log_event", "int32[]"),
    Argument("log_weight", "float64[]"), Argument("log_fill", "int64[]"), Argument("event_before", "float64[]"),
    Argument("event_port", "int32[]"), Argument("event_fill", "int64[]"),
)  # fmt: skip
"""Arrivals of this step: for each neuron a chain of entries, each with its weight and the event, a spike, that it belongs to."""


def neuron_kernel(plan: PopulationPlan, tables: Tables, *, visited: bool) -> tuple[KernelText, dict[str, Any]]:
    """The kernel that takes the neurons through a step, and the values of its parameters; ``visited``: spikes arrive off the grid.

    The caller adds the arrays of :func:`maichong.engines.events.populations.neuron_kernel`, and ``before_until``, ``pause``,
    ``pause_before``, ``ring_before``, ``kind``, ``twice``, the tables and, where it is visited, the log, ``reach`` and
    ``plus_<state>``.
    """
    system = plan.system
    assert system
    static = populations.static_params(system)
    own: dict[str, Any] = {name: value for name, value in system.params.items() if name not in static}
    named = [f"p_{row}_{'one' if column == ONE else column}" for row, column in tables.terms]
    whole = {name: tables.grow[0, :, k] for k, name in enumerate(named)}
    whole |= {f"s0_{state}": tables.bend[0, :, k] for k, state in enumerate(tables.states)}
    steps = {name: float(values[0]) if np.ptp(values) == 0 else values[tables.off.kind] for name, values in whole.items()}
    numbers = {**own, **steps}
    kinds = {name: "float64[]" if isinstance(value, np.ndarray) else "float64" for name, value in numbers.items()}
    plus = tables.states if visited and tables.off.alike else ()

    w = Writer("float64")
    w.line("frozen = control[LEARNING] == 0")
    w.line("now, soon = np.int32(step), np.int32(step + 1)")
    w.line("flagged = np.int32(0)")
    w.line("for j in range(U(first), U(last)):")
    w.indent += 1
    env = populations.load(w, system, numbers, static, (), kinds)
    _all(w, system, tables, env, plus, visited=visited)
    w.indent -= 1
    w.line("slot = (step + 1) & (depth - 1)")
    w.line("row = slot * n + min(first, n)")
    w.line("count = 0")
    w.line("if flagged > 0:")
    w.indent += 1
    w.line("for word in range(U(first // 8), U(last // 8)):")
    w.line("    if flag_words[word] == U(0): continue")
    w.line("    for flag in range(word * U(8), word * U(8) + U(8)):")
    w.indent += 2
    w.line("if flags[flag] == 0: continue")
    w.line("j = np.int64(flag)")
    env = populations.load(w, system, own, static, (), kinds)
    _one(w, system, tables, env, visited=visited)
    w.indent -= 3
    w.line("ring_count[part * apart + slot] = count")
    if visited:
        w.line("log_fill[0] = 0")
        w.line("event_fill[0] = 0")
    text = KernelText(
        title=f"One step of {system.neuron.model.name} with {len(system.ports)} receptors, spike times exact",
        precision="float64",
        arguments=(
            Argument("n", "int"), Argument("first", "int"), Argument("last", "int"), Argument("part", "int"),
            Argument("apart", "int"), Argument("depth", "int"), *TABLES,
            *(Argument(f"s_{name}", "float64[]") for name in (*system.states, *system.held)),
            *(Argument(f"par_{name}", kind) for name, kind in kinds.items()),
            *([Argument("pending", "float64[]")] if populations.jumped(system) else []),
            *((*LOG, Argument("order", "int32[]")) if visited else ()),
            *(Argument(f"plus_{name}", "float64[]") for name in plus),
            *([Argument("reach", "float64[]")] if plus else []),
            *(Argument(f"leap_{k}_{state}", "float64") for k, state in _leaps(system)),
            Argument("kind", "int32[]"), Argument("until", "int32[]"), Argument("before_until", "float64[]"),
            Argument("pause", "int32[]"), Argument("pause_before", "float64[]"), Argument("flags", "uint8[]"),
            Argument("flag_words", "uint64[]"), Argument("ring", "int32[]"), Argument("ring_before", "float64[]"),
            Argument("ring_count", "int32[]"), Argument("counts", "int64[]"), Argument("twice", "int64[]"),
            Argument("control", "int64[]"),
        ),
        body=tuple(w.lines),
        origins=tuple(w.origins),
        extra=EXTRA,
    )  # fmt: skip
    leaps = {f"leap_{k}_{state}": dict(system.ports[k].jumps)[state] for k, state in _leaps(system)}
    return text, {**{f"par_{name}": value for name, value in numbers.items()}, **leaps}


def _leaps(system: System) -> list[tuple[int, str]]:
    """What arrivals jump: pairs of a port and a state."""
    pulsed = [getattr(port.receptor.model, "source", ()) for port in system.ports]
    return [(k, state) for k, port in enumerate(system.ports) if not pulsed[k] for state, _ in port.jumps]


def _all(w: Writer, system: System, tables: Tables, env: dict[str, str], plus: Sequence[str], *, visited: bool) -> None:
    """The step of every neuron as if nothing happened within it but arrivals, and who must be looked at."""
    w.line("free = now >= until[j]")
    if populations.jumped(system):
        w.line("arrived = pending[j]")
        w.line("pending[j] = 0.0")
        w.line("arrived = arrived if free else 0.0")
        w.line(f"x_{system.membrane} = x_{system.membrane} + arrived")
    after = dict(env)
    growth = {}
    for state in tables.states:
        terms = [
            env[f"p_{state}_one"] if column == ONE else f"{env[f'p_{state}_{column}']} * {env[column]}"
            for row, column in tables.terms
            if row == state
        ]
        text = " + ".join(terms)
        growth[state] = w.keep(f"0.0 if frozen else {text}" if state in system.learned else text, f"d_{state}")
        after[state] = w.keep(f"{env[state]} + {growth[state]}", f"y_{state}")
    w.line(f"low = {_excess(w, system, env)}")
    w.line(f"high = {_excess(w, system, after)}")
    bound = " + ".join(f"{env[f's0_{state}']} * abs({text})" for state, text in growth.items())
    w.line(f"top = (low if low > high else high) + ({bound}){' + reach[j]' if plus else ''}")
    w.line("look = (free & (top >= 0.0)) | (until[j] == soon)")
    if visited:
        w.line("first_entry = head[j]")
        if not plus:
            w.line("look = look | (first_entry >= 0)")
        w.line("head[j] = first_entry if look else np.int32(-1)")
    for state in tables.states:
        value = after[state]
        if state in plus:
            value = w.keep(f"{value} + plus_{state}[j]", f"z_{state}")
            w.line(f"plus_{state}[j] = 0.0")
        if state == system.membrane:
            value = w.keep(f"{value} if free else {env[state]}", "held_v")
        if state not in system.own:
            size = w.keep(f"abs({value})", "size")
            value = w.keep(f"{value} if {size} > 1e-200 else 0.0")
        w.line(f"s_{state}[j] = {env[state]} if look else {value}")
    if plus:
        w.line("reach[j] = 0.0")
    w.line("flags[j] = look")
    w.line("flagged = np.int32(flagged + np.int32(look))")


def _excess(w: Writer, system: System, env: Mapping[str, str]) -> str:
    """Write down how far the membrane is above its threshold; the name that holds it."""
    inner = dict(env)
    for call in system.fires:
        w.call(call, inner)
    return inner["excess"]


def _one(w: Writer, system: System, tables: Tables, env: dict[str, str], *, visited: bool) -> None:
    """Take one neuron from event to event; ``left`` is the time to the end of the step."""
    w.line(f"grow_at, bend_at = kind[j] * {len(tables.terms)}, kind[j] * {len(tables.states)}")
    w.line("till, till_before = np.int64(until[j]), before_until[j]")
    w.line("left, fired_before, excess, crossed, held = dt, -1.0, 0.0, False, False")
    if visited:
        w.line("arrival, many = 0, earliest_first(np.int64(head[j]), log_next, log_event, event_before, order)")
        w.line("head[j] = -1")
    w.line("while True:")
    w.indent += 1
    w.line("if not crossed:")
    w.indent += 1
    w.line("held = till > soon or (till == soon and left > till_before)")
    if visited:
        _take(w, system)
    w.line(f"excess = {_excess(w, system, env)}")
    w.indent -= 1
    w.line("if crossed or (not held and excess >= 0.0):")
    w.indent += 1
    _fire(w, system, env)
    w.line("continue")
    w.indent -= 1
    w.line("if left == 0.0: break")
    w.line("following = 0.0")
    if visited:
        w.line("if arrival < many: following = event_before[log_event[order[arrival]]]")
    w.line("if held and till == soon and till_before > following: following = till_before")
    _go_on(w, system, tables, env)
    w.indent -= 1
    for state in tables.states:
        w.line(f"s_{state}[j] = {env[state]}")
    w.line("until[j], before_until[j] = till, till_before")
    w.line("if fired_before >= 0.0:")
    w.line("    ring[row + count], ring_before[row + count] = j, fired_before")
    w.line("    count += 1")
    w.line("    counts[j] += 1")


def _take(w: Writer, system: System) -> None:
    """All that arrives at this instant acts, before the threshold is looked at."""
    w.line("while arrival < many and event_before[log_event[order[arrival]]] >= left:")
    w.indent += 1
    w.line("entry = order[arrival]")
    w.line("weight, port = log_weight[entry], event_port[log_event[entry]]")
    w.line("arrival += 1")
    for k, state in _leaps(system):
        gate = " and not held" if system.ports[k].gated else ""
        w.line(f"if port == {k}{gate}: x_{state} += leap_{k}_{state} * weight")
    w.indent -= 1


def _fire(w: Writer, system: System, env: dict[str, str]) -> None:
    """A spike now: the reset, and until when the membrane is held."""
    w.line("if fired_before >= 0.0:")
    w.line("    if twice[0] == 0: twice[0], twice[1] = step + 1, j")
    w.line("    control[STOP] = 1")
    w.line("    break")
    # a crossing that was located is one to rounding: nothing is above the threshold for a soft reset to keep
    w.line("if crossed: excess = 0.0")
    w.line("fired_before, crossed = left, False")
    w.line("till, till_before = step + 1 + pause[j], left + pause_before[j]")
    w.line("if till_before >= dt: till, till_before = till - 1, till_before - dt")
    inner = {**env, "excess": "excess"}
    for call in system.reset:
        w.call(call, inner)
    for states, condition in (
        ([s for s in system.states if s not in system.learned], ""),
        (list(system.learned), "if not frozen: "),
    ):
        jumped = [state for state in states if f"reset_{state}" in inner]
        if jumped:
            left, right = (", ".join(names) for names in ([env[s] for s in jumped], [inner[f"reset_{s}"] for s in jumped]))
            w.line(f"{condition}{left} = {right}")


def _go_on(w: Writer, system: System, tables: Tables, env: dict[str, str]) -> None:
    """From ``left`` to ``following``, in parts as large as may be, or to the first crossing in between.

    Parts are halved while a crossing may lie inside one that is no straight line, and become larger again where that is past. The
    time is counted in parts of the finest kind, and what is left of them is done as a straight line.
    """
    w.line("units = (left - following) * scale")
    w.line("whole = np.int64(units)")
    w.line("rest, done, level, low, gone = units - whole, 0, 0, excess, 0.0")
    w.line("while True:")
    w.indent += 1
    w.line("piece = 1.0")
    w.line("if done < whole:")
    w.line(f"    while (1 << ({HALVINGS} - level)) > whole - done: level += 1")
    w.line("elif rest > 0.0:")
    w.line(f"    level, piece = {HALVINGS}, rest")
    w.line("else:")
    w.line("    break")
    w.line(f"at = level * kinds * {len(tables.terms)} + grow_at")
    growth = {}
    for state in tables.states:
        growth[state] = f"d_{state}"
        frozen = "0.0 if frozen else " if state in system.learned else ""
        w.line(f"d_{state} = {frozen}piece * ({tables.grown(state, 'at', env)})")
    w.line("if held:")
    w.line(f"    d_{system.membrane} = 0.0")
    w.line("else:")
    w.indent += 1
    after = env | {state: w.keep(f"{env[state]} + {growth[state]}", f"y_{state}") for state in tables.states}
    w.line(f"high = {_excess(w, system, after)}")
    w.line(f"at = level * kinds * {len(tables.states)} + bend_at")
    w.line(f"bent = {tables.bent('at', growth)}")
    w.line("if (low if low > high else high) + bent >= 0.0:")
    w.indent += 1
    w.line(f"if level < {HALVINGS} and bent > {tables.rounded('bend_at', env)}:")
    w.line("    level += 1")
    w.line("    continue")
    w.line("if high >= 0.0:")
    w.line("    share = low / (low - high)")
    for state in tables.states:
        w.line(f"    {env[state]} += share * {growth[state]}")
    w.line(f"    gone, crossed = (done + share * piece * (1 << ({HALVINGS} - level))) / scale, True")
    w.line("    break")
    w.indent -= 1
    w.line("low = high")
    w.indent -= 1
    for state in tables.states:
        w.line(f"{env[state]} += {growth[state]}")
    w.line("if done < whole:")
    w.line(f"    done += 1 << ({HALVINGS} - level)")
    w.line(f"    while level > 0 and (done & ((1 << ({HALVINGS + 1} - level)) - 1)) == 0: level -= 1")
    w.line("else:")
    w.line("    rest = 0.0")
    w.indent -= 1
    w.line("left = max(left - gone, following) if crossed else following")
