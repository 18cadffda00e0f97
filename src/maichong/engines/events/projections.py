"""The kernels of projections: deliver spikes, let traces jump and decay, learn at postsynaptic spikes, steps and signals.

Work is done at spikes: a presynaptic spike visits its row when it arrives, a postsynaptic one its column. Presynaptic traces
are evaluated when somebody asks, from the last arrivals of each source (``seen``), because a synapse with a longer delay sees
an earlier trace; postsynaptic traces are one SIMD multiplication per neuron and step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.events import arrivals, delayed, inboxes, reads, synaptic
from maichong.engines.events.arrivals import Landing
from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.layout import BLOCK, Layout, inert
from maichong.engines.events.lower import Writer
from maichong.engines.projection_plan import ProjectionPlan, spike_traces, synapse_states
from maichong.spec import NEAREST, Configured, RuleModel
from maichong.spec.reading import arguments

WIDE = 128
"""Weights of a column that are changed together."""

NOTHING = {"float32": 2.0**-20, "float64": 1e-20}
"""The part of a spike's jump below which a trace counts as gone: a change of a weight by less than the precision shows."""


@dataclass(frozen=True)
class Shape:
    """What decides the text of a projection's kernels: not its size, not its numbers."""

    layout: str
    shared: bool
    groups: bool
    butself: bool
    jumps: tuple[str, ...]
    scaled: bool
    wakes: bool
    quiet: bool
    uniform: bool
    amounts: tuple[tuple[str, str], ...]
    """For each state that a spike jumps, the name of what multiplies the weight there; none where that is the weight alone."""
    dendrites: str
    """Whether the soma lies behind the synapses: "" (no), "one" delay for all, or "each" its own."""
    landing: Landing | None
    """How spikes act that arrive off the grid; None where they arrive on it."""
    bounded: tuple[bool, bool]
    seen: tuple[tuple[str, str], ...]
    """The types of the targets' states that rules read, by what the rules call them."""
    types: tuple[tuple[str, str], ...]


def shape_of(
    entry: ProjectionPlan, layout: Layout, *, wakes: bool, landing: Landing | None = None, seen: Mapping[str, str] | None = None
) -> Shape:
    """The shape of a projection."""
    return Shape(
        layout=layout.kind,
        shared=layout.shared,
        groups=layout.delays.size > 1,
        butself=entry.connector == "all_but_self",
        jumps=tuple(state for state, _ in entry.port.jumps),
        scaled=any(jump != 1.0 for _, jump in entry.port.jumps),
        wakes=wakes,
        quiet=inert(entry, "on_post", "pre"),
        uniform=uniform(layout),
        amounts=tuple((state, entry.release.amount(state, entry.port)) for state, _ in entry.port.jumps)
        if entry.release
        else (),
        dendrites="" if not entry.longest_dendritic else "each" if entry.dendritic is None else "one",
        landing=landing,
        bounded=(bool(np.isfinite(entry.bounds[0])), bool(np.isfinite(entry.bounds[1]))),
        seen=tuple((seen or {}).items()),
        types=tuple((name, str(array.dtype)) for name, array in layout.arrays.items()),
    )


def uniform(layout: Layout) -> bool:
    """Whether all synapses of a source see its spikes at the same time, so that they share its traces."""
    return layout.kind in ("matrix", "rows") and layout.delays.size == 1


