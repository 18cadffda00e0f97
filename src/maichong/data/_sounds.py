"""What a data set of speech is: labelled recordings of several speakers, and the ways to split them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from maichong.data._checks import count, is_int, labels, whole_numbers
from maichong.data._split import draw_stratified
from maichong.errors import DataError, ParameterError, brief, did_you_mean, is_one_of


class Split(NamedTuple):
    """Which recordings are learned and which are tested: their numbers, int64, in the order of the file."""

    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SoundSet:
    """Labelled recordings of several speakers, end to end: ``samples[offsets[k]:offsets[k + 1]]`` is recording k.

    ``samples`` are int16 at ``rate`` Hz, ``y`` [N] the classes, ``speaker`` [N] numbers into ``speakers``, ``tested`` [N] is True
    for what the publishers would have tested. ``sounds[k]`` is one recording. Results on speech differ most by who is tested, so
    that the split is a choice: `official`, `drawn` at random, or all of a speaker whom nobody heard before, `without`.

    Raises DataError for what is not of this form.

        >>> import numpy as np
        >>> tiny = SoundSet(
        ...     name="tiny", samples=np.arange(5, dtype=np.int16), offsets=[0, 2, 5], y=[0, 1], speaker=[0, 1],
        ...     speakers=("ann", "bob"), tested=[False, True], rate=8000, n_classes=2,
        ... )
        >>> tiny, tiny[1], tiny.without("ann").test
        (SoundSet('tiny': 2 recordings of 2 speakers, 2 classes, 8000 Hz), array([2, 3, 4], dtype=int16), array([0]))
    """

    name: str
    samples: np.ndarray
    offsets: np.ndarray
    y: np.ndarray
    speaker: np.ndarray
    speakers: tuple[str, ...]
    tested: np.ndarray
    rate: int
    n_classes: int = 10
    source: str = ""
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.samples, np.ndarray) or self.samples.dtype != np.int16 or self.samples.ndim != 1:
            raise DataError("SoundSet.samples", "must be int16 [samples]", brief(self.samples))
        if not is_int(self.rate) or self.rate < 1:
            raise DataError("SoundSet.rate", "must be a whole number of Hz >= 1", brief(self.rate))
        total = len(self.samples)
        offsets = whole_numbers("SoundSet.offsets", self.offsets, "offsets [N + 1]", total, np.int64)
        if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != total or (np.diff(offsets) <= 0).any():
            expected = f"must rise from 0 to {total}, the number of samples, and no recording be empty"
            raise DataError("SoundSet.offsets", expected, brief(offsets.tolist()))
        columns = {
            "offsets": offsets,
            "y": labels("SoundSet.y", self.y, self.n_classes),
            "speaker": labels("SoundSet.speaker", self.speaker, len(self.speakers)),
            "tested": np.asarray(self.tested),
        }
        if columns["tested"].dtype != np.bool_:
            raise DataError("SoundSet.tested", "must be True or False for each recording", brief(self.tested))
        for field, column in columns.items():
            if field != "offsets" and column.shape != (len(offsets) - 1,):
                raise DataError(f"SoundSet.{field}", f"must have {len(offsets) - 1} entries, one a recording", f"{column.size}")
            # a frozen dataclass lets its own constructor normalise what it was given in no other way
            object.__setattr__(self, field, column)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, k: int) -> np.ndarray:
        """Recording ``k``, int16 [samples]; IndexError where there is none."""
        k = range(len(self))[k]
        return self.samples[self.offsets[k] : self.offsets[k + 1]]

    def official(self) -> Split:
        """The publishers' split: its speakers are in both parts."""
        return _split(self.tested)

    def drawn(self, test: float = 0.3, seed: int = 42) -> Split:
        """A part ``test`` of the recordings drawn for the test, of each class its share; speakers are in both parts.

        With its defaults it is the custom of works that pooled TIDIGITS. Raises ParameterError for a part that leaves one side
        empty and a seed that is no whole number >= 0.
        """
        where = "SoundSet.drawn"
        if isinstance(test, bool) or not isinstance(test, (int, float)) or not 1 <= round(test * len(self)) < len(self):
            raise ParameterError(f"{where}(test)", f"must be a part of {len(self)} recordings, between 0 and 1", brief(test))
        return _split(draw_stratified(self.y, round(test * len(self)), _seed(seed, where)))

    def without(self, speaker: str) -> Split:
        """Leave one speaker out: all that ``speaker`` says is the test, and nothing of it is learned; raises ParameterError."""
        if not is_one_of(speaker, self.speakers):
            fix = did_you_mean(speaker, self.speakers)
            raise ParameterError("SoundSet.without(speaker)", "must name a speaker", brief(speaker), fix)
        return _split(self.speaker == self.speakers.index(speaker))

    def held_back(self, split: Split, n: int, seed: int = 0) -> Split:
        """``n`` of the recordings to learn, drawn class by class, as the test instead: what settings are chosen on.

        Raises ParameterError where ``n`` leaves nothing to learn, or ``seed`` is no whole number >= 0.
        """
        where = "SoundSet.held_back"
        n = count(f"{where}(n)", n, len(split.train) - 1)
        drawn = draw_stratified(self.y[split.train], n, _seed(seed, where))
        return Split(split.train[~drawn], split.train[drawn])

    def __repr__(self) -> str:
        counts = f"{len(self)} recordings of {len(self.speakers)} speakers"
        return f"SoundSet({self.name!r}: {counts}, {self.n_classes} classes, {self.rate} Hz)"


def _split(tested: np.ndarray) -> Split:
    return Split(np.flatnonzero(~tested), np.flatnonzero(tested))


def _seed(seed: object, where: str) -> int:
    if not is_int(seed) or seed < 0:
        raise ParameterError(f"{where}(seed)", "must be a whole number >= 0", brief(seed))
    return int(seed)
