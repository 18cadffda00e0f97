"""The kernels of renewal sources: who is due fires, and draws its next spike from the counter-based stream."""

from __future__ import annotations

from collections.abc import Sequence

from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.plan import PopulationPlan
from maichong.spec import SourceModel
from maichong.spec.reading import arguments


def source_kernel(plan: PopulationPlan) -> KernelText:
    """The kernel of a renewal source: who is due fires, and draws its next spike from the counter-based stream.

    A calendar keeps who is due when: a chain of neurons for each day, the day being the stamp modulo the calendar's size.
    So a step costs what it fires, however large the population.
    """
    model = getattr(plan.source, "model", None)
    assert isinstance(model, SourceModel)
    names = [param.name for param in model.params]
    w = Writer("float64")
    w.line("stamp = step + 1")
    w.line("slot = stamp & (depth - 1)")
    w.line("row = slot * n")
    w.line("count = 0")
    w.line("day = stamp & (chains.size - 1)")
    w.line("j = chains[day]")
    w.line("chains[day] = -1")
    w.line("while j >= 0:")
    w.indent += 1
    w.line("after = link[j]")
    w.line("if due_at[j] == stamp:")
    w.indent += 1
    # chains are in no order: the few who fire are sorted as they come
    w.line("at = row + count")
    w.line("while at > row and ring[at - 1] > j:")
    w.line("    ring[at] = ring[at - 1]")
    w.line("    at -= 1")
    w.line("ring[at] = j")
    w.line("count += 1")
    w.line("counts[j] += 1")
    _draw(w, model, names, "stamp")
    w.indent -= 1
    w.line("if due_at[j] != NEVER:")
    w.line("    day_then = due_at[j] & (chains.size - 1)")
    w.line("    link[j] = chains[day_then]")
    w.line("    chains[day_then] = j")
    w.line("j = after")
    w.indent -= 1
    w.line("ring_count[slot] = count")
    return _source_text(w, f"One step of the source {model.name}", names)


def redraw_kernel(plan: PopulationPlan) -> KernelText:
    """The kernel that draws anew the next spikes of those neurons whose parameters changed."""
    model = getattr(plan.source, "model", None)
    assert isinstance(model, SourceModel)
    names = [param.name for param in model.params]
    w = Writer("float64")
    w.line("for day in range(chains.size):")
    w.line("    chains[day] = -1")
    w.line("for j in range(n):")
    w.indent += 1
    w.line("if changed[j]:")
    w.indent += 1
    _draw(w, model, names, "step")
    w.indent -= 1
    w.line("if due_at[j] != NEVER:")
    w.line("    day_then = due_at[j] & (chains.size - 1)")
    w.line("    link[j] = chains[day_then]")
    w.line("    chains[day_then] = j")
    w.indent -= 1
    return _source_text(w, f"New draws for the source {model.name}", names, Argument("changed", "uint8[]"))


def _draw(w: Writer, model: SourceModel, names: Sequence[str], step: str) -> None:
    w.line(f"r0, r1, _, _ = philox(np.uint64(j), np.uint64({step}) & LOW, np.uint64({step}) >> SHIFT,")
    w.line("                       np.uint64(stream), np.uint64(seed_low), np.uint64(seed_high))")
    w.line("u = unit(r0, r1)")
    env = {**{name: f"par_{name}[j]" for name in names}, "u": "u"}
    wait = w.inline(model.interval, [env[name] for name in arguments(model.interval)])[0]
    w.line(f"steps = np.ceil(({wait}) / dt)")
    # infinity and NaN both mean never
    w.line(f"due = np.int64({step}) + np.int64(steps if steps > 1.0 else 1.0) if steps < 4503599627370496.0 else NEVER")
    w.line("due_at[j] = due")


def _source_text(w: Writer, title: str, names: Sequence[str], *more: Argument) -> KernelText:
    return KernelText(
        title=title,
        precision="float64",
        arguments=(
            Argument("n", "int"), Argument("depth", "int"), Argument("stream", "int"), Argument("seed_low", "int"),
            Argument("seed_high", "int"), Argument("dt", "float64"), *(Argument(f"par_{name}", "float64[]") for name in names),
            Argument("due_at", "int64[]"), Argument("chains", "int32[]"), Argument("link", "int32[]"), Argument("ring", "int32[]"),
            Argument("ring_count", "int32[]"), Argument("counts", "int64[]"), *more,
        ),
        body=tuple(w.lines),
        origins=tuple(w.origins),
        extra=(
            "from maichong.random_compiled import LOW, SHIFT, philox, unit\nNEVER = 9223372036854775807\n"
        ),
    )  # fmt: skip
