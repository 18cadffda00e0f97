"""Graphs from files of arcs: one ``source,target[,weight]`` a line."""

from __future__ import annotations

import csv
import math
import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from maichong.errors import DataError, brief
from maichong.motifs.graph import DirectedGraph, directed_graph

DELIMITERS = (",", "\t", ";")
FORM = "source,target[,weight]"


def read_edge_list(path: str | os.PathLike[str]) -> DirectedGraph:
    """The graph of a text file with one ``source,target[,weight]`` a line, in UTF-8; tabs and semicolons separate too.

    Names are any text, nodes are numbered in the order in which they come. A first line that names the columns (source, target and
    weight in any order, other columns are passed over) or whose third cell is no number is a heading. Empty lines, and lines that
    begin with # before the first arc, are passed over. A line with a source and no target names a node without saying anything of
    its arcs. Arcs from a node to itself, repeated arcs and arcs of weight zero are counted in `DirectedGraph.dropped`.

    Raises DataError, which names the line, for what is not of this form, and for a file without arcs or that cannot be read.
    """
    try:
        where = str(Path(path))
    except TypeError:
        raise DataError("read_edge_list", "must get the path of a file", brief(path)) from None
    numbers: dict[str, int] = {}
    sources, targets, weights = array("i"), array("i"), array("d")
    with opened(path, where, FORM) as file:
        for source, target, weight in _arcs(file, where):
            u = numbers.setdefault(source, len(numbers))
            if target:
                sources.append(u)
                targets.append(numbers.setdefault(target, len(numbers)))
                weights.append(weight)
    if not sources:
        got = f"{len(numbers)} node{'' if len(numbers) == 1 else 's'} and no arc" if numbers else "no line with one"
        raise DataError(where, f"must hold arcs, one {FORM} a line", got)
    pre, post = np.frombuffer(sources, np.int32), np.frombuffer(targets, np.int32)
    return directed_graph(pre, post, weights=np.frombuffer(weights, np.float64), names=tuple(numbers))


@contextmanager
def opened(path: str | os.PathLike[str], where: str, form: str) -> Iterator[Iterator[str]]:
    """The lines of a text file of one ``form`` a line; what cannot be read in it is a DataError."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        raise DataError(where, "must be a file that can be read", error.strerror) from None
    except UnicodeDecodeError as error:
        raise DataError(where, "must be text in UTF-8", f"byte {error.object[error.start]:#x}", "save it as UTF-8") from None
    except csv.Error as error:
        raise DataError(where, f"must have one {form} a line", str(error)) from None


def rows_of(file: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line that is not empty, from the first that does not begin with #."""
    first, begun = "", 0
    for first in file:
        begun += 1
        if first.strip() and not first.lstrip().startswith("#"):
            break
    else:
        return
    delimiter = max(DELIMITERS, key=first.count)
    yield begun, next(csv.reader([first], delimiter=delimiter))
    rows = csv.reader(file, delimiter=delimiter)
    for row in rows:
        if any(cell.strip() for cell in row):
            yield begun + rows.line_num, row


def _arcs(file: Iterator[str], where: str) -> Iterator[tuple[str, str, float]]:
    """Source, target and weight of each line."""
    columns = None
    for k, (line, row) in enumerate(rows_of(file)):
        if k == 0:
            columns, heading = _columns(row)
            if heading:
                continue
        yield _arc(row, columns, where, line)


def _columns(row: Sequence[str]) -> tuple[tuple[int, ...] | None, bool]:
    """Where a heading has source, target and weight, None where it does not say; and whether ``row`` is a heading."""
    cells = [cell.strip().casefold() for cell in row]
    if "source" in cells and "target" in cells:
        return tuple(cells.index(name) for name in ("source", "target", "weight") if name in cells), True
    return None, len(cells) == 3 and cells[2] != "" and math.isnan(_number(cells[2]))


def _arc(row: Sequence[str], columns: tuple[int, ...] | None, where: str, line: int) -> tuple[str, str, float]:
    if columns is None:
        if len(row) > 3:
            fix = "name the columns in a first line: source, target, weight"
            raise DataError(f"{where}, line {line}", f"must be {FORM}", f"{len(row)} cells", fix)
        cells = [cell.strip() for cell in row]
    else:
        cells = [row[column].strip() if column < len(row) else "" for column in columns]
    source, target, weight = (*cells, "", "")[:3]
    if not source or (len(row) == 1 and columns is None and " " in source):
        fix = "separate source and target by a comma" if source else None
        raise DataError(f"{where}, line {line}", f"must be {FORM}", brief(",".join(row)), fix)
    number = _number(weight) if weight else 1.0
    if not math.isfinite(number):
        raise DataError(f"{where}, line {line}", "must have a finite number as its weight", brief(weight))
    return source, target, number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
