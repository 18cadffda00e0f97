"""A network that stands in a file: ``FILE.py``, which makes one, or ``FILE.json`` or ``FILE.npz``, which ``Network.save`` wrote.

``FILE.py`` is plain Python. It says ``net = Network(...)`` or has a function ``network()`` that returns one, and it may say for
how long it is to run: ``duration = 1000.0`` (ms) or ``duration = "1 s"``. Models of its own need no further word.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from maichong.errors import MaichongError, NetworkError, ParameterError, brief
from maichong.network import Network
from maichong.spec import Configured
from maichong.spec.model import Model
from maichong.spec.quantities import in_unit

SUFFIXES = (".py", ".json", ".npz")


@dataclass(frozen=True)
class Described:
    """What a file says: a network, for how many ms it is to run (None: it does not say), and the models that it uses."""

    network: Network
    duration: float | None
    models: tuple[Model, ...]


def read_network(path: Path, home: Path | None = None) -> Described:
    """The network in the file ``path``; Python files find what they import beside them, or in the folder ``home``.

    Raises NetworkError, with the file's own line, for whatever goes wrong in a Python file and where there is no network in it;
    CheckpointError for a file that cannot be read.
    """
    if path.suffix not in SUFFIXES:
        expected = f"must be a file that ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        raise NetworkError(str(path), expected, path.suffix or "no ending")
    if path.suffix != ".py":
        net, duration = Network.load(path), None
    else:
        module = _executed(path, home or path.absolute().parent)
        net, duration = _network(module, path, home), _duration(module, path)
    return Described(net, duration, _models(net))


def _executed(path: Path, home: Path) -> ModuleType:
    try:
        source = path.read_bytes()
    except OSError as error:
        raise NetworkError(str(path), "must be a file that can be read", error.strerror) from None
    # a name of its own, which no import can mean: what stands under ``if __name__ == "__main__"`` is not run
    module = ModuleType(f"maichong network file {path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and the like look there for the names of annotations
    with _imports_from(home), _told(path):
        exec(compile(source, str(path), "exec"), vars(module))
    return module


@contextlib.contextmanager
def _imports_from(home: Path) -> Iterator[None]:
    sys.path.insert(0, str(home))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(home))


@contextlib.contextmanager
def _told(path: Path, line: int | None = None) -> Iterator[None]:
    """Whatever goes wrong in the file is told in one sentence that names its line there."""
    try:
        yield
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        if isinstance(error, SyntaxError) and error.filename == str(path):
            lines.append(error.lineno)
        at = lines[-1] if lines else line
        where = f"{path.name}, line {at}" if at else path.name
        if isinstance(error, MaichongError):
            raise NetworkError(where, str(error)) from None
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        raise NetworkError(where, f"{type(error).__name__}{': ' if said else ''}{said}") from None


def _network(module: ModuleType, path: Path, home: Path | None) -> Network:
    found = vars(module).get("net", vars(module).get("network"))
    if not isinstance(found, Network) and callable(make := vars(module).get("network")):
        code = getattr(make, "__code__", None)
        with _imports_from(home or path.absolute().parent), _told(path, code.co_firstlineno if code else None):
            found = make()
        if not isinstance(found, Network):
            raise NetworkError(path.name, "its function network() must return a Network", brief(found))
    if isinstance(found, Network):
        return found
    others = [name for name, value in vars(module).items() if isinstance(value, Network)]
    if others:
        raise NetworkError(path.name, "must call its network 'net'", brief(others[0]), f"add net = {others[0]}")
    got = "none" if found is None else brief(found)
    raise NetworkError(path.name, "must define net = Network(...), or a function network() that returns one", got)


def _duration(module: ModuleType, path: Path) -> float | None:
    given = vars(module).get("duration")
    return None if given is None else checked_duration(given, f"{path.name}, duration")


def checked_duration(given: Any, where: str) -> float:
    """A duration in ms: a number or text with a unit; ParameterError or UnitError otherwise."""
    duration = in_unit(given, "ms", where)
    if not isinstance(duration, float) or not np.isfinite(duration) or duration <= 0:
        raise ParameterError(where, "must be a number > 0 ms", brief(given))
    return duration


def _models(net: Network) -> tuple[Model, ...]:
    """The models that a network uses, whether or not the registry knows them."""
    parts: list[Any] = []
    for population in net.populations.values():
        parts += [population.model, *population.plasticity]
    for projection in net.projections.values():
        parts += [projection.receptor, *projection.plasticity]
    parts += [background.receptor for background in net.backgrounds.values()]
    return tuple({part.model.identifier: part.model for part in parts if isinstance(part, Configured)}.values())
