"""A text as statements: comments and continuations are taken out, and every letter keeps its place."""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass

from maichong.errors import ModelError, brief
from maichong.spec.equations.origin import Source

DIFFERENTIAL = re.compile(r"\s*d([^\W\d]\w*)\s*/\s*dt\s*=(?!=)")
ASSIGNED = re.compile(r"\s*([^\W\d]\w*)\s*([-+*/]?)=(?!=)")
DECLARED = re.compile(r"\s*([^\W\d]\w*)\s*(?=:)")
FLAGS = re.compile(r"\(\s*((?:unless refractory|constant over dt|constant|shared|linked|event-driven|\s|,)+)\)\s*$")


@dataclass(frozen=True)
class Statement:
    """One statement on one line; ``start`` is where it begins in its source, ``comment`` what stood behind #."""

    source: Source
    start: int
    text: str
    comment: str = ""

    def at(self, offset: int = 0) -> str:
        """``file:line:column`` of a letter of the statement."""
        return self.source.at(self.start + offset)

    @property
    def line(self) -> int:
        """Its line in the user's file."""
        return self.source.line_at(self.start)


def statements(source: Source, separators: str = "\n;") -> list[Statement]:
    """The statements of a text: one a line, and ``;`` between several; a line goes on after ``\\`` and inside parentheses."""
    text, found = source.text, []
    letters: list[str] = []
    comments: list[str] = []
    start = depth = k = 0

    def end(upto: int) -> None:
        nonlocal letters, comments, start
        line = "".join(letters)
        bare = line.lstrip()
        if bare:
            found.append(Statement(source, start + len(line) - len(bare), bare.rstrip(), " ".join(comments)))
        letters, comments, start = [], [], upto

    while k < len(text):
        letter = text[k]
        if letter == "#":
            stop = text.find("\n", k)
            stop = len(text) if stop < 0 else stop
            comments.append(text[k + 1 : stop].strip())
            letters.append(" " * (stop - k))
            k = stop
            continue
        continued = re.match(r"\\[ \t]*\n", text[k:])
        if continued:
            letters.append(" " * continued.end())
            k += continued.end()
            continue
        depth += (letter in "([") - (letter in ")]")
        if letter in separators and depth <= 0:
            end(k + 1)
            depth = 0
        else:
            letters.append(" " if letter.isspace() else letter)
        k += 1
    end(k)
    return found


@dataclass(frozen=True)
class Equation:
    """``dx/dt = expression : unit`` (a state), ``x = expression : unit`` or, without an expression, ``x : unit``."""

    statement: Statement
    name: str
    differential: bool
    expression: ast.expr | None
    offset: int
    unit: str
    unit_offset: int
    flags: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How messages call it: ``dv/dt``."""
        return f"d{self.name}/dt" if self.differential else self.name

    def at(self, node: ast.AST | None = None) -> str:
        """The place of a node of its expression; without one, of the equation."""
        return self.statement.at(self.offset + column(node) if node is not None else 0)


def column(node: ast.AST) -> int:
    """Where a node begins in its text, which is one line."""
    return getattr(node, "column", 0)


def equation(statement: Statement, owner: str) -> Equation:
    """Read one equation; ModelError at its line where it is none or has no unit."""
    text = statement.text
    if (found := DIFFERENTIAL.match(text)) or (found := ASSIGNED.match(text)):
        if found.re is ASSIGNED and found[2]:
            raise ModelError(f"{statement.at()}, {owner}", f"'{found[2]}=' may stand in a reset only", brief(text))
        colon = text.find(":", found.end())
        if colon < 0:
            expected = "an equation must end in its unit, ': mV', or ': 1' for a pure number"
            raise ModelError(f"{statement.at()}, {owner}", expected, brief(text))
        parsed = expression(statement, found.end(), text[found.end() : colon], owner)
    elif found := DECLARED.match(text):
        colon, parsed = found.end(), None
    else:
        expected = "must be 'dx/dt = expression : unit', 'x = expression : unit' or 'x : unit'"
        raise ModelError(f"{statement.at()}, {owner}", expected, brief(text))
    unit, flags = text[colon + 1 :], ()
    if marked := FLAGS.search(unit):
        unit, flags = unit[: marked.start()], tuple(flag.strip() for flag in marked[1].split(",") if flag.strip())
    space = len(unit) - len(unit.lstrip())
    if not unit.strip():
        raise ModelError(f"{statement.at(colon)}, {owner}", "must name a unit behind ':'", brief(text), "1 is a pure number's")
    name = checked_name(found[1], f"{statement.at(found.start(1))}, {owner}")
    differential = found.re is DIFFERENTIAL
    return Equation(statement, name, differential, parsed, found.end(), unit.strip(), colon + 1 + space, flags)


def checked_name(name: str, where: str) -> str:
    """``name`` where a symbol may be called so."""
    if keyword.iskeyword(name):
        raise ModelError(where, "a symbol may not have the name of a Python keyword", brief(name), "choose another name")
    return name


def expression(statement: Statement, offset: int, text: str, owner: str) -> ast.expr:
    """The expression that ``text``, at ``offset`` of the statement, says; its nodes carry their ``column``."""
    opened = "(" + text + ")"  # leading spaces are no indentation inside
    try:
        if len(text) > 20_000:
            raise ValueError("more than 20,000 letters")
        if not text.strip():
            raise SyntaxError
        parsed = ast.parse(opened, mode="eval").body
        _columns(parsed, opened)
    except SyntaxError as error:
        place = min(max((error.offset or 2) - 2, 0), max(len(text.rstrip()) - 1, 0))
        got = brief(text.strip()) if text.strip() else "nothing"
        raise ModelError(f"{statement.at(offset + place)}, {owner}", "cannot be read as an expression", got) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"{statement.at(offset)}, {owner}", "cannot be read as an expression", brief(str(error))) from None
    return parsed


def _columns(parsed: ast.expr, text: str) -> None:
    encoded = text.encode()
    for node in ast.walk(parsed):
        if isinstance(node, ast.expr):
            node.column = len(encoded[: node.col_offset].decode()) - 1  # type: ignore[attr-defined]


def jump(statement: Statement, owner: str) -> Equation:
    """Read one statement of a reset, ``u += d`` as ``u = u + d``; ModelError at its line where it is no assignment."""
    found = ASSIGNED.match(statement.text)
    if not found:
        expected = "a reset must be assignments such as 'v = v_r' or 'u += d'"
        raise ModelError(f"{statement.at()}, {owner}", expected, brief(statement.text))
    name = checked_name(found[1], f"{statement.at(found.start(1))}, {owner}")
    parsed = expression(statement, found.end(), statement.text[found.end() :], owner)
    if found[2]:
        operator = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}[found[2]]()
        parsed = ast.BinOp(ast.Name(name, ast.Load()), operator, parsed)
    return Equation(statement, name, False, parsed, found.end(), "", 0)
