"""digits against what scikit-learn and UCI publish about it."""

from __future__ import annotations

import numpy as np
import pytest

from maichong.data import digits, load
from maichong.errors import DataError


def test_counts_are_the_published_ones() -> None:
    """The class counts stand in optdigits.names at UCI, test part."""
    data = load("digits")
    every = np.concatenate([data.y_train, data.y_test])
    assert np.bincount(every).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.x_train.shape == (1437, 8, 8)
    assert data.x_test.shape == (360, 8, 8)
    assert data.n_classes == 10


def test_the_test_split_holds_a_fifth_of_every_class() -> None:
    """A rounded share lies within one of the exact one."""
    share = np.array([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]) * 360 / 1797
    assert (np.abs(np.bincount(load("digits").y_test) - share) < 1).all()


def test_the_split_is_a_partition_of_scikit_learns_images_and_scaling_loses_nothing() -> None:
    from sklearn.datasets import load_digits

    data, original = load("digits"), load_digits()
    grey = np.concatenate([data.x_train, data.x_test])
    label = np.concatenate([data.y_train, data.y_test])
    ink = np.rint(grey / 255 * 16).astype(int)
    assert grey.max() == 255
    assert grey.min() == 0
    rows = sorted((int(y), *map(int, x.ravel())) for x, y in zip(ink, label, strict=True))
    wanted = sorted((int(y), *map(int, x.ravel())) for x, y in zip(original.images, original.target, strict=True))
    assert rows == wanted


def test_every_load_gives_the_same_split() -> None:
    first, again = load("digits"), load("digits")
    assert (first.x_test == again.x_test).all()
    assert (first.y_train == again.y_train).all()


def test_a_linear_classifier_reads_it() -> None:
    """Images and labels belong together: least squares gets far beyond chance, 0.1, on the test split."""
    data = load("digits")
    x, y = data.x_train.reshape(len(data.x_train), -1) / 255, np.eye(10)[data.y_train]
    weights = np.linalg.lstsq(np.c_[x, np.ones(len(x))], y, rcond=None)[0]
    test = np.c_[data.x_test.reshape(len(data.x_test), -1) / 255, np.ones(len(data.x_test))]
    assert ((test @ weights).argmax(1) == data.y_test).mean() > 0.9


def test_other_images_in_scikit_learn_are_refused(monkeypatch) -> None:
    import sklearn.datasets

    other = sklearn.datasets.load_digits()
    other.images[5, 4, 4] = 3 if other.images[5, 4, 4] != 3 else 4
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: other)
    with pytest.raises(DataError) as caught:
        digits.load()
    message = str(caught.value)
    assert message.startswith("data.digits: images of scikit-learn: must have bytes with the SHA-256 8f26b2bd")
    assert message.endswith("install another version of scikit-learn")
