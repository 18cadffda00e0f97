"""How the command line speaks of what went wrong: one sentence, on stderr, and rather before a run than after it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from maichong.errors import CheckpointError


def say(sentence: str) -> None:
    """Print a sentence on stderr, in red where that is a terminal."""
    red, plain = ("\033[31m", "\033[0m") if sys.stderr.isatty() else ("", "")
    print(f"{red}maichong: {sentence}{plain}", file=sys.stderr)


def usage(error: Any) -> str:
    """What the parser refuses, as one sentence: ``list: no such option: --bogus; see 'maichong list --help'``."""
    path = error.ctx.command_path if error.ctx else "maichong"
    verb = path.removeprefix("maichong").strip()
    said = " ".join(error.format_message().split()).rstrip(".")
    return f"{verb}{': ' if verb else ''}{said[:1].lower()}{said[1:]}; see '{path} --help'"


def try_to_write(path: Path) -> None:
    """Raise CheckpointError now where ``path`` could not be written hours later; what stands there stays as it is."""
    from maichong import files

    if path.is_dir():
        raise CheckpointError(str(path), "must be a file that can be written to", "a folder", f"try {path / 'out.json'}")
    try:
        files.write_bytes(path.with_name(f".{path.name}.try"), b"").unlink()
    except CheckpointError as error:
        raise CheckpointError(str(path), error.expected, error.got, error.fix) from None
