"""How the command line speaks of what went wrong: one sentence, on stderr."""

from __future__ import annotations

import sys


def say(sentence: str) -> None:
    """Print a sentence on stderr, in red where that is a terminal."""
    red, plain = ("\033[31m", "\033[0m") if sys.stderr.isatty() else ("", "")
    print(f"{red}maichong: {sentence}{plain}", file=sys.stderr)
