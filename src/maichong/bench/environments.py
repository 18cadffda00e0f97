"""The peers' interpreters: each has a virtual environment of its own in the user's cache folder, made on first use."""

from __future__ import annotations

import os
import subprocess
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from maichong.errors import EngineError

SCRIPTS = Path(__file__).parent / "peers"
"""Where the peers' scripts and their requirements lie."""


def interpreter(peer: str, tell: Callable[[str], None], extra: Sequence[str] = ()) -> str:
    """The Python that has what ``peers/PEER.txt`` lists, and what a second call of pip with ``extra`` adds without changing that.

    Raises EngineError where it cannot be installed.
    """
    from maichong.engines.events.emit import cache_folder

    folder = cache_folder().parent / "peers" / peer
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    requirements = SCRIPTS / f"{peer}.txt"
    wanted = requirements.read_text() + " ".join(extra)
    ready = folder / "ready"
    if not ready.exists() or ready.read_text() not in ("", wanted):
        tell(f"{peer}: making an environment of its own, once")
        venv.create(folder, with_pip=True, clear=True)
        for step in [["-r", str(requirements)], *([["-c", str(requirements), *extra]] if extra else [])]:
            done = subprocess.run(
                [str(python), "-m", "pip", "install", "-q", *step], capture_output=True, text=True, check=False
            )
            if done.returncode:
                last = (done.stderr.strip() or "no output").splitlines()[-1]
                raise EngineError(f"bench, {peer}", "must be installable with pip", last, "is there a network?")
        ready.write_text(wanted)
    return str(python)
