"""The kernels of renewal sources: who is due fires, and draws its next spike from the counter-based stream.

Where neurons copy a hidden train, that train alone is drawn so, and at each of its spikes every neuron has a random word."""

from __future__ import annotations

from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.population_plan import PopulationPlan
from maichong.spec import SourceModel
from maichong.spec.model import Function
from maichong.spec.reading import arguments


def source_kernel(plan: PopulationPlan) -> KernelText:
    """The kernel of a renewal source: who is due fires, and draws its next spike from the counter-based stream.

    A calendar keeps who is due when: a chain of neurons for each day, the day being the stamp modulo the calendar's size.
    So a step costs what it fires, however large the population.
    """
    model = _model(plan)
    w = Writer("float64")
    w.line("stamp = step + 1")
    w.line("slot = stamp & (depth - 1)")
    w.line("row = slot * n")
    w.line("count = 0")
    if model.copy:
        _copies(w, model)
        w.line("ring_count[slot] = count")
        return _source_text(w, f"One step of the source {model.name}", model)
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
    _draw(w, model, "stamp")
    w.line("due_at[j] = due")
    w.indent -= 1
    w.line("if due_at[j] != NEVER:")
    w.line("    day_then = due_at[j] & (chains.size - 1)")
    w.line("    link[j] = chains[day_then]")
    w.line("    chains[day_then] = j")
    w.line("j = after")
    w.indent -= 1
    w.line("ring_count[slot] = count")
    return _source_text(w, f"One step of the source {model.name}", model)


def _copies(w: Writer, model: SourceModel) -> None:
    """Where the hidden train spikes, each neuron copies the spike or not."""
    w.line("if due_at[0] == stamp:")
    w.indent += 1
    w.line("j = 0")
    copy = w.inline(model.copy, _values(model, model.copy))[0] if model.copy else ""
    w.line(f"below = ({copy}) * 4294967296.0")
    w.line("low, high = U(stamp) & LOW, U(stamp) >> SHIFT")
    w.line("for k in range(U(n)):")
    w.line("    word, _, _, _ = philox(k, low, high, U(copies), U(seed_low), U(seed_high))")
    w.line("    if np.float64(word) < below:")
    w.line("        ring[row + count] = k")
    w.line("        counts[k] += 1")
    w.line("        count += 1")
    _draw(w, model, "stamp")
    w.line("due_at[0] = due")
    w.indent -= 1


def redraw_kernel(plan: PopulationPlan) -> KernelText:
    """The kernel that draws anew the next spikes of those neurons whose parameters changed."""
    model = _model(plan)
    w = Writer("float64")
    w.line("for j in range(trains):")
    w.indent += 1
    w.line("if changed[j]:")
    w.indent += 1
    _draw(w, model, "step")
    w.line("due_at[j] = due")
    w.indent -= 2
    _link(w, model, "NEVER - 1")
    return _source_text(w, f"New draws for the source {model.name}", model, Argument("changed", "uint8[]"))


def change_kernel(plan: PopulationPlan) -> KernelText:
    """The kernel that takes scheduled parameters over when they begin, and draws anew the next spikes of whom they change.

    A rate may change every millisecond: so all draw together, as SIMD code, and who is due after the next change, which will draw
    anew most of them, is not entered in the calendar before.
    """
    model = _model(plan)
    w = Writer("float64", vectors=True)
    begins(w)
    w.line("until = stamps[at + 1] if at + 1 < stamps.size else NEVER - 1")
    w.line("for j in range(U(trains)): changed[j] = 0")
    more = [Argument("changed", "uint8[]"), Argument("stamps", "int64[]")]
    for name, course in plan.courses.items():
        more += [Argument(f"rows_{name}", "int64[]"), Argument(f"values_{name}", "float64[]")]
        w.line(f"row = rows_{name}[at]")
        w.line("if row >= 0:")
        w.line("    for j in range(U(trains)):")
        w.line(f"        new = values_{name}[{'U(row * n) + j' if course.each else 'row'}]")
        w.line(f"        changed[j] = changed[j] | np.uint8(new != par_{name}[j])")
        w.line(f"        par_{name}[j] = new")
    w.line("for j in range(U(trains)):")
    w.indent += 1
    w.line("before = due_at[j]")
    _draw(w, model, "stamp")
    w.line("due_at[j] = due if changed[j] else before")
    w.indent -= 1
    _link(w, model, "until")
    return _source_text(w, f"Scheduled changes of the source {model.name}", model, *more)


def begins(w: Writer) -> None:
    """Go on where a value begins at the end of this step, as ``at`` of the ``stamps``."""
    w.line("stamp = step + 1")
    w.line("at = np.searchsorted(stamps, stamp)")
    w.line("if at == stamps.size or stamps[at] != stamp:")
    w.line("    return")


def _link(w: Writer, model: SourceModel, until: str) -> None:
    """Enter in the calendar, from nothing, who is due up to the stamp ``until``; a hidden train has none."""
    if model.copy:
        return
    w.line("for day in range(chains.size):")
    w.line("    chains[day] = -1")
    w.line("for j in range(n):")
    w.line(f"    if due_at[j] <= {until}:")
    w.line("        day_then = due_at[j] & (chains.size - 1)")
    w.line("        link[j] = chains[day_then]")
    w.line("        chains[day_then] = j")


def _model(plan: PopulationPlan) -> SourceModel:
    model = getattr(plan.source, "model", None)
    assert isinstance(model, SourceModel)
    return model


def _values(model: SourceModel, function: Function) -> list[str]:
    """The texts of what a source's function asks for, at the train j."""
    known = {**{param.name: f"par_{param.name}[j]" for param in model.params}, "u": "u", "dt": "dt"}
    return [known[name] for name in arguments(function)]


def _draw(w: Writer, model: SourceModel, step: str) -> None:
    w.line(f"r0, r1, _, _ = philox(U(j), U({step}) & LOW, U({step}) >> SHIFT, U(stream), U(seed_low), U(seed_high))")
    w.line("u = unit(r0, r1)")
    wait = w.inline(model.interval, _values(model, model.interval))[0]
    w.line(f"steps = np.ceil(({wait}) / dt)")
    # infinity and NaN both mean never
    w.line("ever = steps < 4503599627370496.0")
    w.line("ahead = steps if ever & (steps > 1.0) else 1.0")
    w.line(f"due = {step} + np.int64(ahead)")
    w.line("due = due if ever else NEVER")


def _source_text(w: Writer, title: str, model: SourceModel, *more: Argument) -> KernelText:
    own = [Argument("copies", "int")] if model.copy else [Argument("chains", "int32[]"), Argument("link", "int32[]")]
    return KernelText(
        title=title,
        precision="float64",
        arguments=(
            Argument("n", "int"), Argument("trains", "int"), Argument("depth", "int"), Argument("stream", "int"),
            Argument("seed_low", "int"), Argument("seed_high", "int"), Argument("dt", "float64"),
            *(Argument(f"par_{param.name}", "float64[]") for param in model.params),
            Argument("due_at", "int64[]"), *own, Argument("ring", "int32[]"),
            Argument("ring_count", "int32[]"), Argument("counts", "int64[]"), *more,
        ),
        body=tuple(w.lines),
        origins=tuple(w.origins),
        extra=(
            "from maichong.random_compiled import LOW, SHIFT, philox, unit\nNEVER = 9223372036854775807\n"
        ),
    )  # fmt: skip
