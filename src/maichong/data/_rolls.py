"""What a data set of music is: piano rolls in splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maichong.errors import DataError, brief


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RollSet:
    """Pieces of music as piano rolls, in a training, a validation and a test split.

    A roll is uint8 [steps, notes]: 1 where a note sounds in a step, else 0; pieces have their own numbers of steps, all the same
    number of notes. The splits are the published ones, so that likelihoods can be compared.

    Raises DataError for an empty split and for rolls that are not of this form.

        >>> roll = np.array([[0, 1], [1, 1]], np.uint8)
        >>> RollSet(name="tiny", x_train=(roll, roll[:1]), x_val=(roll,), x_test=(roll,))
        RollSet('tiny': 2 training + 1 validation + 1 test pieces of 2 notes)
    """

    name: str
    x_train: tuple[np.ndarray, ...]
    x_val: tuple[np.ndarray, ...]
    x_test: tuple[np.ndarray, ...]
    source: str = ""
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        for split in ("x_train", "x_val", "x_test"):
            rolls = getattr(self, split)
            if not isinstance(rolls, tuple) or not rolls:
                raise DataError(f"RollSet.{split}", "must be a tuple of piano rolls, not empty", brief(rolls))
            for k, roll in enumerate(rolls):
                where = f"RollSet.{split}[{k}]"
                if not isinstance(roll, np.ndarray) or roll.dtype != np.uint8 or roll.ndim != 2 or 0 in roll.shape:
                    raise DataError(where, "must be uint8 [steps, notes]", brief(roll))
                if roll.shape[1] != self.notes:
                    raise DataError(where, f"must have {self.notes} notes, as the first", f"{roll.shape[1]} notes")
                if roll.max() > 1:
                    raise DataError(where, "must be 0 or 1", f"{roll.max()}")

    @property
    def notes(self) -> int:
        """How many notes a roll has."""
        return self.x_train[0].shape[1]

    def __repr__(self) -> str:
        counts = f"{len(self.x_train)} training + {len(self.x_val)} validation + {len(self.x_test)} test"
        return f"RollSet({self.name!r}: {counts} pieces of {self.notes} notes)"
