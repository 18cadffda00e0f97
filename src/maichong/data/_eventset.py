"""What a data set of events is: recordings of an event camera and labels in splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maichong.data._events import Events
from maichong.data._splits import describe, first, settle
from maichong.errors import DataError, brief


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EventSet:
    """Labelled recordings of an event camera: a `DataSet` whose ``x_...`` are `Events`.

    ``x_train[i]`` is one recording, ``x_train[:100]`` the first hundred, `events_to_frames` counts them into frames.
    Labels are int64 [N] in 0..n_classes-1, and `split_validation` makes ``x_val`` and ``y_val``.

    Raises DataError for what are no events, and as `DataSet` does.

        >>> one = Events(x=[3], y=[1], p=[1], t_us=[250], offsets=[0, 1], height=4, width=4)
        >>> EventSet(name="tiny", x_train=one, y_train=[1], x_test=one, y_test=[0], n_classes=2)
        EventSet('tiny': 1 training + 1 test recordings of 4 x 4, 2 classes)
    """

    name: str
    x_train: Events
    y_train: np.ndarray
    x_test: Events
    y_test: np.ndarray
    x_val: Events | None = None
    y_val: np.ndarray | None = None
    n_classes: int = 10
    source: str = ""
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        settle(self, "recording", _events)

    def take(self, train: int | None = None, test: int | None = None) -> EventSet:
        """The first ``train`` training and the first ``test`` test recordings (None: all), for a quick run.

        The arrays are views, the validation split stays whole. Raises ParameterError where there are not so many.
        """
        return first(self, train, test)

    def __repr__(self) -> str:
        return describe(self, "recording")


def _events(where: str, values: object) -> Events:
    if not isinstance(values, Events):
        raise DataError(where, "must be Events", brief(values), "Events.of(recordings) makes them")
    return values
