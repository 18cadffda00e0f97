"""Checking many models at once, in processes of their own: compiling kernels is what takes the time, and one core does one.

A worker is ``python -m maichong.checks.workers``: it reads a job in JSON from each line of its input and answers with a line of
outcomes. A model whose kernel kills the process so costs its own verdict alone. Plain subprocesses, and no pool, so that a
script that calls ``check_all`` needs no ``if __name__ == "__main__"``.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

from maichong.checks.outcome import NO_ENGINE, Outcome
from maichong.spec import Model

FIRST = ("neuron", "rule", "receptor")
"""The kinds whose kernels take longest to compile; they are begun first, and of them the models of most states: a kernel of
gradients takes a second for each, so that what comes last is short."""


def check_in_processes(
    models: Sequence[Model], engines: Sequence[str], jobs: int, progress: Callable[[list[Outcome]], None] | None
) -> list[Outcome]:
    """``check_model`` of every model, by ``jobs`` workers that find the models by name; outcomes in the order of models."""
    waiting: queue.SimpleQueue[Model] = queue.SimpleQueue()
    for model in sorted(models, key=_place):
        waiting.put(model)
    found: dict[str, list[Outcome]] = {}
    workers = [_Worker() for _ in range(jobs)]

    def work(worker: _Worker) -> None:
        while not waiting.empty():
            try:
                model = waiting.get_nowait()
            except queue.Empty:
                return
            found[model.identifier] = worker.check(model, engines)
            if progress:
                progress(found[model.identifier])

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for worker in workers:
            worker.end()
    return [outcome for model in models for outcome in found[model.identifier]]


def _place(model: Model) -> tuple[int, int]:
    return FIRST.index(model.kind) if model.kind in FIRST else len(FIRST), -len(model.states)


class _Worker:
    """One process, started anew after a model has killed it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def check(self, model: Model, engines: Sequence[str]) -> list[Outcome]:
        process = self._process = self._process or _start()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(json.dumps({"model": model.identifier, "engines": list(engines)}) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        if answer:
            return [Outcome(**entry) for entry in json.loads(answer)]
        self._process = None
        detail = f"the process that checked it ended with code {process.wait()}"
        return [Outcome(model.identifier, model.kind, "process", NO_ENGINE, "fails", detail)]

    def end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


def _start() -> subprocess.Popen[str]:
    # the worker finds what this process finds, also where sys.path was changed by hand
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "maichong.checks.workers"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def main() -> None:
    """Answer the jobs on standard input until it ends."""
    from maichong.checks.suite import check_model
    from maichong.spec import registry

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a model prints must not stand among the answers
    frozen = False
    for line in sys.stdin:
        job = json.loads(line)
        outcomes = check_model(registry.find(job["model"]), job["engines"])
        answers.write(json.dumps([dataclasses.asdict(outcome) for outcome in outcomes]) + "\n")
        answers.flush()
        if not frozen:
            # Numba, SymPy and torch are loaded now, and stay: the garbage collector need not look through them each time
            gc.collect()
            gc.freeze()
            frozen = True


if __name__ == "__main__":
    main()
