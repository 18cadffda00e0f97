"""What the tests of the command line share: a call in this process, with what it printed and how it ended."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from maichong.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on stderr that says what was wrong with the input."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        assert self.code == 2, self
        assert len(lines) == 1, self.err
        assert lines[0].startswith("maichong: ")
        assert "Traceback" not in self.err
        return lines[0].removeprefix("maichong: ")


def call(*args: str) -> Ended:
    """``maichong ARGS`` in this process."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(list(args))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def maichong() -> Callable[..., Ended]:
    return call
