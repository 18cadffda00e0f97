"""The kernels of projections: deliver spikes, let traces jump and decay, learn at postsynaptic spikes, steps and signals.

Work is done at spikes: a presynaptic spike visits its row when it arrives, a postsynaptic one its column. Presynaptic traces
are evaluated when somebody asks, from the last arrivals of each source (``seen``), because a synapse with a longer delay sees
an earlier trace; postsynaptic traces are one SIMD multiplication per neuron and step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.layout import Layout, inert
from maichong.engines.events.lower import Writer
from maichong.engines.plan import ProjectionPlan, spike_traces
from maichong.spec import NEAREST, Configured, RuleModel, Trace
from maichong.spec.reading import arguments

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
    gated: bool
    wakes: bool
    quiet: bool
    bounded: tuple[bool, bool]
    types: tuple[tuple[str, str], ...]


def shape_of(entry: ProjectionPlan, layout: Layout, *, wakes: bool) -> Shape:
    """The shape of a projection."""
    return Shape(
        layout=layout.kind,
        shared=layout.shared,
        groups=layout.delays.size > 1,
        butself=entry.connector == "all_but_self",
        jumps=tuple(state for state, _ in entry.port.jumps),
        scaled=any(jump != 1.0 for _, jump in entry.port.jumps),
        gated=entry.port.receptor.model.states == (),
        wakes=wakes,
        quiet=inert(entry, "on_post", "pre"),
        bounded=(bool(np.isfinite(entry.bounds[0])), bool(np.isfinite(entry.bounds[1]))),
        types=tuple((name, str(array.dtype)) for name, array in layout.arrays.items()),
    )


class Builder:
    """Writes the kernels of one projection's shape and rule at one precision."""

    def __init__(self, shape: Shape, rule: Configured | None, precision: str) -> None:
        self.shape, self.rule, self.precision = shape, rule, precision
        self.model = rule.model if rule else None
        traces = spike_traces(rule) if rule else ()
        self.pre = [(trace, pairing) for trace, pairing, _ in traces if trace.on == "pre"]
        self.post = [(trace, pairing) for trace, pairing, _ in traces if trace.on == "post"]
        self.static = {p.name: float(rule[p.name]) for p in rule.model.params if p.static} if rule else {}
        self.used: dict[str, str] = {}

    # small pieces ----------------------------------------------------------------------------------------------------

    def _array(self, name: str, kind: str | None = None) -> str:
        known = dict(self.shape.types)
        self.used[name] = (kind or known.get(name) or self.precision) + "[]"
        return name

    def _int(self, name: str) -> str:
        self.used[name] = "int"
        return name

    def _number(self, name: str, kind: str | None = None) -> str:
        self.used[name] = kind or self.precision
        return name

    def _text(self, title: str, w: Writer) -> KernelText:
        arguments_ = tuple(Argument(name, kind) for name, kind in self.used.items())
        self.used = {}
        name = self.rule.model.name if self.rule else "no rule"
        return KernelText(f"{title}: {self.shape.layout}, {name}", self.precision, arguments_, tuple(w.lines), tuple(w.origins))

    def _spikes(self, w: Writer, side: str, stamp: str, who: str) -> None:
        """Open a loop over the neurons of ``side`` that have a spike stamped ``stamp``."""
        ring, count, depth = (
            self._array(f"{side}_ring", "int32"),
            self._array(f"{side}_count", "int32"),
            self._int(f"{side}_depth"),
        )
        n = self._int(f"n_{side}")
        slot = w.fresh("slot")
        w.line(f"{slot} = ({stamp}) & ({depth} - 1)")
        w.line(f"for q in range({count}[{slot}]):")
        w.indent += 1
        w.line(f"{who} = {ring}[{slot} * {n} + q]")

    def _new_weight(
        self, w: Writer, role: str, weight: str, env: Mapping[str, str], target: str, late: str | None = None
    ) -> None:
        """Write ``target = clip(rule(weight, ...))``; ``late`` is the synapse's delay where spikes in flight carry its weight."""
        assert isinstance(self.model, RuleModel)
        function = self.model.functions()[role]
        names: dict[str, str] = {**env, "w": weight}
        for name in arguments(function):
            if name not in names:
                names[name] = w.literal(self.static[name]) if name in self.static else self._number(f"par_{name}")
        value = w.keep(w.inline(function, [names[name] for name in arguments(function)])[0], "changed")
        if self.shape.bounded[0]:
            low = self._number("lowest")
            value = w.keep(f"{value} if {value} > {low} else {low}", "changed")
        if self.shape.bounded[1]:
            high = self._number("highest")
            value = w.keep(f"{value} if {value} < {high} else {high}", "changed")
        w.line(f"{target} = {value}")
        if late and role != "on_signal":
            self._amend(w, f"({value} - {weight})", late)

    def _amend(self, w: Writer, change: str, late: str) -> None:
        """Spikes that are on their way to synapse (i, j) will arrive with its weight as it is then: change what they carry."""
        seen, head, room = self._array("seen", "int32"), self._array("seen_head", "int32"), self._int("seen_room")
        inbox, width = self._array("inbox"), self._int("width")
        w.line(f"if {self._array('last_seen', 'int32')}[i] + {late} > step:")
        w.indent += 1
        w.line(f"sent = {head}[i]")
        w.line(f"for _ in range({room}):")
        w.line(f"    arrival = {seen}[i * {room} + sent] + {late}")
        w.line("    if arrival <= step: break")
        w.line(f"    {inbox}[(arrival & ({inbox}.size // {width} - 1)) * {width} + j] += {change}")
        w.line(f"    sent = sent - 1 if sent > 0 else {room} - 1")
        w.indent -= 1

    def _asks(self, role: str) -> tuple[str, ...]:
        assert isinstance(self.model, RuleModel)
        function = self.model.functions().get(role)
        return arguments(function) if function else ()

    def _pre_traces(self, w: Writer, role: str, source: str, late: str, now: str, *, skip: bool = False) -> dict[str, str]:
        """Evaluate the presynaptic traces that ``role`` asks for: of arrivals before ``now``, ``late`` steps after they were sent."""
        asked = [(trace, pairing) for trace, pairing in self.pre if trace.name in self._asks(role)]
        if not asked:
            return {}
        seen, head = self._array("seen", "int32"), self._array("seen_head", "int32")
        room, dt = self._int("seen_room"), self._number("dt", "float64")
        w.line(f"at = {head}[{source}]")
        w.line(f"base = {source} * {room}")
        w.line(f"left = {room}")
        w.line(f"while left > 0 and {seen}[base + at] + {late} >= {now}:")
        w.line(f"    at = at - 1 if at > 0 else {room} - 1")
        w.line("    left -= 1")
        w.line(f"lag = ({now} - {late} - {seen}[base + at]) * {dt}")
        w.line(f"alive = left > 0 and lag < {self._number('forgotten', 'float64')}")
        if skip:
            w.line("if not alive: continue")
        env = {}
        for trace, pairing in asked:
            tau = self._number(f"tau_{trace.name}", "float64")
            value = f"F(np.exp(-lag / {tau}))"
            if pairing != NEAREST:
                value = f"F({self._array(f'kept_{trace.name}', 'float64')}[base + at] * np.exp(-lag / {tau}))"
            env[trace.name] = w.keep(f"{value} if alive else F(0.0)", trace.name)
        return env

    def _post_traces(self, role: str, target: str) -> dict[str, str]:
        asked = self._asks(role)
        return {trace.name: f"{self._array(f'trace_{trace.name}')}[{target}]" for trace, _ in self.post if trace.name in asked}

    # the kernels -----------------------------------------------------------------------------------------------------

    def deliver(self) -> KernelText:
        """Spikes that arrive now act on their receptors, then ``on_pre`` changes their weights."""
        if self.shape.layout == "delayed":
            return self._deliver_delayed()
        w = Writer(self.precision)
        self._int("n_pre")
        learns = bool(self.model and self.model.functions().get("on_pre"))
        if learns:
            w.line(f"learning = {self._array('control', 'int64')}[LEARNING] != 0")
        w.line(f"for g in range({self._array('delays', 'int64')}.size):")
        w.indent += 1
        self._spikes(w, "pre", "step - delays[g]", "i")
        env: dict[str, str] = {}
        if learns:
            if any(trace.name in self._asks("on_pre") for trace, _ in self.pre):
                env = self._pre_traces(w, "on_pre", "i", "delays[g]", "step")
            w.line("if learning:")
            w.indent += 1
            self._row(w, env, learn=True)
            w.indent -= 1
            w.line("else:")
            w.indent += 1
        self._row(w, env, learn=False)
        return self._text("Deliver", w)

    def _deliver_delayed(self) -> KernelText:
        """Empty this step's inbox, let ``on_pre`` act on what arrived, and lay the spikes just sent into later inboxes."""
        w = Writer(self.precision)
        inbox, n, late, weight = self._array("inbox"), self._int("n_post"), self._array("late"), self._array("weight")
        width = self._int("width")
        w.line(f"mask = {inbox}.size // {width} - 1")
        w.line(f"row = U((step & mask) * {width})")
        w.line(f"for j in range(U({width})):")
        w.indent += 1
        for state in self.shape.jumps:
            jump = f"{self._number(f'jump_{state}')} * {inbox}[row + j]" if self.shape.scaled else f"{inbox}[row + j]"
            to = self._array(f"to_{state}")
            free = f" if {self._array('until', 'int32')}[j] <= step else F(0.0)" if self.shape.gated else ""
            w.line(f"{to}[j] += {jump}{free}")
        if self.shape.wakes:
            w.line(f"if {inbox}[row + j] != F(0.0): {self._array('awake', 'uint8')}[j >> U(6)] = 1")
        w.line(f"{inbox}[row + j] = F(0.0)")
        w.indent -= 1
        if self._asks("on_pre"):
            self._arrivals(w)
        first = self._array("first", "uint32")
        w.line("for d in range(mask + 1):")
        w.line(f"    {first}[d] = ((step + d) & mask) * {width}")
        self._spikes(w, "pre", "step", "i")
        w.line(f"line = U(i * {n})")
        w.line(f"for to in range(U({n})):")
        w.line(f"    {inbox}[U({first}[{late}[line + to]]) + to] += {weight}[line + to]")
        if self._asks("on_pre"):
            live, _, many = self._live()
            w.line(f"for a in range({many}[0]):")
            w.indent += 1
            w.line(f"j = {live}[a]")
            self._enter(w, "step")
            w.indent -= 1
        return self._text("Deliver", w)

    def _enter(self, w: Writer, sent: str) -> None:
        """Note in the calendar that the spike sent by i at ``sent`` will find the traces of j live when it arrives."""
        due, count = self._array("due", "uint64"), self._array("due_count", "int64")
        w.line(f"wait = {self._array('late')}[U(i * {self._int('n_post')} + j)]")
        w.line(f"day = U(({sent} + np.int64(wait)) & mask)")
        w.line(f"entry = {count}[day]")
        w.line(f"{count}[day] = entry + 1")
        w.line(f"room = {due}.size // (mask + 1)")
        # one word holds the pair and its delay: 28 bits, 28 bits and 8
        w.line(f"if entry < room: {due}[day * U(room) + U(entry)] = (U(i) << U(36)) | (U(j) << U(8)) | U(wait)")

    def _arrivals(self, w: Writer) -> None:
        """``on_pre`` at the synapses where a spike arrives now and the target's traces live.

        They stand in a calendar, entered when the spike was sent or when the target came alive. A day with more entries than
        the calendar has room for is done the plain way: each spike in flight visits its targets of that delay.
        """
        ring, count = self._array("pre_ring", "int32"), self._array("pre_count", "int32")
        depth, n_pre, n = self._int("pre_depth"), self._int("n_pre"), self._int("n_post")
        delays, weight = self._array("delays", "int64"), self._array("weight")
        due, many = self._array("due", "uint64"), self._array("due_count", "int64")
        w.line("day = step & mask")
        w.line(f"room = {due}.size // (mask + 1)")
        w.line(f"entries = {many}[day]")
        w.line(f"{many}[day] = 0")
        w.line(f"if {self._array('control', 'int64')}[LEARNING] == 0:")
        w.line("    pass")
        w.line("elif entries <= room:")
        w.indent += 1
        w.line("for entry in range(U(day * room), U(day * room + entries)):")
        w.indent += 1
        w.line(f"word = {due}[entry]")
        w.line("i, j = np.int64(word >> U(36)), np.int64((word >> U(8)) & U(0xFFFFFFF))")
        w.line("late_here = np.int64(word & U(255))")
        self._arrival(w, weight, n)
        w.indent -= 2
        w.line("else:")
        w.indent += 1
        w.line(f"for g in range({delays}.size):")
        w.indent += 1
        w.line(f"late_here = {delays}[g]")
        w.line(f"slot = (step - late_here) & ({depth} - 1)")
        w.line(f"for q in range({count}[slot]):")
        w.indent += 1
        w.line(f"i = {ring}[slot * {n_pre} + q]")
        offset, target = self._array("offset"), self._array("target")
        w.line(f"for s in range({offset}[i * ({delays}.size + 1) + g], {offset}[i * ({delays}.size + 1) + g + 1]):")
        w.indent += 1
        w.line(f"j = {target}[i * {n} + s]")
        w.line(f"if {' + '.join(self._post_traces('on_pre', 'j').values())} != F(0.0):")
        w.indent += 1
        self._arrival(w, weight, n)
        w.indent -= 5

    def _arrival(self, w: Writer, weight: str, n: str) -> None:
        env = self._pre_traces(w, "on_pre", "i", "late_here", "step")
        w.line(f"here = U(i * {n} + j)")
        w.line(f"w = {weight}[here]")
        known = {**env, **self._post_traces("on_pre", "j")}
        self._new_weight(w, "on_pre", "w", known, f"{weight}[here]", "late_here")

    def refill(self) -> KernelText | None:
        """After weights were changed from outside: what is in flight is laid into the inboxes again."""
        if self.shape.layout != "delayed":
            return None
        w = Writer(self.precision)
        inbox, n, late, weight = self._array("inbox"), self._int("n_post"), self._array("late"), self._array("weight")
        delays, width = self._array("delays", "int64"), self._int("width")
        w.line(f"mask = {inbox}.size // {width} - 1")
        w.line(f"{inbox}[:] = F(0.0)")
        w.line(f"for sent in range(step - {delays}[{delays}.size - 1], step):")
        w.indent += 1
        self._spikes(w, "pre", "sent", "i")
        w.line(f"row = i * {n}")
        w.line(f"for j in range({n}):")
        w.line(f"    arrival = sent + np.int64({late}[row + j])")
        w.line(f"    if arrival >= step: {inbox}[(arrival & mask) * {width} + j] += {weight}[row + j]")
        return self._text("Refill", w)

    def _row(self, w: Writer, env: Mapping[str, str], *, learn: bool) -> None:
        """The inner loop over one row's synapses."""
        if self.shape.layout == "matrix":
            n = self._int("n_post")
            w.line(f"row = U(i * {n})")
            spans = [("0", "i"), ("i + 1", n)] if self.shape.butself else [("0", n)]
            for low, high in spans:
                w.line(f"for j in range(U({low}), U({high})):")
                w.indent += 1
                self._synapse(w, "row + j", env, learn=learn)
                w.indent -= 1
            return
        width = "delays.size + 1"
        w.line(f"row = {self._array('start', 'int64')}[i]")
        offset = self._array("offset")
        w.line(f"for s in range(U(row + {offset}[i * ({width}) + g]), U(row + {offset}[i * ({width}) + g + 1])):")
        w.indent += 1
        w.line(f"j = {self._array('target')}[s]")
        self._synapse(w, "s", env, learn=learn)
        w.indent -= 1

    def _synapse(self, w: Writer, place: str, env: Mapping[str, str], *, learn: bool) -> None:
        weight = self._array("weight")
        w.line(f"w = {weight}[0]" if self.shape.shared else f"w = {weight}[{place}]")
        for state in self.shape.jumps:
            jump = f"{self._number(f'jump_{state}')} * w" if self.shape.scaled else "w"
            text = f"{self._array(f'to_{state}')}[j] += {jump}"
            w.line(f"if {self._array('until', 'int32')}[j] <= step: {text}" if self.shape.gated else text)
        if self.shape.wakes:
            w.line(f"{self._array('awake', 'uint8')}[j >> 6] = 1")
        if learn:
            self._new_weight(w, "on_pre", "w", {**env, **self._post_traces("on_pre", "j")}, f"{weight}[{place}]")

    def jump(self) -> KernelText:
        """Traces jump at the spikes of this instant, after they were read."""
        w = Writer(self.precision)
        if self.post:
            self._spikes(w, "post", "step", "j")
            for trace, pairing in self.post:
                name = self._array(f"trace_{trace.name}")
                w.line(f"{name}[j] = F(1.0)" if pairing == NEAREST else f"{name}[j] += F(1.0)")
            if self._keeps_list:
                live, place, many = self._live()
                w.line(f"if {place}[j] == 0:")
                w.indent += 1
                w.line(f"{live}[{many}[0]] = j")
                w.line(f"{place}[j] = 1")
                w.line(f"{many}[0] += 1")
                # spikes in flight that were sent while it was not alive
                delays = self._array("delays", "int64")
                w.line(f"mask = {self._array('due_count', 'int64')}.size - 1")
                w.line(f"longest = {delays}[{delays}.size - 1]")
                w.line(f"for sent in range(max(step - longest + 1, {self._array('died', 'int32')}[j]), step + 1):")
                w.indent += 1
                self._spikes(w, "pre", "sent", "i")
                w.line(f"if sent + np.int64({self._array('late')}[i * {self._int('n_post')} + j]) > step:")
                w.indent += 1
                self._enter(w, "sent")
                w.indent -= 4
            w.indent -= 1
        if self.pre or self.shape.layout == "delayed":
            seen, head, room = self._array("seen", "int32"), self._array("seen_head", "int32"), self._int("seen_room")
            self._spikes(w, "pre", "step", "i")
            w.line(f"at = {head}[i]")
            w.line(f"to = at + 1 if at + 1 < {room} else 0")
            w.line(f"before = {seen}[i * {room} + at]")
            for trace, pairing in self.pre:
                if pairing != NEAREST:
                    kept, tau = self._array(f"kept_{trace.name}", "float64"), self._number(f"tau_{trace.name}", "float64")
                    dt = self._number("dt", "float64")
                    w.line(
                        f"{kept}[i * {room} + to] = 1.0 + ({kept}[i * {room} + at] * np.exp(-(step - before) * {dt} / {tau}) "
                        "if before >= 0 else 0.0)"
                    )
            w.line(f"{seen}[i * {room} + to] = step")
            w.line(f"{head}[i] = to")
            w.line(f"{self._array('last_seen', 'int32')}[i] = step")
        return self._text("Jump", w)

    def decay(self) -> KernelText | None:
        """Postsynaptic traces go on by one step; what can no longer matter becomes zero."""
        if not self.post:
            return None
        w = Writer(self.precision)
        least = w.literal(NOTHING[self.precision])
        for trace, _ in self.post:
            name, factor = self._array(f"trace_{trace.name}"), self._number(f"decay_{trace.name}")
            w.line(f"for j in range({name}.size):")
            w.line(f"    x = {name}[j] * {factor}")
            w.line(f"    {name}[j] = x if x > {least} else F(0.0)")
        if self._keeps_list:
            live, place, many = self._live()
            w.line("k = 0")
            w.line(f"while k < {many}[0]:")
            w.line(f"    j = {live}[k]")
            w.line(f"    if {' + '.join(self._post_traces('on_pre', 'j').values())} == F(0.0):")
            w.line(f"        {many}[0] -= 1")
            w.line(f"        {live}[k] = {live}[{many}[0]]")
            w.line(f"        {place}[j] = 0")
            w.line(f"        {self._array('died', 'int32')}[j] = step + 1")
            w.line("    else:")
            w.line("        k += 1")
        return self._text("Decay", w)

    @property
    def _keeps_list(self) -> bool:
        """Whether the neurons whose traces matter to ``on_pre`` are listed, so that the others cost nothing."""
        return self.shape.layout == "delayed" and bool(self._asks("on_pre"))

    def _live(self) -> tuple[str, str, str]:
        return self._array("live", "int32"), self._array("is_live", "uint8"), self._array("live_count", "int64")

    def learn(self) -> KernelText | None:
        """Postsynaptic spikes of this step's end change their incoming weights."""
        if not self._asks("on_post"):
            return None
        w = Writer(self.precision)
        self._int("n_pre")
        w.line(f"if {self._array('control', 'int64')}[LEARNING] == 0:")
        w.line("    return")
        w.line("now = step + 1")
        weight = self._array("weight")
        self._spikes(w, "post", "now", "j")
        env = {}
        for name, text in self._post_traces("on_post", "j").items():
            env[name] = w.keep(text, f"here_{name}")
        late = None
        if self.shape.layout != "rows":
            w.line(f"for i in range({self._int('n_pre')}):")
            w.indent += 1
            if self.shape.butself:
                w.line("if i == j: continue")
            self._skip_silent(w, "i")
            w.line(f"s = i * {self._int('n_post')} + j")
            delay = f"{self._array('delays', 'int64')}[0]"
            if self.shape.layout == "delayed":
                late = delay = "late_here"
                w.line(f"late_here = np.int64({self._array('late')}[s])")
            env |= self._pre_traces(w, "on_post", "i", delay, "now", skip=self.shape.quiet)
        else:
            column, pre, place = self._array("column", "int64"), self._array("column_pre"), self._array("column_place")
            w.line(f"for c in range({column}[j], {column}[j + 1]):")
            w.indent += 1
            w.line(f"i = {pre}[c]")
            self._skip_silent(w, "i")
            w.line(f"s = {self._array('start', 'int64')}[i] + {place}[c]")
            delay = f"{self._array('delays', 'int64')}[{self._array('column_group')}[c] if {int(self.shape.groups)} else 0]"
            env |= self._pre_traces(w, "on_post", "i", delay, "now", skip=self.shape.quiet)
        w.line(f"w = {weight}[s]")
        self._new_weight(w, "on_post", "w", env, f"{weight}[s]", late)
        return self._text("Learn", w)

    def _skip_silent(self, w: Writer, source: str) -> None:
        """Pass over a source that has not spiked for so long that the rule would change nothing."""
        if self.shape.quiet and self.pre:
            w.line(f"if step - {self._array('last_seen', 'int32')}[{source}] > {self._int('horizon')}: continue")

    def each_step(self) -> KernelText | None:
        """``on_step`` visits every synapse."""
        if not self._asks("on_step"):
            return None
        w = Writer(self.precision)
        w.line(f"if {self._array('control', 'int64')}[LEARNING] == 0:")
        w.line("    return")
        w.line("now = step + 1")
        self._everywhere(w, "on_step", {})
        return self._text("Every step", w)

    def on_signal(self) -> KernelText:
        """The rule's ``on_signal`` visits every synapse; ``sums`` holds the incoming weight of each neuron."""
        w = Writer(self.precision)
        w.line("now = step")
        env = {"signal": self._array("signal") + "[0]"} if "signal" in self._asks("on_signal") else {}
        if "w_sum" in self._asks("on_signal"):
            sums = self._array("sums")
            w.line(f"{sums}[:] = F(0.0)")
            self._visit(w, lambda place: w.line(f"{sums}[j] += {self._array('weight')}[{place}]"))
            env["w_sum"] = f"{sums}[j]"
        self._everywhere(w, "on_signal", env)
        return self._text("Signal", w)

    def _everywhere(self, w: Writer, role: str, env: dict[str, str]) -> None:
        weight = self._array("weight")

        def change(place: str) -> None:
            delay = f"{self._array('delays', 'int64')}[0]"
            if self.shape.groups and self.shape.layout == "rows" and role != "on_signal":
                # the delay of a synapse is where its place falls among the row's offsets
                w.line("g = 0")
                w.line(f"while s - row >= {self._array('offset')}[i * (delays.size + 1) + g + 1]: g += 1")
                delay = "delays[g]"
            known = {**env, **self._pre_traces(w, role, "i", delay, "now"), **self._post_traces(role, "j")}
            w.line(f"w = {weight}[{place}]")
            self._new_weight(w, role, "w", known, f"{weight}[{place}]")

        self._visit(w, change)

    def _visit(self, w: Writer, act: Any) -> None:
        """Open loops over all synapses and let ``act(place)`` write what happens at each."""
        w.line(f"for i in range({self._int('n_pre')}):")
        w.indent += 1
        if self.shape.layout != "rows":
            n = self._int("n_post")
            w.line(f"row = i * {n}")
            w.line(f"for j in range({n}):")
            w.indent += 1
            if self.shape.butself:
                w.line("if i == j: continue")
            act("row + j")
        else:
            start = self._array("start", "int64")
            w.line(f"row = {start}[i]")
            w.line(f"for s in range(row, {start}[i + 1]):")
            w.indent += 1
            w.line(f"j = {self._array('target')}[s]")
            act("s")
        w.indent -= 2


def rule_values(rule: Configured | None, dt: float, precision: str) -> dict[str, Any]:
    """The numbers of a rule's kernels."""
    if rule is None:
        return {}
    values: dict[str, Any] = {f"par_{name}": value for name, value in rule.values.items() if isinstance(value, float)}
    for trace, _, tau in spike_traces(rule):
        values |= {f"tau_{trace.name}": tau, f"decay_{trace.name}": float(np.exp(-dt / tau))}
    longest = max((tau for trace, _, tau in spike_traces(rule) if trace.on == "pre"), default=0.0)
    values["forgotten"] = -np.log(NOTHING[precision]) * longest
    return values


def traces_on(rule: Configured | None, side: str) -> Sequence[tuple[Trace, str]]:
    """The traces of a rule that the spikes of ``side`` drive, with their pairing."""
    return [(trace, pairing) for trace, pairing, _ in spike_traces(rule) if trace.on == side] if rule else []
