"""Directed networks of genes, neurons, brain areas, friends and words, on which network motifs were found.

Each has a source, a licence and a citation of its own (NETWORKS). Some are fetched from a public file; the others were published in
forms that need more than NumPy to read (Excel, R, a text to be cut into words) and are read from the folder of MAICHONG_DATA alone.
What was read is compared with a digest of all arcs, wherever it comes from.
"""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maichong.data._arcs import ArcList
from maichong.data._source import PublicFile, at_home, locate
from maichong.errors import DataError, brief, did_you_mean, is_one_of

SOURCE = "of each network its own: maichong.data.networks.NETWORKS"
LICENCE = "of each network its own; where none is stated cite the paper"
CITATION = (
    "R. Milo et al., Network motifs: simple building blocks of complex networks, Science 298, 2002. "
    "doi:10.1126/science.298.5594.824"
)

Reader = Callable[[list[Path]], tuple[list[str], list[str], list[float]]]


def load(network: str = "celegans_white1986_chem", *, cache: str | Path | None = None) -> ArcList:
    """The arcs of ``network``, which names one of NETWORKS.

    Read from $MAICHONG_DATA/networks/NETWORK.csv (source,target,weight with a heading) where that variable is set, otherwise, where
    there is a public file, downloaded once into ``cache``, by default the user's cache folder. Raises DataError for an unknown
    name, and where the file is missing, cannot be fetched, is damaged or does not hold the published arcs.
    """
    where = "data.networks"
    if not is_one_of(network, NETWORKS):
        raise DataError(where, "must name a network", brief(network), did_you_mean(network, NETWORKS))
    known = NETWORKS[network]
    home = at_home(f"networks/{network}.csv")
    if home is None and not known.files:
        fix = f"set MAICHONG_DATA to a folder with networks/{network}.csv, or take another, such as 'celegans_white1986_chem'"
        raise DataError(where, f"cannot fetch {network}: its public form is not a file of arcs", known.source, fix)
    if home is not None:
        files = [PublicFile(f"networks/{network}.csv", (), "", instead="use another network")]
        read: Reader = _csv
    else:
        files, read = list(known.files), known.read
    paths, fixes = zip(*(locate(file, where, cache) for file in files), strict=True)
    try:
        sources, targets, weights = read(list(paths))
        types = _types(home.with_name(f"{network}.nodes.csv")) if home is not None and known.typed else {}
    except (OSError, ValueError, KeyError, IndexError, EOFError, tarfile.TarError) as error:
        raise DataError(
            where, f"must read arcs from {paths[0]}", f"a damaged file: {type(error).__name__}", fixes[0]
        ) from error
    found = ArcList(
        name=network, sources=np.array(sources), targets=np.array(targets), weights=np.array(weights), types=types,
        remark=known.remark, source=known.source, licence=known.licence, citation=known.citation,
    )  # fmt: skip
    if (digest := found.digest()) != known.digest:
        raise DataError(f"{where}: {paths[0]}", f"must hold arcs with the SHA-256 {known.digest}", digest, fixes[0])
    return found


def _csv(paths: list[Path]) -> tuple[list[str], list[str], list[float]]:
    rows = list(csv.reader(io.StringIO(paths[0].read_text(encoding="utf-8"))))[1:]
    return [row[0] for row in rows], [row[1] for row in rows], [float(row[2]) for row in rows]


