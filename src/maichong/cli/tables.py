"""What the verbs print on stdout, as it is at that moment: text and tables with rich."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

WIDE = 1000  # columns of what is no terminal, so that files and pipes get whole lines


def put(*things: Any, style: str | None = None) -> None:
    """Print to stdout as it is now; text is text, whatever brackets it holds."""
    width = None if sys.stdout.isatty() else WIDE
    Console(width=width, highlight=False, markup=False, emoji=False).print(*things, style=style)


def table_of(*headings: str, title: str = "", **options: Any) -> Table:
    """A table without lines, whose cells fold rather than lose their ends in a narrow terminal."""
    options = {"box": None, "padding": (0, 2), "header_style": "dim", **options}
    table = Table(title=title or None, title_justify="left", show_header=bool(headings), **options)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
