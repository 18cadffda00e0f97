"""Fused kernels of a cell: all time steps of a block of neurons at once, forward, and backward through time.

A block is small enough for its states to stay in the first cache. The backward kernel goes forward again first, and keeps what
each step began with: that is cheaper than to write it to memory and to read it back, and nothing but the input is kept between
the two. Then it goes back, step by step, by the adjoint of the very lines of the step.
"""

from __future__ import annotations

from collections.abc import Sequence

from maichong.engines.autograd import block_lines, pool_lines, readout_lines, recurrent_lines
from maichong.engines.autograd.adjoint import Step
from maichong.engines.autograd.cell import Cell
from maichong.engines.autograd.row_sums import WIDE as COLUMNS
from maichong.engines.autograd.selects import selected
from maichong.engines.autograd.shapes import SPIKES, Shape, imports, name_of
from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.stepping import advance

Lines = tuple[list[str], dict[str, str], dict[str, str], str]
"""The smooth lines of a step, the names of the states before a reset, of those after one, and of the excess."""


class Emitter:
    """Writes the kernels of one cell."""

    def __init__(self, cell: Cell, shape: Shape, numbers: Sequence[str]) -> None:
        self.cell, self.shape, self.numbers = cell, shape, tuple(numbers)
        self.system = cell.system
        self.states = self.system.states
        self.waits = cell.pause > 0 or self.system.crossing
        self.origins: tuple[str, ...] = ()
        self.step = self._step(Writer(shape.precision))

    def _step(self, w: Writer) -> Lines:
        """The lines of a step."""
        cell, system = self.cell, self.system
        env = {name: f"x_{name}" for name in self.states} | {name: name_of(name) for name in self.numbers}
        (drive,) = list(system.drives.values())[:1]
        for other in system.held:
            env[other] = w.literal(0.0)
        if system.ports:
            for state, jump in system.ports[0].jumps:
                amount = "current" if jump == 1.0 else f"{w.literal(jump)} * current"
                env[state] = w.keep(f"x_{state} + {amount}", "jumped")
        else:
            env[drive] = "current"
        new = advance(w, system, cell.integration, cell.exact, cell.stages, env, ())
        before = {state: new.get(state, env[state]) for state in self.states}
        if self.waits and system.holds:
            membrane = system.membrane
            before[membrane] = w.keep(f"{before[membrane]} if free else x_{membrane}", "held")
        after = {**env, **before}
        for call in system.fires:
            w.call(call, after)
        excess = w.keep(after["excess"], "excess")
        after["excess"] = excess
        for call in system.reset:
            w.call(call, after)
        landing = {state: after.get(f"reset_{state}", before[state]) for state in self.states}
        self.origins = tuple(w.origins)
        return w.lines, before, landing, excess

    def _arguments(self, more: Sequence[Argument], matrix: str) -> tuple[Argument, ...]:
        real = f"{self.shape.precision}[]"
        return (
            Argument("steps", "int"), Argument("rows", "int"), Argument("width", "int"), Argument("first", "int"),
            Argument("last", "int"), Argument("low", "int"), Argument("high", "int"), Argument("pause", "int"),
            Argument("dt", self.shape.precision), Argument("current_in", real),
            *(Argument(f"begin_{state}", real) for state in self.states),
            *([Argument("begin_wait", "int32[]")] if self.waits else []),
            *(Argument(f"par_{name}", real if name in self.shape.each else self.shape.precision) for name in self.numbers),
            *([Argument("matrix", matrix)] if self.shape.recurrent else []),
            *([Argument("span", "int")] if self.shape.pool > 1 else []),
            *more,
        )  # fmt: skip

    def _load(self, w: Writer, states: str) -> None:
        for state in self.states:
            w.line(f"x_{state} = {states.format(state=state)}")
        for name in self.numbers:
            if name in self.shape.each:
                w.line(f"n_{name} = par_{name}[column + k]")
        w.line("current = current_in[at + k]")

    def _numbers(self, w: Writer) -> None:
        for name in self.numbers:
            if name not in self.shape.each:
                w.line(f"n_{name} = par_{name}")

    def _fire(self, w: Writer, step: Lines, *, land: bool = True) -> None:
        """From the excess of a ``step`` to a spike, and, to ``land``, to the states after it."""
        _, before, landing, excess = step
        if self.system.crossing:
            w.line(f"above = {excess} >= F(0.0)")
            w.line("fire = free & above")
        elif self.waits:
            w.line(f"fire = free & ({excess} >= F(0.0))")
        else:
            w.line(f"fire = {excess} >= F(0.0)")
        w.line("spike = F(fire)")
        for state in self.states if land else ():
            if landing[state] == before[state]:
                w.line(f"y_{state} = {before[state]}")
            else:
                w.line(f"y_{state} = {landing[state]} if fire else {before[state]}")

    def _wait(self, w: Writer, wait: str) -> None:
        """Count down to the end of the refractory time."""
        if self.system.crossing:
            w.line(f"left = max(np.int32({wait} - np.int32(1)), np.int32(0))")
            w.line("left = np.int32(pause) if fire else left")
            w.line(f"{wait} = max(left, np.int32(1)) if above else left")
        elif self.waits:
            w.line(f"{wait} = np.int32(pause) if fire else max(np.int32({wait} - np.int32(1)), np.int32(0))")

    def forward(self) -> KernelText:
        """The kernel of all steps: currents [steps, rows, width] in, outputs of that form and the last states out."""
        shape, real = self.shape, self.shape.precision
        w = Writer(real)
        noted = shape.recurrent and shape.readout
        if shape.recurrent:
            readout_lines.lists(w, shape, noted)
            w.line(f"zeros = lined(np.zeros({COLUMNS} + SLACK, np.{real}))")
        if shape.readout:
            readout_lines.begin(w, shape, back=False)
        waits = [("wait", "int32", "1")] if self.waits else []
        heard = [("heard", real, "1")] if shape.recurrent else []
        heard += [("fired", real, "1")] if shape.recurrent or shape.readout or shape.pool > 1 else []
        block_lines.begin(w, shape, [*((f"at_{state}", real, "1") for state in self.states), *waits, *heard])
        self._numbers(w)
        if shape.readout:
            readout_lines.begin_block(w, shape, back=False)
        deep = block_lines.each(w, self.shape, timed=False)
        for state in self.states:
            w.line(f"at_{state}[near + k] = begin_{state}[cell + k]")
        if self.waits:
            w.line("wait[near + k] = begin_wait[cell + k]")
        if shape.recurrent:
            w.line("heard[near + k] = F(0.0)")
        w.indent -= deep
        w.line("for t in range(steps):")
        w.indent += 1
        deep = block_lines.each(w, self.shape, timed=True)
        self._load(w, "at_{state}[near + k]")
        for state in self.states if shape.keeps else ():
            w.line(f"kept_{state}[at + k] = x_{state}")
        if shape.keeps and self.waits:
            w.line("kept_wait[at + k] = wait[near + k]")
        if shape.recurrent:
            w.line("current = current + heard[near + k]")
            w.line("out_total[at + k] = current")
        if self.waits:
            w.line("free = wait[near + k] == np.int32(0)")
        for line in self.step[0]:
            w.line(line)
        self._fire(w, self.step)
        for state in self.states:
            w.line(f"at_{state}[near + k] = y_{state}")
        self._wait(w, "wait[near + k]")
        for name in shape.outputs if shape.pool == 1 else ():
            w.line(f"out_{name}[at + k] = {'spike' if name == SPIKES else f'y_{name}'}")
        if shape.recurrent or shape.readout or shape.pool > 1:
            w.line("fired[near + k] = spike")
            w.indent -= 1
            if shape.recurrent or shape.readout:
                readout_lines.list_fired(w, shape, noted)
            if shape.recurrent:
                recurrent_lines.hear(w, readout_lines.index_of(noted))
            if shape.readout:
                readout_lines.hear(w, shape)
            if noted:
                readout_lines.move_on(w)
            if shape.pool > 1:
                pool_lines.pool(w, shape)
            w.indent += 1
        w.indent -= deep + 1
        if shape.readout:
            readout_lines.end_block(w, shape)
        deep = block_lines.each(w, self.shape, timed=False)
        for state in self.states:
            w.line(f"end_{state}[cell + k] = at_{state}[near + k]")
        if self.waits:
            w.line("end_wait[cell + k] = wait[near + k]")
        w.indent -= deep
        more = [
            *(Argument(f"out_{name}", f"{real}[]") for name in shape.outputs),
            *([Argument("out_total", f"{real}[]")] if shape.recurrent else []),
            *(readout_lines.arguments(shape, back=False) if shape.readout else ()),
            *(readout_lines.NOTED if noted else ()),
            *self._kept(),
            *(Argument(f"end_{state}", f"{real}[]") for state in self.states),
            *([Argument("end_wait", "int32[]")] if self.waits else []),
        ]
        return self._text("All steps of", w, self._arguments(more, f"{real}[]"))

    def backward(self) -> KernelText:
        """The kernel of the gradients: of the currents, of the first states, and of what is learned, added up for each neuron."""
        shape, real = self.shape, self.shape.precision
        lines = self.step[0]
        w = Writer(real)
        # an order that LLVM cannot read: it would test addresses that go backwards once for all steps, in vain, and stay scalar
        w.line("order = np.arange(steps)")
        if shape.readout:
            readout_lines.begin(w, shape, back=True)
        waits = [("was_wait", "int32", "steps"), ("wait", "int32", "1")] if self.waits and not shape.keeps else []
        again = [(f"was_{state}", real, "steps") for state in self.states] + [
            (f"at_{state}", real, "1") for state in self.states
        ]
        back = [("g_near", real, "1"), ("g_spikes", real, "1")] if shape.recurrent else []
        back += [("g_pairs", "int32", "1")] if shape.halves else []
        back += [("g_square", real, "1")] if shape.pool > 1 else []
        if shape.readout:
            back += [("fired", real, "1"), ("g_fired", real, "1" if shape.recurrent else "((steps + 3) // 4 * 4)")]
        block_lines.begin(w, shape, [
                *(() if shape.keeps else again), *waits,
                *((f"g_at_{state}", real, "1") for state in self.states), *((f"sum_{name}", real, "1") for name in shape.learned),
                *back,
            ],
        )  # fmt: skip
        self._numbers(w)
        if shape.readout:
            readout_lines.begin_block(w, shape, back=True)
        deep = block_lines.each(w, self.shape, timed=False)
        for state in self.states:
            if not shape.keeps:
                w.line(f"at_{state}[near + k] = begin_{state}[cell + k]")
            w.line(f"g_at_{state}[near + k] = g_end_{state}[cell + k]")
        for name in shape.learned:
            w.line(f"sum_{name}[near + k] = F(0.0)")
        if self.waits and not shape.keeps:
            w.line("wait[near + k] = begin_wait[cell + k]")
        if shape.recurrent:
            w.line("g_spikes[near + k] = F(0.0)")
        w.indent -= deep
        if not shape.keeps:
            self._again(w)
        w.line("for back in range(steps):")
        w.indent += 1
        w.line("t = order[steps - 1 - back]")
        if shape.pool > 1:
            pool_lines.unpool(w, shape)
        if shape.readout:
            readout_lines.tell_back(w, shape)
        deep = block_lines.each(w, self.shape, timed=True)
        self._load(w, "kept_{state}[at + k]" if shape.keeps else "was_{state}[own + k]")
        if self.waits:
            w.line(f"free = {'kept_wait[at + k]' if shape.keeps else 'was_wait[own + k]'} == np.int32(0)")
        step = Step(lines, real)
        for line in step.texts():
            w.line(line)
        self._fire(w, self.step, land=False)
        wanted = [
            *(f"x_{state}" for state in self.states), *(["current"] if shape.input_gradient else []),
            *(name_of(name) for name in shape.learned),
        ]  # fmt: skip
        seeds = self._seeds(w)
        moved, gradients = step.backward(seeds, wanted)
        for line in moved:
            w.line(line)
        for state in self.states:
            w.line(f"g_at_{state}[near + k] = {gradients[f'x_{state}']}")
        if shape.input_gradient:
            w.line(f"g_in[at + k] = {gradients['current']}")
        if shape.recurrent:
            w.line(f"g_near[near + k] = {gradients['current']}")
        for name in shape.learned:
            w.line(f"sum_{name}[near + k] = sum_{name}[near + k] + {gradients[name_of(name)]}")
        w.indent -= deep
        if shape.recurrent:
            recurrent_lines.hand_back(w, halves=shape.halves)
        w.indent -= 1
        deep = block_lines.each(w, self.shape, timed=False)
        for state in self.states:
            w.line(f"g_begin_{state}[cell + k] = g_at_{state}[near + k]")
        for name in shape.learned:
            w.line(f"g_par_{name}[column + k] = g_par_{name}[column + k] + sum_{name}[near + k]")
        w.indent -= deep
        more = [
            *(Argument(f"g_out_{name}", f"{real}[]") for name in shape.outputs if not shape.readout),
            *(Argument(f"g_end_{state}", f"{real}[]") for state in self.states),
            *(Argument(f"g_begin_{state}", f"{real}[]") for state in self.states),
            *([Argument("g_in", f"{real}[]")] if shape.input_gradient else []),
            *(Argument(f"g_par_{name}", f"{real}[]") for name in shape.learned),
            *(readout_lines.arguments(shape, back=True) if shape.readout else ()),
            *self._kept(),
        ]
        return self._text("Gradients of", w, self._arguments(more, "int32[]" if shape.halves else f"{real}[]"))

    def _kept(self) -> list[Argument]:
        """What each step began with, for the way back."""
        if not self.shape.keeps:
            return []
        waits = [Argument("kept_wait", "int32[]")] if self.waits else []
        return [*(Argument(f"kept_{state}", f"{self.shape.precision}[]") for state in self.states), *waits]

    def _again(self, w: Writer) -> None:
        """All steps once more, which keep what each began with."""
        w.line("for t in range(steps):")
        w.indent += 1
        deep = block_lines.each(w, self.shape, timed=True)
        self._load(w, "at_{state}[near + k]")
        for state in self.states:
            w.line(f"was_{state}[own + k] = x_{state}")
        if self.waits:
            w.line("was_wait[own + k] = wait[near + k]")
            w.line("free = wait[near + k] == np.int32(0)")
        # in names of its own: Numba goes through the whole kernel for each name that is given a value twice
        step = self._step(Writer(self.shape.precision, names=len(self.step[0])))
        for line in step[0]:
            w.line(line)
        self._fire(w, step)
        for state in self.states:
            w.line(f"at_{state}[near + k] = y_{state}")
        self._wait(w, "wait[near + k]")
        if self.shape.readout:
            w.line("fired[near + k] = spike")
            w.indent -= 1
            readout_lines.list_fired(w, self.shape)
            readout_lines.learn(w, self.shape)
            w.indent += 1
        w.indent -= deep + 1

    def _seeds(self, w: Writer) -> dict[str, str]:
        """Write what reaches the states before and after a reset, and the excess, from the outputs and the next step."""
        shape = self.shape
        _, before, landing, excess = self.step
        total: dict[str, str] = {}
        of_spike = "g_square[near + k]" if shape.pool > 1 else "g_out_spikes[at + k]"
        if shape.readout:
            of_spike = "g_fired[near + k]" if shape.recurrent else "g_fired[own + k]"
        spike = [of_spike] if SPIKES in shape.outputs or shape.readout else []
        spike += ["g_spikes[near + k]"] if shape.recurrent else []

        def give(name: str, text: str) -> None:
            total[name] = f"{total[name]} + {text}" if name in total else text

        for state in self.states:
            mine = f"g_at_{state}[near + k]" + (f" + g_out_{state}[at + k]" if state in shape.outputs else "")
            w.line(f"g_y_{state} = {mine}")
            if landing[state] == before[state]:
                give(before[state], f"g_y_{state}")
                continue
            # products and no choices: several choices by one test become a branch, and the loop scalar
            w.line(f"g_kept_{state} = g_y_{state} * (F(1.0) - spike)")
            w.line(f"g_landed_{state} = g_y_{state} * spike")
            give(before[state], f"g_kept_{state}")
            give(landing[state], f"g_landed_{state}")
            if not shape.detach_reset:
                spike.append(f"g_y_{state} * ({landing[state]} - {before[state]})")
        if spike:
            (slope,) = w.inline(shape.surrogate.function, [excess, w.literal(shape.surrogate.width)])
            slope = w.keep(slope, "slope")
            if self.waits:
                slope = w.keep(f"{slope} if free else F(0.0)", "slope")
            give(excess, f"({' + '.join(spike)}) * {slope}")
        found = {}
        for k, (name, text) in enumerate(total.items()):
            w.line(f"seed_{k} = {text}")
            found[name] = f"seed_{k}"
        return found

    def _text(self, what: str, w: Writer, arguments: tuple[Argument, ...]) -> KernelText:
        model = self.system.neuron.model.name
        return KernelText(
            title=f"{what} {model}, {self.cell.integration.method}", precision=self.shape.precision,
            arguments=arguments, body=tuple(selected(line) for line in w.lines), origins=self.origins,
            extra=imports(self.shape.precision),
        )  # fmt: skip
