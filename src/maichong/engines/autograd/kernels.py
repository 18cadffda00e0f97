"""Fused kernels of a cell: all time steps of a block of neurons at once, forward, and backward through time.

A block is small enough for its states to stay in the first cache. The backward kernel goes forward again first, and keeps what
each step began with: that is cheaper than to write it to memory and to read it back, and nothing but the input is kept between
the two. Then it goes back, step by step, by the adjoint of the very lines of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maichong.engines.autograd.adjoint import Step
from maichong.engines.autograd.cell import Cell
from maichong.engines.autograd.surrogates import Surrogate
from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.events.stepping import advance

WIDE = 256
"""Neurons of a block."""

SPIKES = "spikes"


@dataclass(frozen=True)
class Shape:
    """What a pair of kernels depends on beside the cell: the numbers that differ from neuron to neuron (``each``) and those whose
    gradient is asked for (``learned``), what the layer gives (``outputs``), and how gradients pass spikes and resets."""

    each: tuple[str, ...]
    learned: tuple[str, ...]
    outputs: tuple[str, ...]
    surrogate: Surrogate
    detach_reset: bool
    precision: str
    input_gradient: bool = True


class Emitter:
    """Writes the kernels of one cell."""

    def __init__(self, cell: Cell, shape: Shape, numbers: Sequence[str]) -> None:
        self.cell, self.shape, self.numbers = cell, shape, tuple(numbers)
        self.system = cell.system
        self.states = self.system.states
        self.waits = cell.pause > 0 or self.system.crossing
        self.origins: tuple[str, ...] = ()
        self.step = self._step()

    def _step(self) -> tuple[list[str], dict[str, str], dict[str, str], str]:
        """The smooth lines of a step, the names of the states before a reset, of those after one, and of the excess."""
        cell, system = self.cell, self.system
        w = Writer(self.shape.precision)
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
        if self.waits and not system.crossing:
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

    def _arguments(self, *more: Argument) -> tuple[Argument, ...]:
        real = f"{self.shape.precision}[]"
        return (
            Argument("steps", "int"), Argument("rows", "int"), Argument("width", "int"), Argument("first", "int"),
            Argument("last", "int"), Argument("low", "int"), Argument("high", "int"), Argument("pause", "int"),
            Argument("dt", self.shape.precision), Argument("current_in", real),
            *(Argument(f"begin_{state}", real) for state in self.states),
            *([Argument("begin_wait", "int32[]")] if self.waits else []),
            *(Argument(f"par_{name}", real if name in self.shape.each else self.shape.precision) for name in self.numbers),
            *more,
        )  # fmt: skip

    def _open(self, w: Writer, *arrays: tuple[str, str, str]) -> None:
        """The loops over rows and blocks; ``arrays`` of the block's own, (name, kind, length), are made before them."""
        for name, kind, length in arrays:
            w.line(f"{name} = np.zeros({length}, np.{kind})")
        w.line("for row in range(first, last):")
        w.line(f"    for begin in range(low, high, {WIDE}):")
        w.indent = 2
        w.line(f"many = U(min({WIDE}, high - begin))")
        w.line("cell = U(row * width + begin)")
        w.line("column = U(begin)")

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

    def _fire(self, w: Writer, *, land: bool = True) -> None:
        """From the excess to a spike, and, to ``land``, to the states after it."""
        _, before, landing, excess = self.step
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
        waits = [("wait", "int32", str(WIDE))] if self.waits else []
        self._open(w, *((f"at_{state}", real, str(WIDE)) for state in self.states), *waits)
        self._numbers(w)
        w.line("for k in range(many):")
        for state in self.states:
            w.line(f"    at_{state}[k] = begin_{state}[cell + k]")
        if self.waits:
            w.line("    wait[k] = begin_wait[cell + k]")
        w.line("for t in range(steps):")
        w.indent += 1
        w.line("at = U(t * rows * width) + cell")
        w.line("for k in range(many):")
        w.indent += 1
        self._load(w, "at_{state}[k]")
        if self.waits:
            w.line("free = wait[k] == np.int32(0)")
        for line in self.step[0]:
            w.line(line)
        self._fire(w)
        for state in self.states:
            w.line(f"at_{state}[k] = y_{state}")
        self._wait(w, "wait[k]")
        for name in shape.outputs:
            w.line(f"out_{name}[at + k] = {'spike' if name == SPIKES else f'y_{name}'}")
        w.indent -= 2
        w.line("for k in range(many):")
        for state in self.states:
            w.line(f"    end_{state}[cell + k] = at_{state}[k]")
        if self.waits:
            w.line("    end_wait[cell + k] = wait[k]")
        more = [
            *(Argument(f"out_{name}", f"{real}[]") for name in shape.outputs),
            *(Argument(f"end_{state}", f"{real}[]") for state in self.states),
            *([Argument("end_wait", "int32[]")] if self.waits else []),
        ]
        return self._text("All steps of", w, more)

    def backward(self) -> KernelText:
        """The kernel of the gradients: of the currents, of the first states, and of what is learned, added up for each neuron."""
        shape, real = self.shape, self.shape.precision
        lines = self.step[0]
        w = Writer(real)
        # an order that LLVM cannot read: it would test addresses that go backwards once for all steps, in vain, and stay scalar
        w.line("order = np.arange(steps)")
        length = f"steps * {WIDE}"
        waits = [("was_wait", "int32", length)] if self.waits else []
        self._open(
            w, *((f"was_{state}", real, f"(steps + 1) * {WIDE}") for state in self.states), *waits,
            *((f"g_at_{state}", real, str(WIDE)) for state in self.states),
            *((f"sum_{name}", real, str(WIDE)) for name in shape.learned),
        )  # fmt: skip
        self._numbers(w)
        w.line("for k in range(many):")
        for state in self.states:
            w.line(f"    was_{state}[k] = begin_{state}[cell + k]")
            w.line(f"    g_at_{state}[k] = g_end_{state}[cell + k]")
        for name in shape.learned:
            w.line(f"    sum_{name}[k] = F(0.0)")
        if self.waits:
            w.line("    was_wait[k] = begin_wait[cell + k]")
        w.line("for t in range(steps - 1):")
        w.indent += 1
        w.line("at = U(t * rows * width) + cell")
        w.line(f"own = U(t * {WIDE})")
        w.line("for k in range(many):")
        w.indent += 1
        self._load(w, "was_{state}[own + k]")
        if self.waits:
            w.line("wait = was_wait[own + k]")
            w.line("free = wait == np.int32(0)")
        for line in lines:
            w.line(line)
        self._fire(w)
        for state in self.states:
            w.line(f"was_{state}[own + U({WIDE}) + k] = y_{state}")
        if self.waits:
            self._wait(w, "wait")
            w.line(f"was_wait[own + U({WIDE}) + k] = wait")
        w.indent -= 2
        w.line("for back in range(steps):")
        w.indent += 1
        w.line("t = order[steps - 1 - back]")
        w.line("at = U(t * rows * width) + cell")
        w.line(f"own = U(t * {WIDE})")
        w.line("for k in range(many):")
        w.indent += 1
        self._load(w, "was_{state}[own + k]")
        if self.waits:
            w.line("free = was_wait[own + k] == np.int32(0)")
        step = Step(lines, real)
        for line in step.texts():
            w.line(line)
        self._fire(w, land=False)
        wanted = [
            *(f"x_{state}" for state in self.states), *(["current"] if shape.input_gradient else []),
            *(name_of(name) for name in shape.learned),
        ]  # fmt: skip
        seeds = self._seeds(w)
        moved, gradients = step.backward(seeds, wanted)
        for line in moved:
            w.line(line)
        for state in self.states:
            w.line(f"g_at_{state}[k] = {gradients[f'x_{state}']}")
        if shape.input_gradient:
            w.line(f"g_in[at + k] = {gradients['current']}")
        for name in shape.learned:
            w.line(f"sum_{name}[k] = sum_{name}[k] + {gradients[name_of(name)]}")
        w.indent -= 2
        w.line("for k in range(many):")
        for state in self.states:
            w.line(f"    g_begin_{state}[cell + k] = g_at_{state}[k]")
        for name in shape.learned:
            w.line(f"    g_par_{name}[column + k] = g_par_{name}[column + k] + sum_{name}[k]")
        more = [
            *(Argument(f"g_out_{name}", f"{real}[]") for name in shape.outputs),
            *(Argument(f"g_end_{state}", f"{real}[]") for state in self.states),
            *(Argument(f"g_begin_{state}", f"{real}[]") for state in self.states),
            *([Argument("g_in", f"{real}[]")] if shape.input_gradient else []),
            *(Argument(f"g_par_{name}", f"{real}[]") for name in shape.learned),
        ]
        return self._text("Gradients of", w, more)

    def _seeds(self, w: Writer) -> dict[str, str]:
        """Write what reaches the states before and after a reset, and the excess, from the outputs and the next step."""
        shape = self.shape
        _, before, landing, excess = self.step
        total: dict[str, str] = {}
        spike = ["g_out_spikes[at + k]"] if SPIKES in shape.outputs else []

        def give(name: str, text: str) -> None:
            total[name] = f"{total[name]} + {text}" if name in total else text

        for state in self.states:
            mine = f"g_at_{state}[k]" + (f" + g_out_{state}[at + k]" if state in shape.outputs else "")
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

    def _text(self, what: str, w: Writer, more: Sequence[Argument]) -> KernelText:
        model = self.system.neuron.model.name
        return KernelText(
            title=f"{what} {model}, {self.cell.integration.method}", precision=self.shape.precision,
            arguments=self._arguments(*more), body=tuple(w.lines), origins=self.origins,
        )  # fmt: skip


def name_of(number: str) -> str:
    """The local name of a number of the step."""
    return f"n_{number}"
