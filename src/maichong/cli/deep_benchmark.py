"""The benchmark ``deep`` on the screen: for each network a row for each tool, the ratios, and whether it was the same work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from maichong.cli.tables import put, table_of


def constants_table() -> Table:
    """The constants of all networks, side by side."""
    from maichong.bench.deep.nets import NETS
    from maichong.bench.networks.benchmark import described

    table = table_of("constant", *NETS, "what it is")
    for rows in zip(*(described(net.constants) for net in NETS.values()), strict=True):
        name, _, meaning = rows[0]
        values = [value.removeprefix("None") for _, value, _ in rows]
        table.add_row(name, *values, meaning)
    return table


def put_outcome(outcome: Mapping[str, Any]) -> int:
    """Print what came of it; 1 where a peer failed."""
    for net in outcome["nets"]:
        put(Text(net["network"], style="bold"))
        if net["rows"]:
            put(_speeds(net["rows"]))
            put(
                f"samples/s: of training and of inference, the median of {net['repeats']} x {net['steps']} batches, on"
                f" {outcome['threads']} threads, torch's switch for products at {outcome['products']}; first: seconds of the first"
                " call of each; MiB: peak beyond libraries and data; cold: the same where the first calls compiled",
                style="dim",
            )
            put()
            put(_rates(net["rows"]))
            put(
                "spikes of a neuron in a step, by layer, with the initial weights and after training; loss before and after",
                style="dim",
            )
        _put_words(net)
        put()
    return int(any(net["failures"] for net in outcome["nets"]))


def _speeds(rows: Sequence[Mapping[str, Any]]) -> Table:
    ours = {what: max((row[f"{what}_per_s"] for row in rows if row["tool"] == "maichong"), default=None) for what in WHAT}
    table = _table("tool", "samples/s", "ours", "first", "infer/s", "ours", "first", "MiB", "cold")
    for row in rows:
        cells = []
        for what in WHAT:
            best, speed = ours[what], row[f"{what}_per_s"]
            ratio = "" if best is None or row["tool"] == "maichong" else f"{best / speed:.1f} x"
            cells += [f"{speed:,.0f}", ratio, f"{row[f'first_{what}_s']:.1f}"]
        table.add_row(_label(row), *cells, f"{row['beyond_mib']:,.0f}", f"{row['cold_mib']:,.0f}")
    return table


WHAT = ("train", "infer")


def _rates(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("rates", *rows[0]["rates"], "loss")
    for row in rows:
        cells = [f"{rate:.3f} {row['trained_rates'][layer]:.3f}" for layer, rate in row["rates"].items()]
        table.add_row(_label(row), *cells, f"{row['loss_first']:.2f} {row['loss_last']:.2f}")
    return table


def _put_words(net: Mapping[str, Any]) -> None:
    for tool, ratio in net["ratios"].items():
        words = f"maichong trains {ratio['train']:.1f} x as fast as {tool} and infers {ratio['infer']:.1f} x as fast"
        put(Text(f"{words}, the best row of each", style="bold"))
    for row in net["rows"]:
        versions = f"{row['tool']} {row['version']}" + ("" if row["tool"] == "torch" else f", torch {row['torch']}")
        if row["notes"]:
            put(f"{versions}: {'; '.join(row['notes'])}", style="dim")
    for words in (*net["skipped"], *net["warnings"]):
        put(words, style="yellow")
    for failure in net["failures"]:
        put(failure, style="red")


def _label(row: Mapping[str, Any]) -> str:
    return f"{row['tool']} {row['way']}".rstrip()


def _table(*headings: str) -> Table:
    table = table_of(*headings, padding=(0, 1), collapse_padding=True, pad_edge=False)  # for 80 columns
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    return table