class Builder:
    """Writes the kernels of one projection's shape and rule at one precision."""

    def __init__(self, shape: Shape, rule: Configured | None, precision: str, *, pulses: bool = False) -> None:
        self.shape, self.rule, self.precision, self.pulses = shape, rule, precision, pulses
        self.model = rule.model if rule else None
        traces = spike_traces(rule) if rule else ()
        self.pre = [(trace, pairing) for trace, pairing, _ in traces if trace.on == "pre"]
        self.post = [(trace, pairing) for trace, pairing, _ in traces if trace.on == "post"]
        self.lingers = synaptic.lingers(rule)
        self.static = {p.name: float(rule[p.name]) for p in rule.model.params if p.static} if rule else {}
        self.used: dict[str, str] = {}

    # small pieces ----------------------------------------------------------------------------------------------------

    def array(self, name: str, kind: str | None = None) -> str:
        known = dict(self.shape.types)
        self.used[name] = (kind or known.get(name) or self.precision) + "[]"
        return name

    def integer(self, name: str) -> str:
        self.used[name] = "int"
        return name

    def number(self, name: str, kind: str | None = None) -> str:
        self.used[name] = kind or self.precision
        return name

    def text(self, title: str, w: Writer) -> KernelText:
        arguments_ = tuple(Argument(name, kind) for name, kind in self.used.items())
        self.used = {}
        name = self.rule.model.name if self.rule else "no rule"
        return KernelText(f"{title}: {self.shape.layout}, {name}", self.precision, arguments_, tuple(w.lines), tuple(w.origins))

    def spikes(self, w: Writer, side: str, stamp: str, who: str, *, own: bool = False) -> str:
        """Open loops over the neurons of ``side`` that have a spike stamped ``stamp``: in order, or those of this part alone.

        Returns the name that holds the place of the stamp in the ring.
        """
        ring, count, depth = (
            self.array(f"{side}_ring", "int32"),
            self.array(f"{side}_count", "int32"),
            self.integer(f"{side}_depth"),
        )
        n, parts, first = self.integer(f"n_{side}"), self.integer(f"{side}_parts"), self.array(f"{side}_first", "int64")
        slot, at = w.fresh("slot"), w.fresh("at")
        w.line(f"{slot} = ({stamp}) & ({depth} - 1)")
        if own:
            w.line(f"own = {self.integer('part')}")
        else:
            w.line(f"for own in range({parts}):")
            w.indent += 1
        w.line(f"{at} = {slot} * {n} + {first}[own]")
        w.line(f"for q in range({at}, {at} + {count}[own * {self.integer(f'{side}_apart')} + {slot}]):")
        w.indent += 1
        w.line(f"{who} = {ring}[q]")
        return slot

    def released(self, w: Writer, slot: str, word: str, source: str = "i") -> None:
        """Read what multiplies the weights of the spike of ``source`` in ``slot``."""
        for name in dict.fromkeys(amount for _, amount in self.shape.amounts):
            w.line(f"part_{name} = {self.array(f'{word}_{name}')}[{slot} * {self.integer('n_pre')} + {source}]")

    def jump(self, state: str) -> str:
        """The text of what a synapse of weight w adds to ``state`` of its target."""
        jump = f"{self.number(f'jump_{state}')} * w" if self.shape.scaled else "w"
        amount = dict(self.shape.amounts).get(state)
        return f"{jump} * part_{amount}" if amount else jump

    def close(self, w: Writer, *, own: bool = False) -> None:
        """Leave the loops that ``spikes`` opened."""
        w.indent -= 1 if own else 2

    def results(self, w: Writer, role: str, env: Mapping[str, str]) -> dict[str, str]:
        """The new weight, within its bounds, and the new states of a synapse, as names."""
        assert isinstance(self.model, RuleModel)
        function = self.model.functions()[role]
        names = dict(env)
        for name in arguments(function):
            if name in dict(self.shape.seen):
                names[name] = w.keep(reads.text(self, name, role), name)
            elif name == "dt":
                names[name] = w.keep(f"F({self.number('dt', 'float64')})", "dt")
            elif name not in names:
                names[name] = w.literal(self.static[name]) if name in self.static else self.number(f"par_{name}")
        weight, *states = w.inline(function, [names[name] for name in arguments(function)])
        weight = w.keep(weight, "changed")
        if self.shape.bounded[0]:
            low = self.number("lowest")
            weight = w.keep(f"{weight} if {weight} > {low} else {low}", "changed")
        if self.shape.bounded[1]:
            high = self.number("highest")
            weight = w.keep(f"{weight} if {weight} < {high} else {high}", "changed")
        named = zip(synapse_states(self.rule), states, strict=True)
        return {"w": weight, **{name: w.keep(text, f"new_{name}") for name, text in named}}

    def new_weight(
        self, w: Writer, role: str, weight: str, env: Mapping[str, str], target: str, late: str | None = None
    ) -> None:
        """Write ``target = clip(rule(weight, ...))``; ``late`` is the synapse's delay where spikes in flight carry its weight."""
        value = self.results(w, role, {**env, "w": weight})["w"]
        w.line(f"{target} = {value}")
        if late and role != "on_signal":
            delayed.amend(self, w, f"({value} - {weight})", late)

    def change(self, w: Writer, role: str, place: str, env: Mapping[str, str], late: str | None = None) -> None:
        """Let ``role`` change the synapse at ``place``, whose weight has the name w."""
        if self.lingers:
            when = synaptic.WHEN[role]
            synaptic.change(self, w, role, place, env, synaptic.up_to_date(self, w, place, when))
        else:
            self.new_weight(w, role, "w", env, f"{self.array('weight')}[{place}]", late)

    def asks(self, role: str) -> tuple[str, ...]:
        function = self.model.functions().get(role) if isinstance(self.model, RuleModel) else None
        return arguments(function) if function else ()

    def pre_traces(self, w: Writer, role: str, source: str, late: str, now: str, *, skip: bool = False) -> dict[str, str]:
        """Evaluate the presynaptic traces that ``role`` asks for: of arrivals before ``now``, ``late`` steps after sending."""
        asked = [(trace, pairing) for trace, pairing in self.pre if trace.name in self.asks(role)]
        if not asked:
            return {}
        if self.shape.uniform:
            env = {}
            for trace, _ in asked:
                w.line(f"x_{trace.name} = {self.array(f'trace_{trace.name}')}[{source}]")
                env[trace.name] = f"x_{trace.name}"
            if skip:
                w.line(f"if {' + '.join(env.values())} == F(0.0): continue")
            return env
        seen, head = self.array("seen", "int32"), self.array("seen_head", "int32")
        room, dt = self.integer("seen_room"), self.number("dt", "float64")
        w.line(f"at = {head}[{source}]")
        w.line(f"base = {source} * {room}")
        w.line(f"left = {room}")
        w.line(f"while left > 0 and {seen}[base + at] + {late} >= {now}:")
        w.line(f"    at = at - 1 if at > 0 else {room} - 1")
        w.line("    left -= 1")
        w.line(f"lag = ({now} - {late} - {seen}[base + at]) * {dt}")
        w.line(f"alive = left > 0 and lag < {self.number('forgotten', 'float64')}")
        if skip:
            w.line("if not alive: continue")
        env = {}
        for trace, pairing in asked:
            tau = self.number(f"tau_{trace.name}", "float64")
            value = f"F(np.exp(-lag / {tau}))"
            if pairing != NEAREST:
                value = f"F({self.array(f'kept_{trace.name}', 'float64')}[base + at] * np.exp(-lag / {tau}))"
            env[trace.name] = w.keep(f"{value} if alive else F(0.0)", trace.name)
        return env

    def post_traces(self, role: str, target: str, when: str = "", synapse: str = "") -> dict[str, str]:
        """The postsynaptic traces of ``target`` that ``role`` asks for; where dendrites differ, as ``synapse`` sees them then."""
        asked = [trace.name for trace, _ in self.post if trace.name in self.asks(role)]
        if self.shape.dendrites != "each":
            return {name: f"{self.array(f'trace_{name}')}[{target}]" for name in asked}
        at = f"(({when} - {self.dendrite(synapse)}) & {self.integer('past_mask')}) * {self.integer('width')} + {target}"
        return {name: f"{self.array(f'past_{name}')}[{at}]" for name in asked}

    def dendrite(self, synapse: str) -> str:
        """The text of a synapse's dendritic delay in steps."""
        return f"np.int64({self.array('dend')}[{synapse}])" if self.shape.dendrites == "each" else self.integer("dendritic")

    def seen(self, stamp: str) -> str:
        """The stamp of the target's spikes that all synapses see at ``stamp``."""
        return f"{stamp} - {self.integer('dendritic')}" if self.shape.dendrites == "one" else stamp

    # the kernels -----------------------------------------------------------------------------------------------------

    def sent(self, delay: str, *, exact: bool = False) -> str:
        """The stamp of the spikes that arrive now, at the step's start; or, with ``exact``, within it."""
        return f"step + 1 - {delay}" if exact else f"step - {delay}"

    def deliver(self) -> KernelText | None:
        """Spikes that arrive now act on their receptors, then ``on_pre`` changes their weights.

        What arrives off the grid acts by a kernel of its own: see :mod:`maichong.engines.events.arrivals`.
        """
        if self.shape.layout == "delayed":
            return delayed.deliver(self)
        if self.shape.layout == "late":
            return inboxes.deliver(self)
        w = Writer(self.precision)
        self.integer("n_pre")
        learns = bool(self.model and self.model.functions().keys() & {"on_pre", "elapse"})
        if self.shape.landing and not learns:
            return None
        if learns:
            w.line(f"learning = {self.array('control', 'int64')}[LEARNING] != 0")
        w.line(f"for g in range({self.array('delays', 'int64')}.size):")
        w.indent += 1
        self.released(w, self.spikes(w, "pre", self.sent("delays[g]"), "i"), "amount")
        env: dict[str, str] = {}
        if learns:
            if any(trace.name in self.asks("on_pre") for trace, _ in self.pre):
                env = self.pre_traces(w, "on_pre", "i", "delays[g]", "step")
            w.line("if learning:")
            w.indent += 1
            self.row(w, env, learn=True)
            w.indent -= 1
            if self.shape.landing:
                return self.text("Learn from arrivals", w)
            w.line("else:")
            w.indent += 1
        self.row(w, env, learn=False)
        return self.text("Deliver", w)

    def deliver_ends(self) -> KernelText:
        """Pulses of transmitter that are over at the synapse now: a second jump, ``pulse`` steps after the arrival."""
        if self.shape.layout == "late":
            return inboxes.deliver(self, "last")
        w = Writer(self.precision)
        w.line(f"for g in range({self.array('delays', 'int64')}.size):")
        w.indent += 1
        self.released(w, self.spikes(w, "pre", f"step - delays[g] - {self.integer('pulse')}", "i"), "last")
        self.row(w, {}, learn=False)
        return self.text("End of pulses", w)

    def row(self, w: Writer, env: Mapping[str, str], *, learn: bool) -> None:
        """The inner loop over one row's synapses."""
        if self.shape.layout == "matrix":
            n = self.integer("n_post")
            w.line(f"row = U(i * {n})")
            first, last = self.integer("first"), self.integer("last")
            spans = [(first, last)]
            if self.shape.butself:
                # from the first of this part to the neuron before me, and from the one after me to the last
                spans = [(first, f"max({first}, min(i, {last}))"), (f"min({last}, max(i + 1, {first}))", last)]
            for low, high in spans:
                w.line(f"for j in range(U({low}), U({high})):")
                w.indent += 1
                self._synapse(w, "row + j", env, learn=learn)
                w.indent -= 1
            return
        start = self.array("start", "int64")
        if self.shape.groups:
            width, offset = "delays.size + 1", self.array("offset")
            w.line(f"row = {start}[i]")
            w.line(f"for s in range(U(row + {offset}[i * ({width}) + g]), U(row + {offset}[i * ({width}) + g + 1])):")
        else:
            w.line(f"for s in range(U({start}[i]), U({start}[i + 1])):")
        w.indent += 1
        w.line(f"j = {self.array('target')}[s]")
        self._synapse(w, "s", env, learn=learn)
        w.indent -= 1

    def _synapse(self, w: Writer, place: str, env: Mapping[str, str], *, learn: bool) -> None:
        weight, settled = self.array("weight"), {}
        if learn and self.lingers:
            settled = synaptic.up_to_date(self, w, place, "step")
            w.line(f"w = {settled['w']}")
        else:
            w.line(f"w = {weight}[0]" if self.shape.shared else f"w = {weight}[{place}]")
        if self.shape.dendrites:
            mask, stride = f"({self.integer('dendrite_depth')} - 1)", self.integer("dendrite_width")
            w.line(f"soma = U((step + {self.dendrite(place)}) & {mask}) * U({stride}) + U(j)")
        if self.shape.landing and not learn:
            arrivals.land(self, w)
        for state in () if self.shape.landing else self.shape.jumps:
            taker = f"{self.array(f'dendrite_{state}')}[soma]" if self.shape.dendrites else f"{self.array(f'to_{state}')}[j]"
            w.line(f"{taker} += {self.jump(state)}")
        if self.shape.wakes and not self.shape.dendrites:
            w.line(f"{self.array('awake', 'uint8')}[j >> {BLOCK.bit_length() - 1}] = 1")
        if learn:
            known = {**env, **self.post_traces("on_pre", "j", "step", place)}
            known |= synaptic.signal_env(self, w, self.asks("on_pre"), "step")
            if settled:
                synaptic.change(self, w, "on_pre", place, known, settled)
            else:
                self.new_weight(w, "on_pre", "w", known, f"{weight}[{place}]")

    def remember(self, w: Writer) -> None:
        """Note that i sent a spike now, with the value of its traces: whoever sees it, at whatever delay, looks it up here."""
        seen, head, room = self.array("seen", "int32"), self.array("seen_head", "int32"), self.integer("seen_room")
        w.line(f"at = {head}[i]")
        w.line(f"to = at + 1 if at + 1 < {room} else 0")
        w.line(f"before = {seen}[i * {room} + at]")
        for trace, pairing in self.pre:
            if pairing != NEAREST:
                kept, tau = self.array(f"kept_{trace.name}", "float64"), self.number(f"tau_{trace.name}", "float64")
                dt = self.number("dt", "float64")
                w.line(
                    f"{kept}[i * {room} + to] = 1.0 + ({kept}[i * {room} + at] * np.exp(-(step - before) * {dt} / {tau}) "
                    "if before >= 0 else 0.0)"
                )
        w.line(f"{seen}[i * {room} + to] = step")
        w.line(f"{head}[i] = to")
        w.line(f"{self.array('last_seen', 'int32')}[i] = step")

    def refill(self) -> KernelText | None:
        """After weights were changed from outside: what is in flight is laid down again."""
        refills = {"delayed": delayed.refill, "late": inboxes.refill}
        return refills[self.shape.layout](self) if self.shape.layout in refills else None

    @property
    def keeps_list(self) -> bool:
        """Whether the neurons whose traces matter to ``on_pre`` are listed, so that the others cost nothing."""
        return self.shape.layout == "delayed" and bool(self.asks("on_pre"))


def rule_values(rule: Configured | None, dt: float, precision: str) -> dict[str, Any]:
    """The numbers of a rule's kernels."""
    if rule is None:
        return {}
    values: dict[str, Any] = {f"par_{name}": value for name, value in rule.values.items() if isinstance(value, float)}
    for trace, _, tau in spike_traces(rule):
        values |= {f"tau_{trace.name}": tau, f"decay_{trace.name}": float(np.exp(-dt / tau))}
    values |= synaptic.values(rule)
    longest = max((tau for trace, _, tau in spike_traces(rule) if trace.on == "pre"), default=0.0)
    values["forgotten"] = -np.log(NOTHING[precision]) * longest
    return values
