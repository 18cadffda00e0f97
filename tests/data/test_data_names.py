"""The list of data sets: one module each, a quick import, a word of help for a wrong name."""

from __future__ import annotations

import doctest
import importlib
import inspect
import subprocess
import sys

import pytest

import maichong.data
from maichong.data import load, names
from maichong.errors import DataError, ParameterError

KNOWN = "known: breast_cancer_wisconsin, cifar10, digits, fashion_mnist, fsdd, iris, jsb_chorales, mnist, networks, nmnist"


@pytest.mark.parametrize("name", names())
def test_each_module_keeps_the_contract(name: str) -> None:
    module = importlib.import_module(f"maichong.data.{name}")
    for text in (module.SOURCE, module.LICENCE, module.CITATION, module.__doc__, module.load.__doc__):
        assert isinstance(text, str)
        assert text
    optional = [p.default is not p.empty for p in inspect.signature(module.load).parameters.values()]
    assert all(optional)


def test_a_data_set_is_one_more_file(tmp_path, monkeypatch) -> None:
    (tmp_path / "fresh_for_test.py").write_text("def load(k=1):\n    return k\n", encoding="utf-8")
    monkeypatch.setattr(maichong.data, "__path__", [*maichong.data.__path__, str(tmp_path)])
    try:
        known = KNOWN.removeprefix("known: ").split(", ")
        assert names() == tuple(sorted([*known, "fresh_for_test"]))
        assert load("fresh_for_test", k=7) == 7
    finally:
        sys.modules.pop("maichong.data.fresh_for_test", None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnits", "data.load: must name a data set (got 'mnits'); did you mean 'mnist'?"),
        ("Digits", "data.load: must name a data set (got 'Digits'); did you mean 'digits'?"),
        ("cifar-10", "data.load: must name a data set (got 'cifar-10'); did you mean 'cifar10'?"),
        ("_split", f"data.load: must name a data set (got '_split'); {KNOWN}"),
        (None, f"data.load: must name a data set (got None); {KNOWN}"),
        ([], f"data.load: must name a data set (got []); {KNOWN}"),
    ],
)
def test_an_unknown_name(name: object, message: str) -> None:
    with pytest.raises(DataError) as caught:
        load(name)
    assert str(caught.value) == message


def test_an_unknown_option() -> None:
    with pytest.raises(ParameterError) as caught:
        load("mnist", cash="here")
    assert str(caught.value) == ("data.mnist.load: must get options that it knows (got 'cash'); did you mean 'cache'?")
    with pytest.raises(ParameterError, match="it takes none"):
        load("digits", size=8)


def test_the_import_loads_neither_scikit_learn_nor_pooch_nor_pillow() -> None:
    code = (
        "import sys, maichong.data; maichong.data.names(); "
        "heavy = {'sklearn', 'pooch', 'requests', 'scipy', 'platformdirs', 'PIL'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["", "._dataset", "._events", "._eventset", "._frames", "._rolls", "._split", "._table"])
def test_the_examples_in_the_docstrings_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"maichong.data{module}"))
    assert result.attempted > 0
    assert result.failed == 0
