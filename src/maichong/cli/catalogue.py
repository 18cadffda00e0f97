"""What there is: the verbs ``list`` and ``show``."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from maichong import files
from maichong.cli import portrait
from maichong.cli.tables import put, table_of
from maichong.encoding import Code, codes
from maichong.encoding.fields import described
from maichong.errors import MaichongError, ParameterError, did_you_mean
from maichong.spec import Option, registry
from maichong.spec.model import Model


def show_list(kind: str | None, json: Path | None) -> None:
    """The catalogue: models by kind, papers, data sets, benchmarks."""
    from maichong import bench, data
    from maichong.zoo import protocol

    found: dict[str, list[tuple[str, str]]] = {
        label: [(model.name, _first_line(model.doc)) for model in models] for label, models in registry.kinds().items()
    }
    found["code"] = [(name, _first_line(sys.modules[code.__module__].__doc__)) for name, code in codes().items()]
    found["paper"] = [(name, protocol.find(name).TITLE) for name in protocol.names()]
    found["data"] = [(name, _first_line(_data_set(name).__doc__)) for name in data.names()]
    found["benchmark"] = list(bench.benchmarks().items())
    if kind is not None:
        by_word = {_words(label): label for label in found}
        wanted = by_word.get(_words(kind).removesuffix("s"))
        if wanted is None:
            raise ParameterError("list", f"there is no kind {kind!r}", fix=did_you_mean(kind, found))
        found = {wanted: found[wanted]}
    for label, entries in found.items():
        table = table_of(title=label)
        for name, line in entries:
            table.add_row(Text(name, style="bold"), line)
        put(table)
    if json:
        files.write_json(json, {label: [name for name, _ in entries] for label, entries in found.items()})


def _words(kind: str) -> str:
    return kind.casefold().replace("-", " ").replace("_", " ")


def show_one(name: str, json: Path | None, plot: bool = False, out: Path | None = None) -> None:
    """One model, one paper, one data set or one benchmark network; with ``plot`` a neuron is drawn to ``out`` too."""
    from maichong import data
    from maichong.bench import deep, networks
    from maichong.zoo import protocol

    if plot:
        # before anything is printed: what cannot be drawn is refused
        portrait.check(registry.find(name), out)
    if name.replace("_", "-").casefold() in protocol.names():
        _show_paper(protocol.find(name), json)
    elif name.replace("-", "_").casefold() in data.names():
        _show_data_set(name.replace("-", "_").casefold(), json)
    elif name.replace("_", "-").casefold() in networks.benchmarks():
        _show_network(networks.benchmarks()[name.replace("_", "-").casefold()], json)
    elif name.casefold() == deep.NAME:
        _show_deep(json)
    elif _words(name).replace(" ", "") in (known := {_words(code): code for code in codes()}):
        _show_code(codes()[known[_words(name).replace(" ", "")]], json)
    else:
        try:
            model = registry.find(name)
        except MaichongError:
            known = [*registry.models(), *codes(), *protocol.names(), *data.names(), *networks.benchmarks(), deep.NAME]
            raise ParameterError("show", f"there is nothing called {name!r}", fix=did_you_mean(name, known)) from None
        put(Text(f"{model.name} ({model.kind})", style="bold"))
        _print_doc(model.doc)
        put()
        put(_symbols(model))
        for option in model.options:
            if isinstance(option, Option) and option.meanings:
                put()
                put(_choices(option))
        if json:
            files.write_json(json, _model_data(model))
        if plot:
            put(f"drawn: {portrait.draw(model, out)}")


def _print_doc(doc: str) -> None:
    """A docstring; its paragraphs take the width of the terminal, its equations stay."""
    if sys.stdout.isatty():
        parts = doc.split("\n\n")
        doc = "\n\n".join(part if part.startswith(" ") else " ".join(part.split()) for part in parts)
    put(Text(doc))


def _symbols(model: Model) -> Table:
    table = table_of("symbol", "what", "default", "unit", "bounds", "meaning")
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


def _choices(option: Option) -> Table:
    """What the choices of an option mean, each with its other names."""
    table = table_of(title=option.name)
    for choice, meaning in option.meanings.items():
        others = "".join(f", {alias}" for alias, of in option.aliases if of == choice)
        table.add_row(Text(choice + others, style="bold"), meaning)
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
    put(Text(module.TITLE, style="bold"))
    _print_doc((module.__doc__ or "").partition("\n\n")[2].strip())
    put()
    # the paper's constants, and what each data set, and larger networks on it, change in them
    changes = {f"on {data}": entries for data, entries in module.DATA.items()}
    changes |= {
        f"{data}, {least:,}+ neurons": entries
        for data, by_size in getattr(module, "SIZES", {}).items()
        for least, entries in by_size.items()
    }
    table = table_of("setting", "paper", *changes, title="settings (--set KEY=VALUE)")
    for entry in dataclasses.fields(module.Settings):
        table.add_row(entry.name, str(entry.default), *(str(entries.get(entry.name, "")) for entries in changes.values()))
    put(table)
    put()
    claims = table_of("quantity", "when", "paper", "tolerance", title="claims")
    for claim in module.CLAIMS:
        claims.add_row(claim.quantity, claim.condition, f"{claim.paper:g} {claim.unit}", f"{claim.tolerance:g}")
    put(claims)
    if json:
        files.write_json(
            json,
            {"name": module.NAME, "title": module.TITLE, "claims": [dataclasses.asdict(c) for c in module.CLAIMS],
             "settings": {entry.name: entry.default for entry in dataclasses.fields(module.Settings)}},
        )  # fmt: skip


def _data_set(name: str) -> Any:
    return importlib.import_module(f"maichong.data.{name}")


def _show_data_set(name: str, json: Path | None) -> None:
    module = _data_set(name)
    facts = {"source": module.SOURCE, "licence": module.LICENCE, "citation": module.CITATION}
    put(Text(f"{name} (data)", style="bold"))
    _print_doc((module.__doc__ or "").strip())
    put()
    table = table_of()
    for label, text in facts.items():
        table.add_row(label, text)
    put(table)
    if json:
        files.write_json(json, {"name": name, "kind": "data", "doc": (module.__doc__ or "").strip(), **facts})


def _show_code(code: type[Code], json: Path | None) -> None:
    doc = (sys.modules[code.__module__].__doc__ or "").strip()
    put(Text(f"{code.__name__} (code)", style="bold"))
    _print_doc(doc)
    put()
    table = table_of("symbol", "default", "unit", "bounds", "meaning")
    for row in described(code):
        table.add_row(*row)
    put(table)
    if json:
        heads = ("name", "default", "unit", "bounds", "meaning")
        params = [dict(zip(heads, row, strict=True)) for row in described(code)]
        files.write_json(json, {"name": code.__name__, "kind": "code", "reads": code.reads, "doc": doc, "params": params})


def _show_network(benchmark: Any, json: Path | None) -> None:
    from maichong.bench.networks.benchmark import family_of, given

    doc = (family_of(benchmark.family).__doc__ or "").strip()
    put(Text(f"{benchmark.name} (benchmark)", style="bold"))
    put(f"{benchmark.title}\n")
    _print_doc(doc)
    put()
    put(constants_table(benchmark))
    if json:
        constants = given(benchmark.constants)
        files.write_json(
            json, {"name": benchmark.name, "kind": "benchmark", "title": benchmark.title, "doc": doc, "constants": constants}
        )


def _show_deep(json: Path | None) -> None:
    from maichong.bench import deep
    from maichong.bench.deep import nets
    from maichong.bench.networks.benchmark import given
    from maichong.cli import deep_benchmark

    doc = (nets.__doc__ or "").strip()
    put(Text(f"{deep.NAME} (benchmark)", style="bold"))
    put(f"{deep.TITLE}\n")
    _print_doc(doc)
    put()
    put(deep_benchmark.constants_table())
    if json:
        constants = {net.name: given(net.constants) for net in nets.NETS.values()}
        files.write_json(
            json, {"name": deep.NAME, "kind": "benchmark", "title": deep.TITLE, "doc": doc, "constants": constants}
        )


def constants_table(benchmark: Any) -> Table:
    """The constants of a benchmark network: value, unit and meaning."""
    from maichong.bench.networks.benchmark import described

    table = table_of("constant", "value", "what it is")
    for row in described(benchmark.constants):
        table.add_row(*row)
    return table


def _first_line(doc: str | None) -> str:
    return (doc or "").split("\n", 1)[0]
