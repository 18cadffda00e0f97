"""The lines of a kernel by which a narrow layer hears the neurons' spikes where they are fired.

Forward, the weights of those that fired in a step are added up: out[t, row] = start + the sum of weight[:, k] over the k that
fired. Back, the gradient of what came out reaches the spikes through the same weights, in a product of four rows or steps at once,
and the weights of each neuron that fired. The layer has up to 64 neurons, one block of a product.
"""

from __future__ import annotations

from maichong.engines.autograd.row_sums import SPARE
from maichong.engines.autograd.row_sums import WIDE as COLUMNS
from maichong.engines.autograd.shapes import WIDE, Shape
from maichong.engines.events.emit import Argument
from maichong.engines.events.lower import Writer

MOST = COLUMNS
"""Neurons of a narrow layer."""


def _at(name: str) -> str:
    """The address of an array, in a line; taken anew in each, for an array that no line reads any more is let go."""
    return f"U({name}.ctypes.data)"


def arguments(shape: Shape, back: bool) -> tuple[Argument, ...]:
    """What a kernel gets of the layer: ``n_read`` neurons, its weights, what its sums start from or its gradients."""
    real = f"{shape.precision}[]"
    own = ("g_read", "g_matrix") if back else ("start_read", "out_read")
    return Argument("n_read", "int"), Argument("read", real), *(Argument(name, real) for name in own)


def begin(w: Writer, shape: Shape, back: bool) -> None:
    """Room for a list of those that fired, and for a row's sums or gradients in each step."""
    if not shape.recurrent or back:
        lists(w, shape)
    many = "1" if shape.recurrent else "steps"
    if not back:
        w.line(f"sums = lined(np.zeros({many} * {COLUMNS} + SLACK, np.{shape.precision}))")
    else:  # a product takes four rows or steps at once
        w.line(f"g_sums = lined(np.zeros(({many} + 3) // 4 * 4 * {COLUMNS} + SLACK, np.{shape.precision}))")
        w.line(f"unit, nought = np.ones(1, np.{shape.precision}), np.zeros(1, np.int32)")


def lists(w: Writer, shape: Shape, noted: bool = False) -> None:
    """Room for a list of the neurons of a row or block that fired; where all lists are ``noted``, they have that already."""
    most = "width" if shape.recurrent else str(WIDE)
    w.line(f"size = U({4 if shape.precision == 'float32' else 8})")
    w.line(f"beside = np.zeros({most} + {SPARE}, np.{shape.precision})")
    w.line("place = room" if noted else f"index = np.zeros({most} + {SPARE}, np.int32)")


def list_fired(w: Writer, shape: Shape, noted: bool = False) -> None:
    """The list of those of a row or block that fired, from ``fired``, which is 0 behind the last; ``noted`` behind that of the row
    before, unless nobody wants them again."""
    lanes = {"float32": 16, "float64": 8}[shape.precision]
    w.line("count = 0")
    w.line(f"for k in range(0, np.int64(many), {lanes}):")
    w.line(f"    of, to = {_at('fired')} + (near + U(k)) * size, {_at('beside')} + U(count) * size")
    w.line(f"    count += places(of, k, {index_of(noted)} + U(4 * count), to)")
    if noted:
        w.line("if notes:")
        w.line("    bounds[U(2 * (t * rows + begin + r))] = place")
        w.line("    bounds[U(2 * (t * rows + begin + r) + 1)] = place + count")


def index_of(noted: bool) -> str:
    """The address of the list of a row or block."""
    return "U(noted.ctypes.data) + U(4 * place)" if noted else _at("index")


def move_on(w: Writer) -> None:
    """Behind all that hears a row's noted list: the next one's is behind it."""
    w.line("if notes:")
    w.line("    place += count")


NOTED = (Argument("noted", "int32[]"), Argument("bounds", "int64[]"), Argument("room", "int"), Argument("notes", "int"))
"""What a kernel gets to note the lists in: their room, where in it those of each row lie, its own begin, and whether they are
wanted again."""


