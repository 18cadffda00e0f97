"""Networks of arcs: public files as they are published, digests, and one sentence for what is missing."""

from __future__ import annotations

import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong.data import ArcList, load, networks
from maichong.errors import DataError

HOME = Path(os.environ.get("MAICHONG_DATA", "nowhere"))
needs_networks = pytest.mark.skipif(not (HOME / "networks").is_dir(), reason="MAICHONG_DATA does not hold the networks")

COUNTS = {
    "ecoli_shenorr2002": (424, 577), "celegans_varshney2011_chem": (279, 2194), "celegans_white1986_chem": (303, 2386),
    "macaque_fve30": (30, 311), "macaque47": (47, 505), "cat52_cortex": (52, 818), "mouse_oh2014_ipsi_p0.01": (213, 2487),
    "hippocampome_v1": (122, 3235), "social_coleman_fall": (70, 243), "wordadj_english_tinyshakespeare": (12347, 89038),
}  # fmt: skip
"""Nodes and arcs, arcs to the node itself included, as the papers or the makers of the files count them."""


@needs_networks
@pytest.mark.parametrize("name", COUNTS)
def test_the_published_arcs(name: str) -> None:
    arcs = load("networks", network=name)
    assert (len(arcs.nodes), len(arcs.sources)) == COUNTS[name]
    assert arcs.source and arcs.licence and arcs.citation and arcs.remark


@needs_networks
def test_types_of_the_hippocampus() -> None:
    """Hippocampome.org 1.0 has 122 types of neurons (Rees et al. 2016)."""
    types = load("networks", network="hippocampome_v1").types
    assert len(types) == 122 and set(types.values()) == {"E", "I"}


def test_each_network_says_where_it_comes_from() -> None:
    for name, known in networks.NETWORKS.items():
        assert len(known.digest) == 64 and known.source and known.licence and known.citation and known.remark, name
        assert all(file.checksum and file.urls for file in known.files)


def only(monkeypatch: pytest.MonkeyPatch, name: str, digest: str, files: tuple[Any, ...]) -> None:
    """Let ``name`` come from ``files``, and its arcs have ``digest``."""
    known = replace(networks.NETWORKS[name], digest=digest, files=files)
    monkeypatch.setattr(networks, "NETWORKS", {**networks.NETWORKS, name: known})


def served(web: Any, monkeypatch: pytest.MonkeyPatch, name: str, contents: dict[str, bytes], digest: str) -> None:
    import hashlib

    files = []
    for file, body in contents.items():
        web.files[file] = body
        files.append(networks.PublicFile(f"networks/{file}", (web.url + file,), f"sha256:{hashlib.sha256(body).hexdigest()}"))
    only(monkeypatch, name, digest, tuple(files))


def test_operons_and_factors_from_the_public_files(web: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its lines name the operon first: the arc goes the other way."""
    expected = ArcList(name="", sources=["acrR", "crp"], targets=["acrAB", "crp"], weights=[2, 3])
    contents = {"vec.txt": b"3 4 2\n66 66 3\n", "names.txt": b"3 acrAB     \n4 acrR  \n66 crp \n"}
    served(web, monkeypatch, "ecoli_shenorr2002", contents, expected.digest())
    found = load("networks", network="ecoli_shenorr2002", cache=tmp_path)
    assert list(zip(found.sources.tolist(), found.targets.tolist(), found.weights.tolist(), strict=True)) == [
        ("acrR", "acrAB", 2.0),
        ("crp", "crp", 3.0),
    ]


def test_chemical_synapses_from_the_public_file(web: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = b"pre\tpost\ttype\tsynapses\r\nADAL\tADFL\telectrical\t1\r\nADAL\tAIBL\tchemical\t4\r\n"
    expected = ArcList(name="", sources=["ADAL"], targets=["AIBL"], weights=[4])
    served(web, monkeypatch, "celegans_white1986_chem", {"whole.csv": body}, expected.digest())
    assert len(load("networks", cache=tmp_path).sources) == 1


def test_a_matrix_from_the_public_archive(web: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in {"ds/mouse/conn.csv": "0,0.5\n0,0\n", "ds/macaque_modha/conn.csv": "0,1,0\n0,0,1\n1,0,0\n"}.items():
            info = tarfile.TarInfo(path)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    expected = ArcList(name="", sources=["0", "1", "2"], targets=["1", "2", "0"], weights=[1, 1, 1])
    served(web, monkeypatch, "macaque_modha242", {"gmat.tar.gz": packed.getvalue()}, expected.digest())
    assert load("networks", network="macaque_modha242", cache=tmp_path).digest() == expected.digest()
    served(web, monkeypatch, "macaque_markov29", {"gmat.tar.gz": packed.getvalue()}, expected.digest())
    with pytest.raises(DataError, match=r"must read arcs from .* a damaged file: KeyError"):
        load("networks", network="macaque_markov29", cache=tmp_path)


def test_other_arcs_are_refused(web: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = b"pre\tpost\ttype\tsynapses\r\nADAL\tAIBL\tchemical\t4\r\n"
    served(web, monkeypatch, "celegans_white1986_chem", {"whole.csv": body}, "0" * 64)
    with pytest.raises(DataError, match="must hold arcs with the SHA-256 0000"):
        load("networks", cache=tmp_path)
    monkeypatch.setenv("MAICHONG_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"must find .*networks.macaque47.csv, which MAICHONG_DATA promises"):
        load("networks", network="macaque47")
    (tmp_path / "networks").mkdir(exist_ok=True)
    (tmp_path / "networks/macaque47.csv").write_text("source,target,weight\na,b\n")
    with pytest.raises(DataError, match=r"must read arcs from .*a damaged file: IndexError"):
        load("networks", network="macaque47")


def test_what_cannot_be_fetched_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAICHONG_DATA", raising=False)
    with pytest.raises(
        DataError, match=r"cannot fetch macaque47: its public form is not a file of arcs .*BCT.* set MAICHONG_DATA"
    ):
        load("networks", network="macaque47")
    with pytest.raises(DataError, match=r"must name a network \(got 'macaque48'\); did you mean 'macaque47'\?"):
        load("networks", network="macaque48")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": [1.0]}, "one source, target and weight for each arc"),
        ({"weights": [1.0, np.nan]}, "ArcList.weights: must be finite"),
    ],
)
def test_arcs_that_are_none(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        ArcList(**{"name": "x", "sources": ["a", "b"], "targets": ["b", "c"], "weights": [1, 2], **changed})
