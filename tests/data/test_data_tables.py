"""Tables of measurements against what UCI and Fisher publish about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maichong.data import Table, breast_cancer_wisconsin, iris, load
from maichong.errors import DataError, ParameterError


def test_iris_has_the_means_that_fisher_printed() -> None:
    """Table II of Fisher 1936, in cm; UCI's file, with two wrong rows, has a virginica's mean right and setosa's not."""
    data = load("iris")
    assert (data.x.shape, np.bincount(data.y).tolist(), data.n_classes) == ((150, 4), [50, 50, 50], 3)
    means = [data.x[data.y == k].mean(axis=0) for k in range(3)]
    assert means[0] == pytest.approx([5.006, 3.428, 1.462, 0.246], abs=1e-9)
    assert means[1] == pytest.approx([5.936, 2.770, 4.260, 1.326], abs=1e-9)
    assert means[2] == pytest.approx([6.588, 2.974, 5.552, 2.026], abs=1e-9)


def test_another_iris_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import sklearn.datasets

    other = sklearn.datasets.load_iris()
    other.data[3, 1] += 0.1
    monkeypatch.setattr(sklearn.datasets, "load_iris", lambda: other)
    with pytest.raises(DataError, match=r"data\.iris: lengths of scikit-learn: must have bytes with the SHA-256"):
        iris.load()


def wisconsin() -> Path:
    path = Path(str(breast_cancer_wisconsin.locate(breast_cancer_wisconsin.FILE, "test")[0]))
    return path


@pytest.mark.skipif("MAICHONG_DATA" not in __import__("os").environ, reason="it is read from MAICHONG_DATA")
class TestWisconsin:
    def test_counts_are_the_published_ones(self) -> None:
        """UCI: 458 benign and 241 malignant of 699, and 16 rows with a score missing, of which 14 are benign."""
        data = load("breast_cancer_wisconsin")
        assert (data.x.shape, np.bincount(data.y).tolist()) == ((683, 9), [444, 239])
        assert (data.x.min(), data.x.max()) == (1.0, 10.0)
        assert data.x[0].tolist() == [5, 1, 1, 1, 2, 1, 3, 1, 1]
        malignant = data.x[data.y == 1].mean(axis=0)
        assert (malignant > data.x[data.y == 0].mean(axis=0)).all()

    def test_with_a_header_and_without(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lines = wisconsin().read_text().splitlines()
        bare = [line for line in lines if line[0].isdigit()]
        assert len(bare) == 699
        place = tmp_path / breast_cancer_wisconsin.FILE.path
        place.parent.mkdir()
        whole = load("breast_cancer_wisconsin")
        monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
        for text in (bare, ["id,a,b", *bare]):
            place.write_text("\n".join(text))
            assert (load("breast_cancer_wisconsin").x == whole.x).all()

    def test_other_scores_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        text = wisconsin().read_text()
        place = tmp_path / breast_cancer_wisconsin.FILE.path
        place.parent.mkdir()
        monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
        for other, what in (
            (text.replace("1000025,5", "1000025,6"), "must have bytes with the SHA-256"),
            (text.replace("1000025,5", "1000025,x"), "must read scores from"),
            ("", "must be uint8 of shape"),
        ):
            place.write_text(other)
            with pytest.raises(DataError, match=what):
                load("breast_cancer_wisconsin")


def table(**changes: object) -> Table:
    given = {"name": "t", "x": np.ones((4, 2)), "y": [0, 0, 1, 1], "features": ("a", "b"), "classes": ("n", "y"), **changes}
    return Table(**given)  # pyright: ignore[reportArgumentType]


def test_draws_are_stratified_and_the_same_for_ever() -> None:
    data = load("iris")
    drawn = data.draw(75, seed=3)
    assert np.bincount(data.y[drawn]).tolist() == [25, 25, 25]
    assert (drawn == load("iris").draw(75, seed=3)).all()
    assert (drawn != data.draw(75, seed=4)).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"x": np.ones(4)},
            "Table.x: must be numbers [samples, 2], a column for each of features (got array([1., 1., 1., 1.]))",
        ),
        (
            {"x": np.full((4, 2), np.inf)},
            "Table.x: must be finite (got NaN or infinity); leave out samples with missing values",
        ),
        ({"y": [0, 1]}, "Table.y: must have 4 labels, one for each sample (got 2 labels)"),
        ({"y": [0, 1, 2, 0]}, "Table.y: must be whole numbers in 0..1 (got values from 0 to 2); set n_classes=3"),
    ],
)
def test_what_is_no_table(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as caught:
        table(**changes)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("n", "seed", "message"),
    [
        (4, 0, "Table.draw(n): must be a whole number in 1..3 (got 4)"),
        (2, -1, "Table.draw(seed): must be a whole number >= 0 (got -1)"),
    ],
)
def test_what_is_no_draw(n: int, seed: int, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        table().draw(n, seed)
    assert str(caught.value) == message
