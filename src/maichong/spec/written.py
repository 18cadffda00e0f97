"""Functions that were written as text by a program, and can be read again like those of a file."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Mapping
from typing import Any


def written(name: str, text: str, owner: str, namespace: Mapping[str, Any]) -> Callable[..., Any]:
    """The function ``name`` that ``text`` defines with the names of ``namespace``, for the model ``owner``.

    Its text lies in ``linecache``, as a doctest's does. It is executed: only a program may have written it.
    """
    file = f"<{name} of {owner}, written as text: {hashlib.sha256(text.encode()).hexdigest()[:12]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    return executed(compile(text, file, "exec"), name, namespace)


def executed(code: Any, name: str, namespace: Mapping[str, Any]) -> Callable[..., Any]:
    """What ``code`` calls ``name``, with the names of ``namespace`` and nothing else."""
    known: dict[str, Any] = {"__builtins__": {}, **namespace}
    exec(code, known)
    return known[name]
