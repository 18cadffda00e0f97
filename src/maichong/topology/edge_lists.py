"""Edge lists: a table with one synapse in each line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maichong.errors import DataError, brief
from maichong.files import as_path
from maichong.topology.edges import Edges

NUMBERS = ("weight", "delay")


def read_edges(path: str | Path, *, nodes: Iterable[str] | None = None) -> Edges:
    """The synapses of a CSV file of the columns source, target and, if there are, weight and delay (ms), named in its first line.

    Columns may stand in any order, and others are passed over; a line that repeats a pair is a synapse more. Nodes that are all
    whole numbers >= 0 are indices as they stand. Names are numbered in the order in which the file first has them, or in that of
    ``nodes``, which may hold names that have no synapse.

    Raises DataError for a file that cannot be read, columns that are missing, and a line that is short, has an unknown node or
    something else than a number as weight or delay; it names the line.
    """
    file = as_path(path)
    try:
        with open(file, newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            columns = [name.strip().lower() for name in next(reader, [])]
            for name in ("source", "target"):
                if name not in columns:
                    raise DataError(str(file), f"its first line must name a column {name!r}", ",".join(columns) or "nothing")
            wanted = ("source", "target", *(name for name in NUMBERS if name in columns))
            places = [columns.index(name) for name in wanted]
            rows = [
                [_cell(row, place, name, file, reader.line_num) for place, name in zip(places, wanted, strict=True)]
                for row in reader
                if any(cell.strip() for cell in row)
            ]
    except DataError:
        raise
    except OSError as error:
        raise DataError(str(file), "must be a file that can be read", error.strerror) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(str(file), "must be a CSV file in UTF-8", str(error)) from None
    except ValueError as error:  # a path that no system takes
        raise DataError(str(file), "must be a file that can be read", str(error)) from None
    table = dict(zip(wanted, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(wanted, ())
    (pre, post), names = _numbered(table["source"], table["target"], nodes, str(file))
    numbers = {name: np.array(table[name], float) for name in wanted[2:]}
    n = len(names) if names is not None else int(max(pre.max(initial=-1), post.max(initial=-1))) + 1
    return Edges(pre, post, n, n, **numbers, names_pre=names, names_post=names)


def _cell(row: Sequence[str], place: int, name: str, file: Path, line: int) -> Any:
    text = row[place].strip() if place < len(row) else ""
    if not text:
        raise DataError(f"{file}, line {line}", f"must have a {name}", ",".join(row))
    if name not in NUMBERS:
        return text
    try:
        return float(text)
    except ValueError:
        raise DataError(f"{file}, line {line}", f"its {name} must be a number", brief(text)) from None


def _numbered(
    sources: Sequence[str], targets: Sequence[str], nodes: Iterable[str] | None, where: str
) -> tuple[list[np.ndarray], list[str] | None]:
    """The index of each end, and what indices are called; None where nodes are indices already."""
    if nodes is None and all(name.isascii() and name.isdigit() and len(name) < 18 for name in (*sources, *targets)):
        return [np.array(ends, np.int64) for ends in (sources, targets)], None
    known = {str(name): index for index, name in enumerate(nodes)} if nodes is not None else {}
    if nodes is None:
        for pair in zip(sources, targets, strict=True):
            for name in pair:
                known.setdefault(name, len(known))
    for name in (*sources, *targets):
        if name not in known:
            raise DataError(where, "has a node that is not among the nodes given", brief(name))
    return [np.array([known[name] for name in ends], np.int64) for ends in (sources, targets)], list(known)