def begin_block(w: Writer, shape: Shape, back: bool) -> None:
    """At the begin of a block of a row: what its sums start from, or all that reaches its spikes."""
    if shape.recurrent:
        return
    w.line("for k in range(many, U(stride)):")
    w.line("    fired[k] = F(0.0)")
    w.line("if begin == 0:")
    w.line("    for t in range(steps):")
    if not back:
        w.line(f"        for j in range({COLUMNS}):")
        w.line(f"            sums[t * {COLUMNS} + j] = start_read[j]")
        return
    w.line("        for j in range(n_read):")
    w.line(f"            g_sums[t * {COLUMNS} + j] = g_read[U((t * rows + row) * n_read + j)]")
    w.line("for t in range(0, steps, 4):")
    w.line(f"    for block in range((np.int64(many) + {COLUMNS - 1}) // {COLUMNS}):")
    w.line(f"        of = {_at('read')} + U((begin // {COLUMNS} + block) * n_read * {COLUMNS}) * size")
    w.line(f"        to = {_at('g_fired')} + U(t * stride + block * {COLUMNS}) * size")
    w.line(f"        dense_sums(of, {_at('g_sums')} + U(t * {COLUMNS}) * size, {COLUMNS}, n_read, to, stride)")


def hear(w: Writer, shape: Shape) -> None:
    """Forward, in each step, behind the list: the layer hears those that fired."""
    if shape.recurrent:
        w.line(f"row_adds({_at('read')}, {index_of(True)}, 0, count, {_at('start_read')}, {_at('sums')})")
        w.line("for j in range(n_read):")
        w.line("    out_read[U((t * rows + begin + r) * n_read + j)] = sums[j]")
        return
    w.line(f"now = {_at('sums')} + U(t * {COLUMNS}) * size")
    w.line(f"row_adds({_at('read')} + U(begin * {COLUMNS}) * size, {_at('index')}, 0, count, now, now)")


def end_block(w: Writer, shape: Shape) -> None:
    """Forward, behind all steps of a block: behind a row's last one, its sums are written."""
    if shape.recurrent:
        return
    w.line("if begin + np.int64(many) == width:")
    w.line("    for t in range(steps):")
    w.line("        for j in range(n_read):")
    w.line(f"            out_read[U((t * rows + row) * n_read + j)] = sums[t * {COLUMNS} + j]")


def learn(w: Writer, shape: Shape) -> None:
    """In each step, behind the list: the gradients of the weights of those that fired."""
    first = "0" if shape.recurrent else "begin"
    if shape.recurrent:
        w.line("for j in range(n_read):")
        w.line("    g_sums[j] = g_read[U((t * rows + begin + r) * n_read + j)]")
    w.line(f"now = {_at('g_sums')} + U({'0' if shape.recurrent else f't * {COLUMNS}'}) * size")
    w.line("for c in range(count):")
    w.line(f"    of = {_at('g_matrix')} + U(({first} + index[U(c)]) * {COLUMNS}) * size")
    w.line(f"    row_sums(now, {_at('nought')}, {_at('unit')}, 0, 1, of, of)")


def tell_back(w: Writer, shape: Shape) -> None:
    """Backward, before each step of rows that hear each other: what reaches their spikes."""
    if not shape.recurrent:
        return
    w.line("for r in range(group):")
    w.line("    for j in range(n_read):")
    w.line(f"        g_sums[r * {COLUMNS} + j] = g_read[U((t * rows + begin + r) * n_read + j)]")
    w.line("for block in range(blocks):")
    w.line(f"    of, to = U(block * n_read * {COLUMNS}) * size, U(block * {COLUMNS}) * size")
    w.line(f"    dense_sums({_at('read')} + of, {_at('g_sums')}, {COLUMNS}, n_read, {_at('g_fired')} + to, padded)")
