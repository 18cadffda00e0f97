"""What the verbs print: tables with rich, JSON files."""

from __future__ import annotations

import dataclasses
import importlib
import shlex
import sys
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from maichong import files
from maichong.cli.progress import duration, telling
from maichong.errors import MaichongError, ParameterError, did_you_mean
from maichong.spec import registry
from maichong.spec.model import Model

WIDE = 1000  # columns of what is no terminal, so that files and pipes get whole lines


def _print(*things: Any, style: str | None = None) -> None:
    """Print to stdout as it is now; text is text, whatever brackets it holds."""
    width = None if sys.stdout.isatty() else WIDE
    Console(width=width, highlight=False, markup=False, emoji=False).print(*things, style=style)


def _table(*headings: str, title: str = "", **options: Any) -> Table:
    """A table without lines, whose cells fold rather than lose their ends in a narrow terminal."""
    options = {"box": None, "padding": (0, 2), "header_style": "dim", **options}
    table = Table(title=title or None, title_justify="left", show_header=bool(headings), **options)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def show_list(kind: str | None, json: Path | None) -> None:
    """The catalogue: models by kind, papers, data sets."""
    from maichong import data
    from maichong.zoo import protocol

    found: dict[str, list[tuple[str, str]]] = {
        label: [(model.name, _first_line(model.doc)) for model in models] for label, models in registry.kinds().items()
    }
    found["paper"] = [(name, protocol.find(name).TITLE) for name in protocol.names()]
    found["data"] = [(name, _first_line(_data_set(name).__doc__)) for name in data.names()]
    if kind is not None:
        wanted = kind.casefold().replace("-", " ").replace("_", " ").removesuffix("s")
        if wanted not in found:
            raise ParameterError("list", f"there is no kind {kind!r}", fix=did_you_mean(kind, found))
        found = {wanted: found[wanted]}
    for label, entries in found.items():
        table = _table(title=label)
        for name, line in entries:
            table.add_row(Text(name, style="bold"), line)
        _print(table)
    if json:
        files.write_json(json, {label: [name for name, _ in entries] for label, entries in found.items()})


def show_one(name: str, json: Path | None) -> None:
    """One model, one paper or one data set."""
    from maichong import data
    from maichong.zoo import protocol

    if name.replace("_", "-").casefold() in protocol.names():
        _show_paper(protocol.find(name), json)
    elif name.casefold() in data.names():
        _show_data_set(name.casefold(), json)
    else:
        try:
            model = registry.find(name)
        except MaichongError:
            known = [*registry.models(), *protocol.names(), *data.names()]
            raise ParameterError("show", f"there is nothing called {name!r}", fix=did_you_mean(name, known)) from None
        _print(Text(f"{model.name} ({model.kind})", style="bold"))
        _print_doc(model.doc)
        _print()
        _print(_symbols(model))
        if json:
            files.write_json(json, _model_data(model))


def _print_doc(doc: str) -> None:
    """A docstring; its paragraphs take the width of the terminal, its equations stay."""
    if sys.stdout.isatty():
        parts = doc.split("\n\n")
        doc = "\n\n".join(part if part.startswith(" ") else " ".join(part.split()) for part in parts)
    _print(Text(doc))


def _symbols(model: Model) -> Table:
    table = _table("symbol", "what", "default", "unit", "bounds", "meaning")
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
    _print(Text(module.TITLE, style="bold"))
    _print_doc((module.__doc__ or "").partition("\n\n")[2].strip())
    _print()
    # the paper's constants, and what each data set changes in them
    table = _table("setting", "paper", *(f"on {data}" for data in module.DATA), title="settings (--set KEY=VALUE)")
    for entry in dataclasses.fields(module.Settings):
        changed = (str(module.DATA[data].get(entry.name, "")) for data in module.DATA)
        table.add_row(entry.name, str(entry.default), *changed)
    _print(table)
    _print()
    claims = _table("quantity", "when", "paper", "tolerance", title="claims")
    for claim in module.CLAIMS:
        claims.add_row(claim.quantity, _when(claim), f"{claim.paper:g} {claim.unit}", f"{claim.tolerance:g}")
    _print(claims)
    if json:
        files.write_json(
            json,
            {"name": module.NAME, "title": module.TITLE, "claims": [dataclasses.asdict(c) for c in module.CLAIMS],
             "settings": {entry.name: entry.default for entry in dataclasses.fields(module.Settings)}},
        )  # fmt: skip


def _when(claim: Any) -> str:
    return ", ".join(f"{key}={value}" for key, value in claim.when.items())


def _data_set(name: str) -> Any:
    return importlib.import_module(f"maichong.data.{name}")


def _show_data_set(name: str, json: Path | None) -> None:
    module = _data_set(name)
    facts = {"source": module.SOURCE, "licence": module.LICENCE, "citation": module.CITATION}
    _print(Text(f"{name} (data)", style="bold"))
    _print_doc((module.__doc__ or "").strip())
    _print()
    table = _table()
    for label, text in facts.items():
        table.add_row(label, text)
    _print(table)
    if json:
        files.write_json(json, {"name": name, "kind": "data", "doc": (module.__doc__ or "").strip(), **facts})


