"""What the verbs print: tables with rich, progress bars, JSON files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from maichong import files
from maichong.errors import ParameterError, did_you_mean
from maichong.spec import registry
from maichong.spec.model import Model

stdout = Console(soft_wrap=False, highlight=False)
stderr = Console(stderr=True, highlight=False)


def show_list(kind: str | None, json: Path | None) -> None:
    """The catalogue: models by kind, papers, data sets."""
    from maichong import data
    from maichong.zoo import protocol

    found: dict[str, list[tuple[str, str]]] = {
        label: [(model.name, _first_line(model.doc)) for model in models] for label, models in registry.kinds().items()
    }
    found["paper"] = [(name, protocol.find(name).TITLE) for name in protocol.names()]
    found["data"] = [(name, "") for name in data.names()]
    if kind is not None:
        wanted = kind.casefold().removesuffix("s")
        if wanted not in found:
            raise ParameterError("list", f"there is no kind {kind!r}", fix=did_you_mean(kind, found))
        found = {wanted: found[wanted]}
    for label, entries in found.items():
        table = Table(title=label, title_justify="left", show_header=False, box=None, padding=(0, 2))
        for name, line in entries:
            table.add_row(Text(name, style="bold"), line)
        stdout.print(table)
    if json:
        files.write_json(json, {label: [name for name, _ in entries] for label, entries in found.items()})


def show_one(name: str, json: Path | None) -> None:
    """One model, or one paper."""
    from maichong.zoo import protocol

    if name.replace("_", "-").casefold() in protocol.names():
        _show_paper(protocol.find(name), json)
        return
    known = [*registry.models(), *protocol.names()]
    try:
        model = registry.find(name)
    except Exception:
        raise ParameterError("show", f"there is nothing called {name!r}", fix=did_you_mean(name, known)) from None
    stdout.print(Text(f"{model.name} ({model.kind})", style="bold"))
    stdout.print(Text(model.doc))
    stdout.print()
    stdout.print(_symbols(model))
    if json:
        files.write_json(json, _model_data(model))


def _symbols(model: Model) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for heading in ("symbol", "what", "default", "unit", "bounds", "meaning"):
        table.add_column(heading)
    for state in model.states:
        start = state.init if isinstance(state.init, (int, float, str)) else f"{state.init.__name__}()"
        table.add_row(state.name, "state", str(start), state.unit, "", state.meaning)
    for entry in getattr(model, "inputs", ()):
        table.add_row(entry.name, "input", "", entry.unit, "", entry.meaning)
    for trace in getattr(model, "traces", ()):
        table.add_row(trace.name, f"{trace.on} trace", "0", "", f"decays with {trace.tau}", trace.meaning)
    for param in model.params:
        default = "none" if param.default is None else f"{param.default:g}"
        table.add_row(param.name, "parameter", default, param.unit, param.bounds_text(), param.meaning)
    for option in model.options:
        table.add_row(option.name, "option", option.choices[0], "", " | ".join(option.choices), option.meaning)
    return table


def _model_data(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "kind": model.kind,
        "doc": model.doc,
        "params": [
            {"name": p.name, "default": p.default, "unit": p.unit, "meaning": p.meaning, "bounds": p.bounds_text()}
            for p in model.params
        ],
        "states": [{"name": s.name, "unit": s.unit, "meaning": s.meaning} for s in model.states],
        "options": {option.name: list(option.choices) for option in model.options},
    }


def _show_paper(module: Any, json: Path | None) -> None:
    import dataclasses

    stdout.print(Text(module.TITLE, style="bold"))
    stdout.print(Text((module.__doc__ or "").strip()))
    table = Table(title="settings", title_justify="left", box=None, padding=(0, 2), header_style="dim")
    for heading in ("setting", "paper", *module.DATA):
        table.add_column(heading)
    for entry in dataclasses.fields(module.Settings):
        changed = (str(module.DATA[data].get(entry.name, "")) for data in module.DATA)
        table.add_row(entry.name, str(entry.default), *changed)
    stdout.print(table)
    claims = Table(title="claims", title_justify="left", box=None, padding=(0, 2), header_style="dim")
    for heading in ("quantity", "when", "paper", "tolerance"):
        claims.add_column(heading)
    for claim in module.CLAIMS:
        when = ", ".join(f"{key}={value}" for key, value in claim.when.items())
        claims.add_row(claim.quantity, when, f"{claim.paper:g} {claim.unit}", f"{claim.tolerance:g}")
    stdout.print(claims)
    if json:
        files.write_json(
            json,
            {"name": module.NAME, "title": module.TITLE, "claims": [dataclasses.asdict(c) for c in module.CLAIMS],
             "settings": {entry.name: entry.default for entry in dataclasses.fields(module.Settings)}},
        )  # fmt: skip


class _Facts(ProgressColumn):
    """Speed, spikes per image and the running accuracy, where they are known."""

    def render(self, task: Task) -> Text:
        facts = task.fields.get("facts", {})
        parts = []
        if facts.get("per_s"):
            parts.append(f"{facts['per_s']:.0f} images/s")
        if facts.get("spikes") is not None:
            parts.append(f"{facts['spikes']:.1f} spikes/image")
        if facts.get("accuracy") is not None:
            parts.append(f"accuracy {100 * facts['accuracy']:.1f} %")
        return Text("  ".join(parts))


def run_reproduction(
    name: str, data: str | None, settings: dict[str, str], seeds: int, out: Path | None, resume: Path | None, smoke: bool,
    json: Path | None,
) -> int:  # fmt: skip
    """Run a paper with a progress bar; the exit code that its claims earn."""
    from maichong.zoo import protocol

    columns = (
        TextColumn("{task.description:>6}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        _Facts(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr, transient=not stderr.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def tell(*, stage: str, done: int, total: int, **facts: Any) -> None:
            if stage not in tasks or progress.tasks[tasks[stage]].completed > done:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, facts=facts)

        outcome = protocol.reproduce(
            name, data=data, settings=settings, seeds=seeds, out=out, resume=resume, smoke=smoke, tell=tell,
            command=" ".join(["maichong", *sys.argv[1:]]),
        )  # fmt: skip
    _print_outcome(outcome)
    if json:
        files.write_json(json, outcome)
    return int(any(claim["verdict"] == "fails" for claim in outcome["claims"]))


def _print_outcome(outcome: dict[str, Any]) -> None:
    table = Table(title=outcome["title"], title_justify="left", header_style="dim")
    for heading in ("quantity", "paper", "ours", "verdict"):
        table.add_column(heading)
    judged = set()
    for claim in outcome["claims"]:
        judged.add(claim["quantity"])
        ours = ", ".join(f"{value:.2f}" for value in claim["ours"])
        style = "green" if claim["verdict"] == "holds" else "red"
        table.add_row(
            claim["quantity"], f"{claim['paper']:g} {claim['unit']} - {claim['tolerance']:g}", f"{ours} {claim['unit']}",
            Text(claim["verdict"], style=style),
        )  # fmt: skip
    for quantity, values in outcome["measured"].items():
        if quantity not in judged:
            table.add_row(quantity, "-", ", ".join(f"{value:.2f}" for value in values), "no figure in the paper")
    stdout.print(table)
    stdout.print(
        f"{outcome['wall_s']:.1f} s, {outcome['train_samples_per_s']:.0f} training images/s, "
        f"peak memory {outcome['peak_rss_mib']:.0f} MiB"
    )
    stdout.print(f"report: {outcome['report']}")


def run_checks(name: str | None, json: Path | None) -> int:
    """Run the conformance checks and print the table of models by checks; 0 when all pass."""
    from maichong import checks

    outcomes = checks.check_all([name] if name else None)
    rows = checks.table(outcomes)
    table = Table(header_style="dim")
    for heading in rows[0]:
        table.add_column(heading)
    for row in rows[1:]:
        table.add_row(*row)
    stdout.print(table)
    for outcome in outcomes:
        if outcome.verdict != "ok":
            stdout.print(f"{outcome.model}, {outcome.check}, {outcome.engine}: {outcome.verdict}: {outcome.detail}")
    if json:
        files.write_json(json, checks.to_json(outcomes))
    return 0 if checks.passed(outcomes) else 1


def run_bench(name: str, against: list[str], images: int, neurons: int, json: Path | None) -> None:
    """Run a benchmark and print a row for each tool, and the ratios."""
    from maichong import bench

    outcome = bench.run(name, against, images=images, neurons=neurons, tell=lambda line: stderr.print(line, style="dim"))
    table = Table(title=outcome["network"], title_justify="left", header_style="dim")
    for heading in ("tool", "version", "images/s", "build s", "spikes/image", "peak MiB", "ours / theirs"):
        table.add_column(heading, justify="right" if heading != "tool" else "left")
    for row in outcome["rows"]:
        ratio = outcome["ratios"].get(row["tool"])
        table.add_row(
            row["tool"], row["version"], f"{row['images_per_s']:.1f}", f"{row['build_s']:.1f}", f"{row['spikes_per_image']:.1f}",
            f"{row['peak_rss_mib'] or 0:.0f}", f"{ratio:.1f} x" if ratio else "",
        )  # fmt: skip
    stdout.print(table)
    for row in outcome["rows"]:
        for note in row["notes"]:
            stdout.print(f"{row['tool']}: {note}", style="dim")
    if json:
        files.write_json(json, outcome)


def _first_line(doc: str) -> str:
    return doc.split("\n", 1)[0]
