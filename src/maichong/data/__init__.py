"""Labelled images and events for learning: one file per data set, with its source, checksum, licence and citation.

    >>> from maichong.data import load, names, split_validation
    >>> names()
    ('breast_cancer_wisconsin', 'cifar10', 'digits', 'fashion_mnist', 'fsdd', 'iris', 'jsb_chorales', 'mnist', 'networks', 'nmnist')
    >>> digits = load("digits")
    >>> digits.x_train.shape, digits.x_train.dtype.name
    ((1437, 8, 8), 'uint8')
    >>> split_validation(digits, 200).x_val.shape
    (200, 8, 8)

Events, of N-MNIST for one, come as an `EventSet`; `events_to_frames` counts them into frames. Music comes
as a `RollSet` of piano rolls, speech as a `SoundSet`, measurements as a `Table`, a network as an `ArcList`.

To add a data set, add one module here. Its name is the data set's name (a leading underscore marks our own
machinery), and it has SOURCE, LICENCE and CITATION (text) and ``load(**options)``, which gives a `DataSet`, an
`EventSet`, a `RollSet`, a `SoundSet`, a `Table` or an `ArcList`. This package gives arrays only: how they become spikes
is the business of `maichong.encoding`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

from maichong.data._arcs import ArcList
from maichong.data._dataset import DataSet
from maichong.data._events import Events
from maichong.data._eventset import EventSet
from maichong.data._frames import events_to_frames
from maichong.data._rolls import RollSet
from maichong.data._sounds import SoundSet, Split
from maichong.data._split import split_validation
from maichong.data._table import Table
from maichong.errors import DataError, ParameterError, brief, did_you_mean

__all__ = [
    "ArcList",
    "DataSet",
    "EventSet",
    "Events",
    "RollSet",
    "SoundSet",
    "Split",
    "Table",
    "events_to_frames",
    "load",
    "names",
    "split_validation",
]


def names() -> tuple[str, ...]:
    """Names of the data sets that `load` knows, in alphabetical order; nothing is imported for it."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def load(name: str, **options: object) -> Any:
    """The data set called ``name``: a `DataSet` of images, an `EventSet` of recordings, a `RollSet` of music, a `SoundSet` of
    speech, a `Table` of measurements or an `ArcList` of a network.

    ``options`` go to the ``load`` function of its module.

    Raises DataError where the name is unknown or the data are missing or damaged, and ParameterError for an
    unknown option.

        >>> load("digits").n_classes
        10
    """
    if not isinstance(name, str) or name not in names():
        raise DataError("data.load", "must name a data set", brief(name), did_you_mean(name, names()))
    module = importlib.import_module(f"{__name__}.{name}")
    known = tuple(inspect.signature(module.load).parameters)
    for option in options:
        if option not in known:
            fix = did_you_mean(option, known) or "it takes none"
            raise ParameterError(f"data.{name}.load", "must get options that it knows", repr(option), fix)
    return module.load(**options)
