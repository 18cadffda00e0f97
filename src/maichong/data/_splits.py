"""What data sets of images and of recordings share: words, splits that fit together, a cut for a quick run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from maichong.data._checks import count, is_int, labels
from maichong.errors import DataError, brief

_MOST_CLASSES = 2**31 - 1  # more than any data set has, and every one of them exact in float64

Set = TypeVar("Set")


def settle(data: Any, kind: str, samples: Callable[[str, object], Any]) -> None:
    """Bring the fields of the frozen ``data`` into their one true type, or raise DataError.

    ``samples`` reads what stands in x_train, x_test and x_val, ``kind`` names one of them ("image"). What it returns
    has a length and a ``shape`` whose axes but the first are the same in every split.
    """
    cls = type(data).__name__
    for field in ("name", "source", "licence", "citation"):
        if not isinstance(text := getattr(data, field), str):
            raise DataError(f"{cls}.{field}", "must be text", brief(text))
    if not is_int(data.n_classes) or not 1 <= data.n_classes <= _MOST_CLASSES:
        expected = f"must be a whole number in 1..{_MOST_CLASSES}"
        raise DataError(f"{cls}.n_classes", expected, brief(data.n_classes))
    if (data.x_val is None) != (data.y_val is None):
        raise DataError(f"{cls}.x_val", "must come with y_val", "one of the two", "give both or neither")
    sizes = {}
    for split in ("train", "test") if data.x_val is None else ("train", "test", "val"):
        x = samples(f"{cls}.x_{split}", getattr(data, f"x_{split}"))
        y = labels(f"{cls}.y_{split}", getattr(data, f"y_{split}"), data.n_classes)
        if len(x) != len(y):
            raise DataError(
                f"{cls}.y_{split}",
                f"must have {len(x)} labels, one for each {kind} of x_{split}",
                f"{len(y)} labels",
                f"cut {kind}s and labels at the same place",
            )
        sizes[split] = x.shape[1:]
        if sizes[split] != sizes["train"]:
            came, wanted = (" x ".join(map(str, sizes[s])) for s in (split, "train"))
            expected = f"must have {kind}s of {wanted} pixels, as in x_train"
            raise DataError(f"{cls}.x_{split}", expected, came, "resize one of the two")
        # A frozen dataclass lets its own constructor normalise what it was given in no other way.
        object.__setattr__(data, f"x_{split}", x)
        object.__setattr__(data, f"y_{split}", y)


def first(data: Set, train: int | None, test: int | None) -> Set:
    """``data`` with its first ``train`` and ``test`` samples (None: all); raises ParameterError where it has fewer."""
    cls, whole = type(data).__name__, dict[str, Any](vars(data))
    changes = {}
    for split, n in (("train", train), ("test", test)):
        x, y = whole[f"x_{split}"], whole[f"y_{split}"]
        if n is not None:
            n = count(f"{cls}.take({split})", n, len(x))
            changes |= {f"x_{split}": x[:n], f"y_{split}": y[:n]}
    return replace(data, **changes)  # pyright: ignore[reportArgumentType]


def describe(data: Any, kind: str) -> str:
    """What ``data`` is, on one line: the counts of its splits, the size of a sample, the number of classes."""
    size = " x ".join(map(str, data.x_train.shape[1:]))
    val = "" if data.x_val is None else f"{len(data.x_val)} validation + "
    counts = f"{len(data.x_train)} training + {val}{len(data.x_test)} test"
    return f"{type(data).__name__}({data.name!r}: {counts} {kind}s of {size}, {data.n_classes} classes)"
