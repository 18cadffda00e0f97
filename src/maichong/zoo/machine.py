"""What a run tells of the machine that it ran on: peak memory, and the versions of what computed."""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys
from pathlib import Path

from maichong import __version__


def peak_rss_mib() -> float:
    """The largest resident memory of this process so far, in MiB."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if platform.system() == "Darwin" else 1024)


def rss_mib() -> float:
    """The resident memory of this process now, in MiB."""
    import psutil

    return psutil.Process().memory_info().rss / (1024 * 1024)


def versions() -> dict[str, str]:
    """What ran: maichong and its commit, where it has one, Python and the libraries that compute."""
    import llvmlite
    import numba
    import numpy
    import scipy

    found = {"maichong": __version__, "python": platform.python_version(), "machine": platform.machine()}
    found |= {module.__name__: module.__version__ for module in (numpy, numba, llvmlite, scipy)}
    for name in ("nest", "torch", "gymnasium"):  # where a network ran on it, or played in it
        if name in sys.modules:
            found[name] = str(sys.modules[name].__version__)
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        _git("ls-files", "--error-unmatch", "machine.py")  # fails where site-packages lie in somebody else's repository
        found["commit"] = _git("describe", "--always", "--dirty", "--exclude=*")
    return found


def _git(*args: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *args]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
