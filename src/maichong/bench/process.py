"""A script in a process of its own: what it measured comes back as JSON, and after Ctrl-C nothing of it is left running."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maichong.errors import EngineError


def measured(command: Sequence[str], out: Path, threads: int, where: str, environment: Mapping[str, str] | None = None) -> Any:
    """Run ``command --json out`` with libraries held to ``threads`` and return what it wrote.

    ``environment`` takes the place of this process's own. Raises EngineError, with the last line of what it said, where it
    fails.
    """
    limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), str(threads))
    environment = {**(os.environ if environment is None else environment), **limits}
    out.unlink(missing_ok=True)
    # in a session of its own it hears no Ctrl-C of the terminal, and can be ended with all that it started
    process = subprocess.Popen(
        [*command, "--json", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        said, errors = process.communicate()
    except BaseException:
        _end(process)
        raise
    if process.returncode or not out.exists():
        raise EngineError(f"bench, {where}", "must run to its end", _reason(process.returncode, errors, said))
    return json.loads(out.read_text())


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()


def _reason(code: int, errors: str, said: str) -> str:
    if code == -getattr(signal, "SIGKILL", 9):
        return "killed by the system, as it does where memory runs out"
    return (errors.strip() or said.strip() or "no output").splitlines()[-1]