def _types(path: Path) -> Mapping[str, str]:
    """The last column of a table of nodes by the first."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))[1:]
    return {row[0]: row[-1] for row in rows}


def _operons(paths: list[Path]) -> tuple[list[str], list[str], list[float]]:
    """Lines "operon factor type" and lines "number name": the arcs go from the factor, which comes second, to the operon."""
    names = dict(line.split() for line in paths[1].read_text("ascii").splitlines())
    rows = [line.split() for line in paths[0].read_text("ascii").splitlines()]
    return [names[row[1]] for row in rows], [names[row[0]] for row in rows], [float(row[2]) for row in rows]


def _chemical(paths: list[Path]) -> tuple[list[str], list[str], list[float]]:
    """Lines "pre, post, type, synapses" by tabs, those of chemical synapses."""
    with open(paths[0], encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["type"] == "chemical"]
    return [row["pre"] for row in rows], [row["post"] for row in rows], [float(row["synapses"]) for row in rows]


def _matrix(dataset: str) -> Reader:
    """The matrix of one data set in an archive: row to column, nodes numbered from 0."""

    def read(paths: list[Path]) -> tuple[list[str], list[str], list[float]]:
        with tarfile.open(paths[0]) as archive:
            inside = next((name for name in archive.getnames() if name.endswith(f"{dataset}/conn.csv")), None)
            member = archive.extractfile(inside) if inside else None
            if member is None:
                raise KeyError(dataset)
            matrix = np.loadtxt(io.TextIOWrapper(member, "ascii"), delimiter=",")
        rows, columns = np.nonzero(matrix)
        return rows.astype(str).tolist(), columns.astype(str).tolist(), matrix[rows, columns].tolist()

    return read


@dataclass(frozen=True)
class KnownNetwork:
    """Where a network comes from and the digest of its arcs; ``files`` are public ones that ``read`` understands, if there are."""

    kind: str
    digest: str
    source: str
    licence: str
    citation: str
    remark: str
    files: tuple[PublicFile, ...] = ()
    read: Reader = _csv
    typed: bool = False


_COLI = (
    "https://raw.githubusercontent.com/domonkoshaffner/network_visualisation/"
    "be43ef021a8927603e4dceb685624e70560cb5a9/datasets/transcription_network/"
)
_WHITE = "https://raw.githubusercontent.com/openworm/ConnectomeToolbox/a549d3f2a5fc585c31a733f2992fbea0b4387717/cect/data/"
_INSTEAD = "use another network"
_MATRICES = (
    PublicFile(
        "networks/ds-famous_gmat.tar.gz",
        ("https://files.osf.io/v1/resources/udpv8/providers/osfstorage/67327344a6dba6adff62f48c",),
        "md5:b803de1058579881a759f475704e9f35",
        instead=_INSTEAD,
    ),
)
"""The archive that netneurotools fetches, by the checksum it keeps."""
_BCT = ("https://github.com/brainlife/BCT, version 2019_03_03", "GPL-3 (Brain Connectivity Toolbox)")
_WORDS = "an arc where a word directly follows another in a sentence; the weight counts how often"
_VARSHNEY = (
    "L. Varshney et al., Structural properties of the Caenorhabditis elegans neuronal network, PLoS "
    "Comput. Biol. 7, 2011. doi:10.1371/journal.pcbi.1001066"
)
_OH = "S. Oh et al., A mesoscale connectome of the mouse brain, Nature 508, 2014. doi:10.1038/nature13186"
_WORD_PAPER = (
    "R. Milo et al., Superfamilies of evolved and designed networks, Science 303, 2004. "
    "doi:10.1126/science.1089167 (its rule; our texts)"
)

NETWORKS: Mapping[str, KnownNetwork] = {
    "ecoli_shenorr2002": KnownNetwork(
        "genes", "59f03bfb6c1b64db1a3bc93ebced7324c17a9c178b98d0e332efa57b48bc26c4",
        "https://github.com/domonkoshaffner/network_visualisation (copy of the Alon lab's files, version 1.0)",
        "none stated: cite the paper",
        "S. Shen-Orr et al., Network motifs in the transcriptional regulation network of Escherichia coli, Nat. Genet. "
        "31, 2002. doi:10.1038/ng881",
        "transcription factor to operon; 1 activator, 2 repressor, 3 dual; 58 regulate themselves",
        (
            PublicFile("networks/coliInterFullVec.txt", (_COLI + "coliInterFullVec.txt",),
                       "sha256:18780abccab4a2278d87e694970d5e25b48be9f02e26d6fe70f378ef9769a901", instead=_INSTEAD),
            PublicFile("networks/coliInterFullNames.txt", (_COLI + "coliInterFullNames.txt",),
                       "sha256:3de3de69790f48bf4a2971c61995baccc92bba7a15dcf65bcff2da73a91ee908", instead=_INSTEAD),
        ),
        _operons,
    ),
    "celegans_white1986_chem": KnownNetwork(
        "neurons", "f36b3decc3d36fb06543232fa397c8f3877ef0cad2880e5f8bb17711fa99700b",
        "https://github.com/openworm/ConnectomeToolbox", "MIT",
        "J. White et al., The structure of the nervous system of the nematode Caenorhabditis elegans, Phil. Trans. R. "
        "Soc. B 314, 1986. doi:10.1098/rstb.1986.0056",
        "chemical synapses between cells, muscles included; the weight counts synapses",
        (PublicFile("networks/aconnectome_white_1986_whole.csv", (_WHITE + "aconnectome_white_1986_whole.csv",),
                    "sha256:c8aac78756b71f6337629951e5f4211448e85d148f6db9b367b2cd0450bb403a", instead=_INSTEAD),),
        _chemical,
    ),
    "celegans_varshney2011_chem": KnownNetwork(
        "neurons", "acb83387bd197a63c026d29d2a49718f8dc5efbfa1aca00d7851a50df8055f52",
        "https://www.wormatlas.org/neuronalwiring.html (NeuronConnect.xls, rows S and Sp)",
        "none stated: cite the paper", _VARSHNEY,
        "chemical synapses between 279 neurons; the weight counts synapses",
    ),
    "celegans_varshney2011_gap": KnownNetwork(
        "neurons", "1768e3eddbb0360c1db03aa41021dd5cfe44bb2c3ed7958f594a187454927100",
        "https://www.wormatlas.org/neuronalwiring.html (NeuronConnect.xls)", "none stated: cite the paper", _VARSHNEY,
        "gap junctions, both ways listed: an undirected network",
    ),
    "celegans277_kaiser": KnownNetwork(
        "neurons", "984215c07a5fe8982a9cf61f75ce6d51a0547c379fe3f9922dcce93364d10641",
        "https://github.com/stivalaa/bionetworks_estimations", "none stated: cite the paper",
        "M. Kaiser and C. Hilgetag, Nonoptimal component placement, but short processing paths, PLoS Comput. Biol. 2, "
        "2006. doi:10.1371/journal.pcbi.0020095",
        "277 neurons, local and global network, without weights",
    ),
    "cat52_cortex": KnownNetwork(
        "areas", "c40505e468ad9dd13cd1c1bdd5ab834c6e3523f55f1e1c4b7561c4987cccbc7d", *_BCT,
        "J. Scannell et al., The connectional organization of the cortico-thalamic system of the cat, Cereb. Cortex 9, "
        "1999. doi:10.1093/cercor/9.3.277",
        "52 cortical areas; weights 1 to 3",
    ),
    "macaque_fve30": KnownNetwork(
        "areas", "661095f238cafb0eba3670db965454c1e30404cbe88276257c17db55c4032bf7", *_BCT,
        "D. Felleman and D. Van Essen, Distributed hierarchical processing in the primate cerebral cortex, Cereb. "
        "Cortex 1, 1991. doi:10.1093/cercor/1.1.1",
        "30 areas of visual cortex, without weights",
    ),
    "macaque47": KnownNetwork(
        "areas", "c0c32c8d5128ea66f2b9a70e5dbd4fadacda1145041eb5a79fd3346b1929af54", *_BCT,
        "C. Honey et al., Network structure of cerebral cortex shapes functional connectivity on multiple time scales, "
        "PNAS 104, 2007. doi:10.1073/pnas.0701519104",
        "47 cortical areas (CoCoMac), without weights",
    ),
    "macaque_modha242": KnownNetwork(
        "areas", "e1278678121f962e23463786955c12cdcf16c4bcd029dccad7820d31474e35ab",
        "https://osf.io/udpv8 (netneurotools, ds-famous_gmat)", "none stated: cite the papers",
        "D. Modha and R. Singh, Network architecture of the long-distance pathways in the macaque brain, PNAS 107, "
        "2010. doi:10.1073/pnas.1008054107",
        "242 areas of cortex and below (Harriger et al. 2012), numbered, without weights",
        _MATRICES, _matrix("macaque_modha"),
    ),
    "macaque_markov29": KnownNetwork(
        "areas", "07d58a283b5eb8018727be29dc3e6f127d33b9c0b4ec448f480931c6058376a5",
        "https://osf.io/udpv8 (netneurotools, ds-famous_gmat)", "none stated: cite the papers",
        "N. Markov et al., A weighted and directed interareal connectivity matrix for macaque cerebral cortex, Cereb. "
        "Cortex 24, 2014. doi:10.1093/cercor/bhs270",
        "29 cortical areas, numbered, weighted",
        _MATRICES, _matrix("macaque_markov"),
    ),
    "mouse_rubinov112": KnownNetwork(
        "areas", "5dbb9b4570c4a7e8b3fff4c9bb2f737776c4a6fe8460c56dc6d0fbdbb4d7c85d",
        "https://osf.io/udpv8 (netneurotools, ds-famous_gmat)", "none stated: cite the papers",
        "M. Rubinov et al., Wiring cost and topological participation of the mouse brain connectome, PNAS 112, 2015. "
        "doi:10.1073/pnas.1420315112",
        "112 regions, numbered, weighted",
        _MATRICES, _matrix("mouse"),
    ),
    "mouse_oh2014_ipsi_p0.01": KnownNetwork(
        "areas", "d1a899a0c7d28c2952ab8d281c588f6e113e998384eb0caab01a727d98974295",
        "Nature, supplementary table 3", "Allen Institute terms: non-commercial research, cite the paper", _OH,
        "213 regions of the right hemisphere, connections with p < 0.01",
    ),
    "mouse_oh2014_ipsi_p0.05": KnownNetwork(
        "areas", "c7516618eb67eaec3a56279d8b694be57349f928a5d469e9a77436151f0138b5",
        "Nature, supplementary table 3", "Allen Institute terms: non-commercial research, cite the paper", _OH,
        "213 regions of the right hemisphere, connections with p < 0.05",
    ),
    "hippocampome_v1": KnownNetwork(
        "neurons", "79d4b159279596e22544110e07842ede5f83c2ad355306fd2675b912b28feeee",
        "https://github.com/Hippocampome-Org/GraphTheory", "MIT",
        "C. Rees et al., Graph theoretic and motif analyses of the hippocampal neuron type potential connectome, "
        "eNeuro 3, 2016. doi:10.1523/ENEURO.0205-16.2016",
        "122 types of neurons, excitatory (E) or inhibitory (I), and which may meet", typed=True,
    ),
    "social_coleman_fall": KnownNetwork(
        "friends", "a16bd1e715ff6f7f8ab995ee678611aa45167668d94b39cb8f3311c1b4644901",
        "R package sna, data set coleman", "GPL-2 or later",
        "J. Coleman, Introduction to Mathematical Sociology, 1964",
        "who names whom as a friend among 73 boys of a school; three are named by nobody and name nobody",
    ),
    "wordadj_english_tinyshakespeare": KnownNetwork(
        "words", "93ba824371bbb2d0497f463e76fb40c43c4c1c22341e7fdbee717ebeffe14e80",
        "https://github.com/karpathy/char-rnn (tinyshakespeare)", "public domain text", _WORD_PAPER, f"English; {_WORDS}",
    ),
    "wordadj_spanish_fortunes": KnownNetwork(
        "words", "9d999b7026d31815d805eb99e789ab5b977b16372d3b2c0e6286202e026a2d5a",
        "Debian package fortunes-es 1.36", "GPL-2 or later", _WORD_PAPER, f"Spanish; {_WORDS}",
    ),
    "wordadj_german_fortunes": KnownNetwork(
        "words", "1c2099b1e11428a19a951ce67bab32b66f8fcf9e7c172d4d19e583afd33f3574",
        "Debian package fortunes-de 0.35-1", "GPL-2 or later", _WORD_PAPER, f"German; {_WORDS}",
    ),
    "wordadj_italian_fortunes": KnownNetwork(
        "words", "473393804335e20967441c4315d9290e071b2bcd1dca5c4634f36b0cb121e47f",
        "Debian package fortunes-it 1.99", "that of the package", _WORD_PAPER, f"Italian; {_WORDS}",
    ),
}  # fmt: skip
"""All networks by name."""
