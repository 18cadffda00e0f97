"""Progress on stderr: bars in a terminal, elsewhere (a file, a pipe, CI) one plain line now and then."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

EVERY_S = 30.0


@contextlib.contextmanager
def telling(waiting_for: str = "reading data; compiling what is not yet in the cache") -> Iterator[Callable[..., None]]:
    """Within, the ``tell`` that a reproduction calls: with ``stage``, ``done``, ``total`` and facts, or with a ``note``."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if not console.is_interactive:
        yield lines()
        return
    bar = BarColumn(bar_width=10 if console.width < 100 else 30)  # speed and accuracy must be seen in 80 columns
    bars = Progress(TextColumn("{task.description:>6}"), bar, _Count(), _Facts(), TimeRemainingColumn(), console=console)
    waiting = console.status(waiting_for)
    waiting.start()
    tasks: dict[str, Any] = {}

    def tell(*, stage: str = "", done: int = 0, total: int = 0, note: str = "", **facts: Any) -> None:
        if note:
            console.print(note)
            return
        if not tasks:
            waiting.stop()
            bars.start()
        if stage not in tasks or bars.tasks[tasks[stage]].completed > done:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, facts=facts)

    try:
        yield tell
    finally:
        waiting.stop()
        bars.stop()


def lines(clock: Callable[[], float] = time.monotonic) -> Callable[..., None]:
    """A ``tell`` that prints a line when a stage begins and ends, and every 30 s in between."""
    printed, reached = 0.0, {}

    def tell(*, stage: str = "", done: int = 0, total: int = 0, note: str = "", **facts: Any) -> None:
        nonlocal printed
        begins = done < reached.get(stage, done + 1)
        reached[stage] = done
        if not (note or begins or done == total or clock() - printed >= EVERY_S):
            return
        printed = clock()
        speed = facts.get("per_s") or facts.get("ms_per_s")
        left = [f"{duration((total - done) / speed)} left"] if speed and done < total else []
        print(note or ", ".join([f"{stage} {count(done, total, facts)}", *words(facts), *left]), file=sys.stderr, flush=True)

    return tell


def words(facts: Mapping[str, Any]) -> list[str]:
    """Speed, spikes per image, the loss and the accuracy on training or validation images, or the real-time factor, if known."""
    shown = {
        "per_s": "{:,.0f} images/s", "loss": "loss {:.4g}", "validation": "validation {}",
        "accuracy": "training accuracy {:.1%}", "spikes": "{:.1f} spikes/image",
    }  # fmt: skip
    told = [text.format(facts[key]) for key, text in shown.items() if facts.get(key) is not None]
    told = [re.sub(r"(?<=\d)%", " %", text) for text in told]
    return told + ([f"real-time factor {1000 / facts['ms_per_s']:.3g}"] if facts.get("ms_per_s") else [])


def count(done: float, total: float, facts: Mapping[str, Any]) -> str:
    """How far it is: of images, or of biological time in ms."""
    return f"{done:,.0f}/{total:,.0f}{' ms' if 'ms_per_s' in facts else ''}"


def duration(seconds: float) -> str:
    """``seconds`` as people say them: 8.1 s, 2 min 5 s, 3 h 25 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60} s"
    return f"{int(seconds) // 3600} h {int(seconds) % 3600 // 60} min"


class _Count(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(count(task.completed, task.total or 0, task.fields.get("facts", {})))


class _Facts(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("  ".join(words(task.fields.get("facts", {}))), no_wrap=True)
