"""Patterns of 0 and 1: how much they share, and what is left of them where a part is wrong."""

from __future__ import annotations

import numpy as np


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The cosine of two patterns of 0 and 1: 1 where they are the same, 0 where they share nothing."""
    return float((a & b).sum() / np.sqrt(max(a.sum() * b.sum(), 1)))


def swapped(pattern: np.ndarray, part: float, draw: np.random.Generator) -> np.ndarray:
    """``pattern`` with a part of its active cells replaced by cells that were silent."""
    cue = pattern.copy()
    n = round(part * pattern.sum())
    cue[draw.choice(np.flatnonzero(pattern), n, replace=False)] = False
    cue[draw.choice(np.flatnonzero(~pattern), n, replace=False)] = True
    return cue


def noisy(bright: np.ndarray, part: float, draw: np.random.Generator) -> np.ndarray:
    """Images, bool, of whose pixels each is by a chance of ``part`` what a coin says."""
    return np.where(draw.random(bright.shape) < part, draw.random(bright.shape) < 0.5, bright)


def similarity(patterns: np.ndarray) -> float:
    """The mean overlap of pairs of different patterns, bool [patterns, n]."""
    x = patterns / np.sqrt(np.maximum(patterns.sum(axis=1, keepdims=True), 1))
    n = len(x)
    return float(((x @ x.T).sum() - np.trace(x @ x.T)) / (n * (n - 1)))
