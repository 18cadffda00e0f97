"""Ctrl-C as a wish that is heard between two steps, rather than a blow in the middle of one."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


class Interrupted(KeyboardInterrupt):
    """Ctrl-C was heard and the checkpoint written; ``folder`` is what ``--resume`` takes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


@contextlib.contextmanager
def deferred(*, unless_watched: bool = False) -> Iterator[Callable[[], bool]]:
    """Within, the first Ctrl-C only makes the function that is yielded say True; a second one interrupts at once.

    With ``unless_watched``, a way of its own in which the caller watches Ctrl-C stays. Outside the main thread, where Python hears
    no signals, nothing is changed.
    """
    previous = signal.getsignal(signal.SIGINT)
    watched = unless_watched and previous is not signal.default_int_handler
    if watched or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    heard = False

    def hear(number: int, frame: Any) -> None:
        nonlocal heard
        if heard:
            raise KeyboardInterrupt
        heard = True

    signal.signal(signal.SIGINT, hear)
    try:
        yield lambda: heard
    finally:
        signal.signal(signal.SIGINT, previous)