def run_reproduction(
    name: str, data: str | None, settings: dict[str, str], seeds: int | None, out: Path | None, resume: Path | None,
    smoke: bool, json: Path | None,
) -> int:  # fmt: skip
    """Run a paper and say how it goes; the exit code that its claims earn. After Ctrl-C, KeyboardInterrupt with the
    command that carries on."""
    from maichong.zoo import protocol

    counted = {} if seeds is None else {"seeds": seeds}
    try:
        with telling() as tell:
            outcome = protocol.reproduce(
                name, data=data, settings=settings, out=out, resume=resume, smoke=smoke, tell=tell,
                command=shlex.join(["maichong", *sys.argv[1:]]), **counted,
            )  # fmt: skip
    except protocol.Interrupted as interrupt:
        again = ["maichong", "reproduce", name, "--resume", str(interrupt.folder), *(["--json", str(json)] if json else [])]
        raise KeyboardInterrupt(shlex.join(again)) from None
    if json:
        files.write_json(json, protocol.contract(outcome))
    _print_outcome(outcome, protocol.find(name).CLAIMS, " since it was resumed" if resume else "")
    return int(any(claim["verdict"] == "fails" for claim in outcome["claims"]))


def _print_outcome(outcome: dict[str, Any], claims: Any, since: str) -> None:
    _print(Text(outcome["title"], style="bold"))
    table = _table("quantity", "paper", "ours", "verdict", box=box.ROUNDED, padding=(0, 1))
    units = {claim.quantity: claim.unit for claim in claims}
    judged = {claim["quantity"] for claim in outcome["claims"]}
    for claim in outcome["claims"]:
        style = "green" if claim["verdict"] == "holds" else "red"
        paper = f"{claim['paper']:g} {claim['unit']} (tolerance {claim['tolerance']:g})"
        table.add_row(claim["quantity"], paper, _ours(claim["ours"], claim["unit"]), Text(claim["verdict"], style=style))
    for quantity, values in outcome["measured"].items():
        if quantity not in judged:
            table.add_row(quantity, "-", _ours(values, units.get(quantity, "")), "not judged")
    _print(table)
    if not judged and claims:
        _print("not judged, because the paper's figures are for other data or settings:")
        for claim in claims:
            _print(f"  {claim.quantity} {claim.paper:g} {claim.unit} with {_when(claim)}")
    _print(
        f"{duration(outcome['wall_s'])}{since}, {outcome['train_samples_per_s']:,.0f} training images/s, "
        f"peak memory {outcome['peak_rss_mib']:,.0f} MiB"
    )
    _print(f"report: {outcome['report']}")


def _ours(values: list[float], unit: str) -> str:
    """One value per seed and, of several, their mean, which is what is judged."""
    each = ", ".join(f"{value:.2f}" for value in values)
    mean = f" (mean {sum(values) / len(values):.2f})" if len(values) > 1 else ""
    return f"{each}{mean} {unit}".rstrip()


def run_checks(name: str | None, json: Path | None) -> int:
    """Run the conformance checks and print the table of models by checks; 0 when all pass."""
    from maichong import checks

    outcomes = checks.check_all([name] if name else None)
    rows = checks.table(outcomes)
    table = _table(*rows[0])
    for row in rows[1:]:
        table.add_row(*row)
    _print(table)
    for outcome in outcomes:
        if outcome.verdict != "ok":
            _print(f"{outcome.model}, {outcome.check}, {outcome.engine}: {outcome.verdict}: {outcome.detail}")
    if json:
        files.write_json(json, checks.to_json(outcomes))
    return 0 if checks.passed(outcomes) else 1


def run_bench(name: str, against: list[str], images: int, neurons: int, json: Path | None) -> None:
    """Run a benchmark and print a row for each tool, and the ratios."""
    from maichong import bench

    outcome = bench.run(name, against, images=images, neurons=neurons, tell=lambda line: print(line, file=sys.stderr))
    if json:
        files.write_json(json, outcome)
    _print(Text(outcome["network"], style="bold"))
    table = _table("tool", "version", "images/s", "build s", "spikes/image", "peak MiB", "ours / theirs")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in outcome["rows"]:
        ratio = outcome["ratios"].get(row["tool"])
        table.add_row(
            row["tool"], row["version"], f"{row['images_per_s']:.1f}", f"{row['build_s']:.1f}", f"{row['spikes_per_image']:.1f}",
            f"{row['peak_rss_mib'] or 0:.0f}", f"{ratio:.1f} x" if ratio else "",
        )  # fmt: skip
    _print(table)
    for row in outcome["rows"]:
        for note in row["notes"]:
            _print(f"{row['tool']}: {note}", style="dim")


def _first_line(doc: str | None) -> str:
    return (doc or "").split("\n", 1)[0]
