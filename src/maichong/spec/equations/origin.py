"""Where in the user's file each letter of a text stands."""

from __future__ import annotations

import ast
import io
import linecache
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

Place = tuple[int, int | None]
"""A line and a column, both counted from 1; the column may be unknown."""


@dataclass(frozen=True)
class Source:
    """A text and where it was written: ``places`` of its letters, or None where only the call is known."""

    text: str
    file: str
    line: int
    what: str
    places: tuple[Place, ...] | None = None

    def at(self, offset: int = 0) -> str:
        """``file:line:column`` of a letter; where that is not known, the call's line and the line of the text."""
        if not self.places:
            return f"{self.file}:{self.line}, line {self.text.count(chr(10), 0, max(offset, 0)) + 1} of the {self.what}"
        line, column = self.places[min(max(offset, 0), len(self.places) - 1)]
        return f"{self.file}:{line}" + (f":{column}" if column else "")

    def line_at(self, offset: int) -> int:
        """The line of a letter in the user's file."""
        return self.places[min(offset, len(self.places) - 1)][0] if self.places else self.line


def caller(depth: int) -> FrameType | None:
    """The frame ``depth`` calls above the one that asks."""
    try:
        return sys._getframe(depth + 1)
    except ValueError:
        return None


@dataclass(frozen=True)
class Call:
    """A place that texts are handed in at; ``strings`` are the literal texts of its file, down to the call's end."""

    file: str
    line: int
    strings: tuple[tuple[str, tuple[Place, ...]], ...] = ()

    def source(self, text: str, what: str) -> Source:
        """``text`` where it is written: the literal of this value nearest to the call, if there is one."""
        found = [places for value, places in self.strings if value == text]
        near = min(found, key=lambda places: abs(self.line - places[0][0]), default=None)
        return Source(text, self.file, self.line, what, near)


def call_of(frame: FrameType | None) -> Call:
    """The call that ``frame`` is at, with the literals of its file."""
    if frame is None:
        return Call("<unknown>", 1)
    file, start = frame.f_code.co_filename, frame.f_lineno
    lines = linecache.getlines(file, frame.f_globals)
    position = list(frame.f_code.co_positions())[frame.f_lasti // 2] if frame.f_lasti >= 0 else (None,) * 4
    end = position[1] or start
    try:
        strings = tuple(_strings("".join(lines)))
    except (SyntaxError, tokenize.TokenError, ValueError):  # an IPython cell with magics, a file changed since
        strings = ()
    return Call(file, start, tuple((value, places) for value, places in strings if places and places[0][0] <= end))


def _strings(text: str) -> Iterator[tuple[str, tuple[Place, ...]]]:
    """The literal texts of a file, neighbours joined as Python joins them, with the place of every letter."""
    joined = ""
    spots: list[Place] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING:
            try:
                value = ast.literal_eval(token.string)
            except (ValueError, SyntaxError):
                value = None
            if isinstance(value, str):
                joined += value
                spots += _spots(token, value)
        elif token.type not in (tokenize.NL, tokenize.COMMENT):
            if spots:
                yield joined, tuple(spots)
            joined, spots = "", []


def _spots(token: tokenize.TokenInfo, value: str) -> list[Place]:
    line, column = token.start
    quote = token.string.lstrip("rRbBuUfF")
    opening = len(token.string) - len(quote) + (3 if quote[:3] in ('"""', "'''") else 1)
    body = token.string[opening : len(token.string) - (3 if quote[:3] in ('"""', "'''") else 1)]
    column += opening + 1
    spots: list[Place] = []
    k = 0
    while k < len(body) and len(spots) < len(value):
        if body[k] == "\\" and body != value:  # an escape: one letter, or none where it ends a line
            if body[k + 1 : k + 2] == "\n":
                line, column, k = line + 1, 1, k + 2
                continue
            spots.append((line, column))
            width = {"x": 4, "u": 6, "U": 10}.get(body[k + 1 : k + 2], 2)
            column, k = column + width, k + width
            continue
        spots.append((line, column))
        line, column = (line + 1, 1) if body[k] == "\n" else (line, column + 1)
        k += 1
    spots += [(line, None)] * (len(value) - len(spots))
    return spots
