"""What the peers' scripts share: their command line, a task in and a row out, and the memory of this process.

The task is JSON: the network's ``family`` and ``constants``, ``seed``, ``threads``, ``precision``, ``warmup_ms``, ``span_ms``
and ``repeats``, and a ``folder`` for files. The row says version, threads, compile_s, build_s, spans_s (the wall seconds of
each repeat), spikes (by population, over all repeats), synapses, before_mib and built_mib (resident memory), peak_rss_mib and
notes. Scripts run in an interpreter of their own and import nothing of maichong.
"""

import argparse
import json
from pathlib import Path
from types import SimpleNamespace


def arguments(doc):
    """The task, its constants as a namespace ``c``, and where the row goes."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--task", type=Path, required=True, help="JSON: what to simulate")
    parser.add_argument("--json", type=Path, required=True, help="where to write the row")
    given = parser.parse_args()
    task = SimpleNamespace(**json.loads(given.task.read_text()))
    task.c = SimpleNamespace(**task.constants)
    return task, given.json


def memory_mib(word):
    """``VmRSS`` or ``VmHWM`` (the peak) of this process; getrusage would count the process that started it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(word))
    except OSError:
        import psutil

        known = psutil.Process().memory_info()
        return getattr(known, "rss" if word == "VmRSS" else "peak_wset", known.rss) / 2**20


def write(out, **row):
    """Write what was measured."""
    out.write_text(json.dumps(row, indent=2) + "\n")
