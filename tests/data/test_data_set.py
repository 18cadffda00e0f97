"""DataSet: what it accepts, and one sentence for everything that it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from maichong.data import DataSet
from maichong.errors import DataError, ParameterError


def fields(**changes: object) -> dict[str, object]:
    """Arguments of a small, right data set: 4 training and 2 test images of 3 x 2."""
    right = {
        "name": "tiny",
        "x_train": np.arange(24, dtype=np.uint8).reshape(4, 3, 2),
        "y_train": np.array([0, 1, 2, 9]),
        "x_test": np.full((2, 3, 2), 255, np.uint8),
        "y_test": np.array([3, 4]),
    }
    return right | changes


def test_arrays_keep_their_values_and_get_their_types() -> None:
    data = DataSet(**fields(y_train=[0, 1, 2, 9], x_test=np.full((2, 3, 2), 255.0)))
    assert data.x_train.dtype == data.x_test.dtype == np.uint8
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert data.y_train.tolist() == [0, 1, 2, 9]
    assert (data.x_test == 255).all()
    assert data.n_classes == 10
    assert data.x_val is None
    assert repr(data) == "DataSet('tiny': 4 training + 2 test images of 3 x 2, 10 classes)"


def test_images_in_colour() -> None:
    colour = np.arange(72).reshape(4, 3, 3, 2)
    data = DataSet(**fields(x_train=colour, x_test=colour[:2]))
    assert data.x_train.dtype == np.uint8
    assert np.array_equal(data.x_train, colour)
    assert data.take(train=1).x_train.shape == (1, 3, 3, 2)
    assert repr(data) == "DataSet('tiny': 4 training + 2 test images of 3 x 3 x 2, 10 classes)"


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DataSet(**fields()).x_train = None


def test_take_gives_the_first_so_many() -> None:
    data = DataSet(**fields())
    part = data.take(train=3, test=np.int64(1))
    assert (part.x_train == data.x_train[:3]).all()
    assert part.y_train.tolist() == [0, 1, 2]
    assert part.y_test.tolist() == [3]
    assert len(data.take().x_train) == 4
    assert part.name == "tiny"


PIXELS = np.zeros((4, 3, 2))
REFUSED = [
    ({"name": None}, "DataSet.name: must be text (got None)"),
    ({"licence": 3}, "DataSet.licence: must be text (got 3)"),
    ({"n_classes": 0}, "DataSet.n_classes: must be a whole number in 1..2147483647 (got 0)"),
    ({"n_classes": True}, "DataSet.n_classes: must be a whole number in 1..2147483647 (got True)"),
    (
        {"x_train": np.zeros((0, 3, 2))},
        "DataSet.x_train: must be images [N, height, width] or [N, 3, height, width], not empty (got shape (0, 3, 2)); "
        "check the file or the filter",
    ),
    (
        {"y_train": []},
        "DataSet.y_train: must be labels [N], not empty (got shape (0,)); check the file or the filter",
    ),
    (
        {"y_train": [0, 1, 2]},
        "DataSet.y_train: must have 4 labels, one for each image of x_train (got 3 labels); "
        "cut images and labels at the same place",
    ),
    (
        {"y_test": [0, 1, 2]},
        "DataSet.y_test: must have 2 labels, one for each image of x_test (got 3 labels); "
        "cut images and labels at the same place",
    ),
    (
        {"x_train": PIXELS + 256},
        "DataSet.x_train: must be whole numbers in 0..255 (got values from 256 to 256)",
    ),
    (
        {"x_train": PIXELS.astype(int) - 1},
        "DataSet.x_train: must be whole numbers in 0..255 (got values from -1 to -1)",
    ),
    (
        {"x_train": PIXELS + 0.5},
        "DataSet.x_train: must be whole numbers in 0..255 (got for one, 0.5); multiply by 255 and round",
    ),
    ({"x_train": PIXELS + 7.25}, "DataSet.x_train: must be whole numbers in 0..255 (got for one, 7.25)"),
    ({"x_train": PIXELS + np.nan}, "DataSet.x_train: must be finite (got 24 values that are not)"),
    ({"x_test": PIXELS[:2] - np.inf}, "DataSet.x_test: must be finite (got 12 values that are not)"),
    (
        {"x_train": PIXELS.reshape(4, 6)},
        "DataSet.x_train: must be images [N, height, width] or [N, 3, height, width] (got shape (4, 6)); reshape flat images",
    ),
    (
        {"x_train": np.zeros((4, 3, 3, 2))},
        "DataSet.x_test: must have images of 3 x 3 x 2 pixels, as in x_train (got 3 x 2); resize one of the two",
    ),
    (
        {"x_train": np.zeros((4, 5, 2, 3))},
        "DataSet.x_train: must be images [N, height, width] or [N, 3, height, width] (got shape (4, 5, 2, 3)); "
        "put the colours before the pixels, x.transpose(0, 3, 1, 2)",
    ),
    (
        {"x_train": np.zeros((4, 2, 3, 2))},
        "DataSet.x_train: must be images [N, height, width] or [N, 3, height, width] (got shape (4, 2, 3, 2))",
    ),
    (
        {"y_train": np.eye(4)},
        "DataSet.y_train: must be labels [N] (got shape (4, 4)); give class indices, not one-hot rows",
    ),
    (
        {"y_train": [0, 1, 2, 10]},
        "DataSet.y_train: must be whole numbers in 0..9 (got values from 0 to 10); set n_classes=11",
    ),
    (
        {"y_train": [0, 1, 2, -1]},
        "DataSet.y_train: must be whole numbers in 0..9 (got values from -1 to 2)",
    ),
    ({"y_train": [0, 1, 2, 2.5]}, "DataSet.y_train: must be whole numbers in 0..9 (got for one, 2.5)"),
    (
        {"y_train": ["a", "b", "c", "d"]},
        "DataSet.y_train: must be numbers that form labels [N] (got list that NumPy reads as str32)",
    ),
    (
        {"x_train": [[[1], [1, 2]]]},
        "DataSet.x_train: must be numbers that form images [N, height, width] or [N, 3, height, width] (got [[[1], [1, 2]]])",
    ),
    (
        {"x_train": None},
        "DataSet.x_train: must be numbers that form images [N, height, width] or [N, 3, height, width] "
        "(got NoneType that NumPy reads as object)",
    ),
    (
        {"x_test": np.zeros((2, 2, 3))},
        "DataSet.x_test: must have images of 3 x 2 pixels, as in x_train (got 2 x 3); resize one of the two",
    ),
    (
        {"x_val": PIXELS},
        "DataSet.x_val: must come with y_val (got one of the two); give both or neither",
    ),
    ({"x_val": PIXELS, "y_val": [1]}, "DataSet.y_val: must have 4 labels, one for each image of x_val"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_one_sentence_for_what_is_wrong(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as caught:
        DataSet(**fields(**changes))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("n", [0, -1, 5, 1.0, "2", True, None.__class__])
def test_take_refuses_what_is_not_there(n: object) -> None:
    with pytest.raises(ParameterError, match=r"DataSet.take\(train\): must be a whole number in 1..4"):
        DataSet(**fields()).take(train=n)


def test_what_cannot_be_printed_is_named_by_its_type() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    with pytest.raises(DataError, match=r"must be text \(got a value of type Broken\)"):
        DataSet(**fields(name=Broken()))


numbers = st.one_of(npst.integer_dtypes(), npst.unsigned_integer_dtypes(), npst.floating_dtypes())
nonsense = st.one_of(
    npst.arrays(st.one_of(numbers, npst.scalar_dtypes()), npst.array_shapes(min_dims=0, max_dims=4, min_side=0)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=8,
    ),
)
FIELDS = ("name", "n_classes", "source", "x_train", "y_train", "x_test", "y_test", "x_val", "y_val")


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), nonsense, min_size=1, max_size=4))
def test_nonsense_is_refused_by_a_data_error_or_is_a_data_set(changes: dict[str, object]) -> None:
    try:
        data = DataSet(**fields(**changes))
    except DataError as error:
        message = str(error)
    else:
        message = "DataSet.fits"
        assert data.x_train.dtype == data.x_test.dtype == np.uint8
        assert data.y_train.dtype == data.y_test.dtype == np.int64
        assert len(data.x_train) == len(data.y_train) > 0
        assert 0 <= data.y_train.min() <= data.y_train.max() < data.n_classes
    assert message.startswith("DataSet.")
    assert "\n" not in message
