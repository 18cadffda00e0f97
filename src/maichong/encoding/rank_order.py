"""Rank order: the strongest value spikes first, the next one after it; only the order says anything.

    spike of rank r = 0, 1, ... at r dt;      it stands for mod^r, or for profile[r]

Values are ranked along the last axis; equal ones come in the order of their places, and what is
not above ``threshold`` stays silent.
Of a rank the value itself cannot be told. A ``profile`` says what values of a rank are on average: ``fitted`` takes it from
samples, as Van Rullen and Thorpe do with their table of contrasts.

Source: Thorpe & Gautrais 1998, doi:10.1007/978-1-4615-4831-7_19; Van Rullen & Thorpe 2001, doi:10.1162/08997660152002852.

Not where absolute strength matters: a dark picture has the order of a bright one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from maichong.encoding.code import Code
from maichong.encoding.fields import number, numbers, other
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError, brief


@dataclass(frozen=True)
class RankOrder(Code):
    """One spike for each value in 0..1, one step after that of the next larger value of the last axis.

    >>> RankOrder().encode([0.2, 0.9, 0.5]).first().tolist()
    [2.0, 0.0, 1.0]
    """

    mod: float = number(0.9, "", "modulation: what each rank stands for, times the one before", above=0.0, high=1.0)
    threshold: float = number(0.0, "", "values up to it stay silent", low=0.0, high=1.0)
    dt: float = number(1.0, "ms", "step: time from one rank to the next", above=0.0)
    profile: Any = field(default=None, metadata=other("value of each rank, strongest first; mod^rank if none; see fitted()"))

    def check(self) -> None:
        if self.profile is None:
            return
        profile = numbers(self.profile)
        if (
            profile is None
            or profile.ndim != 1
            or not profile.size
            or not np.isfinite(profile).all()
            or (np.diff(profile) > 0).any()
        ):
            raise ParameterError("RankOrder.profile", "must be finite numbers that do not rise", brief(self.profile))
        object.__setattr__(self, "profile", tuple(profile.tolist()))

    def fitted(self, values: Any) -> RankOrder:
        """The code with the mean value of each rank over ``values`` [..., n] as its profile."""
        x = self.taken(values)
        x = x.reshape(-1, x.shape[-1] if x.ndim else 1)
        return replace(self, profile=tuple((-np.sort(-x, axis=1)).mean(axis=0).tolist()))

    def encode(self, values: Any) -> SpikeTrains:
        x = self.taken(values)
        rows = x.reshape(-1, x.shape[-1] if x.ndim else 1)
        ranks = np.argsort(np.argsort(-rows, axis=1, kind="stable"), axis=1, kind="stable")
        times = np.where(rows <= self.threshold, np.inf, ranks * self.dt)
        return SpikeTrains.of_latencies(times.reshape(x.shape), rows.shape[1], self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        first = self.given(trains).first()
        ranks = np.where(np.isfinite(first), np.rint(first / self.dt), 0).astype(np.int64)
        if self.profile is None:
            return np.where(np.isfinite(first), self.mod**ranks, 0.0)
        if ranks.size and ranks.max() >= len(self.profile):
            got = f"a spike of rank {ranks.max()}"
            raise ParameterError("RankOrder.decode", f"must get ranks below {len(self.profile)}, those of its profile", got)
        return np.where(np.isfinite(first), np.asarray(self.profile)[ranks], 0.0)
