"""split_validation: nothing lost, nothing twice, every class by its share, the test split untouched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maichong.data import DataSet, split_validation
from maichong.errors import DataError, ParameterError


def numbered(labels: list[int]) -> DataSet:
    """A data set in which each training image carries its own index in two pixels."""
    index = np.arange(len(labels))
    x = np.stack([index // 256, index % 256], axis=1)[:, None, :]
    return DataSet(name="numbered", x_train=x, y_train=labels, x_test=x[:1], y_test=labels[:1])


def index_of(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 0].astype(int) * 256 + images[:, 0, 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=300), st.data())
def test_a_split_is_a_partition_with_the_shares_of_the_classes(labels: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(labels) - 1))
    whole = numbered(labels)
    split = split_validation(whole, n, seed=data.draw(st.integers(0, 2**64)))
    train, val = index_of(split.x_train), index_of(split.x_val)
    assert len(val) == len(split.y_val) == n
    assert sorted([*train, *val]) == list(range(len(labels)))
    assert (np.diff(train) > 0).all()
    assert (np.diff(val) > 0).all()
    assert (split.y_train == whole.y_train[train]).all()
    assert (split.y_val == whole.y_train[val]).all()
    assert split.x_test is whole.x_test
    assert split.y_test is whole.y_test
    share = n * np.bincount(labels, minlength=10) / len(labels)
    assert (np.abs(np.bincount(split.y_val, minlength=10) - share) < 1).all()


def test_the_seed_decides_and_nothing_else() -> None:
    data = numbered([i % 10 for i in range(200)])
    first, again, other = (index_of(split_validation(data, 50, seed=s).x_val) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_the_draw_is_not_the_end_of_the_file() -> None:
    """A fair draw of 500 from 0..999 has the mean 499.5 +- sqrt(1001 * 500 / (12 * 500)) = 9.1."""
    data = numbered([i % 10 for i in range(1000)])
    means = [index_of(split_validation(data, 500, seed=s).x_val).mean() for s in range(20)]
    assert abs(np.mean(means) - 499.5) < 4 * 9.1 / np.sqrt(20)


def test_it_refuses_to_split_twice() -> None:
    split = split_validation(numbered([0, 1, 0, 1]), 2)
    with pytest.raises(DataError, match=r"without a validation split .*; split the data set as it was loaded"):
        split_validation(split, 1)


def test_it_wants_a_data_set() -> None:
    with pytest.raises(DataError, match=r"split_validation: must get a data set \(got 'mnist'\); load one"):
        split_validation("mnist", 3)


@pytest.mark.parametrize("n", [0, 4, -1, 2.0, "2", None, True, np.nan])
def test_it_refuses_a_wrong_number_of_images(n: object) -> None:
    with pytest.raises(ParameterError, match=r"split_validation\(n\): must be a whole number in 1..3"):
        split_validation(numbered([0, 1, 0, 1]), n)


@pytest.mark.parametrize("seed", [-1, 0.5, "1", None, True])
def test_it_refuses_a_wrong_seed(seed: object) -> None:
    with pytest.raises(ParameterError, match=r"split_validation\(seed\): must be a whole number >= 0"):
        split_validation(numbered([0, 1, 0, 1]), 1, seed=seed)
