"""Edge lists: a table with one synapse in each line."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maichong.errors import DataError, brief
from maichong.files import as_path
from maichong.topology.edges import Edges

NUMBERS = ("weight", "delay")
DELIMITERS = (",", ";", "\t")
NUMBER = re.compile(r"[-+]?\d+(\.\d*)?", re.ASCII)


def read_edges(path: str | Path, *, nodes: Iterable[str] | None = None) -> Edges:
    """The synapses of a CSV file of the columns source, target and, if there are, weight and delay (ms), named in its first line.

    Columns are parted by commas, semicolons or tabs, may stand in any order, and others are passed over, as are lines that start
    with #; a line that repeats a pair is a synapse more. Nodes that are all whole numbers >= 0 are indices as they stand. Names are
    numbered in the order in which the file first has them, or in that of ``nodes``, which may hold names that have no synapse; so
    are ids with gaps, such as those of a connectome's bodies, with ``nodes=ids``.

    Raises DataError for a file that cannot be read, columns that are missing or stand twice, nodes that are numbers but not all
    whole and >= 0, and a line that is short, has an unknown node or something else than a finite number as weight or delay; it
    names the line.
    """
    file, given = as_path(path), None if nodes is None else _index(nodes)
    try:
        with open(file, newline="", encoding="utf-8-sig") as stream:
            head = next((line for line in stream if _counts([line])), "")
            stream.seek(0)
            reader = csv.reader(stream, delimiter=max(DELIMITERS, key=head.count))
            lines = ((reader.line_num, row) for row in reader if _counts(row))
            columns = [name.strip().lower() for name in next(lines, (0, []))[1]]
            for name in ("source", "target"):
                if name not in columns:
                    fix = "columns are parted by commas, semicolons or tabs" if len(columns) == 1 else None
                    raise DataError(str(file), f"its first line must name a column {name!r}", head.strip() or "nothing", fix)
            wanted = ("source", "target", *(name for name in NUMBERS if name in columns))
            for name in wanted:
                if columns.count(name) > 1:
                    raise DataError(str(file), f"must have one column {name!r}", columns.count(name))
            places = [columns.index(name) for name in wanted]
            rows = [
                [_cell(row, place, name, file, line) for place, name in zip(places, wanted, strict=True)] for line, row in lines
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
    (pre, post), names = _numbered(table["source"], table["target"], given, str(file))
    numbers = {name: np.array(table[name], float) for name in wanted[2:]}
    n = len(names) if names is not None else int(max(pre.max(initial=-1), post.max(initial=-1))) + 1
    return Edges(pre, post, n, n, **numbers, names_pre=names, names_post=names)


def _counts(row: Sequence[str]) -> bool:
    """Whether a line holds more than blanks or a comment."""
    return any(cell.strip() for cell in row) and not row[0].lstrip("\ufeff ").startswith("#")


def _cell(row: Sequence[str], place: int, name: str, file: Path, line: int) -> Any:
    text = row[place].strip() if place < len(row) else ""
    if not text:
        raise DataError(f"{file}, line {line}", f"must have a {name}", ",".join(row))
    if name not in NUMBERS:
        return text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{file}, line {line}", f"its {name} must be a number", brief(text))
    return number


def _index(nodes: Iterable[str]) -> dict[str, int]:
    """The index of each of the nodes that are given."""
    try:
        names = None if isinstance(nodes, (str, bytes)) else [str(name) for name in nodes]
    except TypeError:
        names = None
    if names is None:
        raise DataError("read_edges, nodes", "must be a list of names, in the order of their indices", brief(nodes))
    known = {name: index for index, name in enumerate(names)}
    if len(known) < len(names):
        twice = next(name for index, name in enumerate(names) if known[name] != index)
        raise DataError("read_edges, nodes", "must have each name once", brief(twice))
    return known


def _numbered(
    sources: Sequence[str], targets: Sequence[str], given: dict[str, int] | None, where: str
) -> tuple[list[np.ndarray], list[str] | None]:
    """The index of each end, and what indices are called; None where nodes are indices already."""
    if given is None and all(name.isascii() and name.isdigit() and len(name) < 18 for name in (*sources, *targets)):
        return [np.array(ends, np.int64) for ends in (sources, targets)], None
    odd = next((name for name in (*sources, *targets) if not name.isdigit()), None)
    if given is None and odd is not None and all(NUMBER.fullmatch(name) for name in (*sources, *targets)):
        # numbered as names they would be other neurons than the file says
        fix = "write indices, or give what nodes are called, nodes=[...]"
        raise DataError(where, "nodes that are numbers must be whole and >= 0", brief(odd), fix)
    known = {} if given is None else given
    if given is None:
        for pair in zip(sources, targets, strict=True):
            for name in pair:
                known.setdefault(name, len(known))
    for name in (*sources, *targets):
        if name not in known:
            raise DataError(where, "has a node that is not among the nodes given", brief(name))
    return [np.array([known[name] for name in ends], np.int64) for ends in (sources, targets)], list(known)
