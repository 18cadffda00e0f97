"""The reservoir of a liquid state machine: cells on a three-dimensional grid, joined the likelier the nearer they are.

    P(a -> b) = C exp(-(d(a, b) / lambda)^2),    C by the types of a and b: EE, EI, IE, II

>>> from maichong import Network
>>> from maichong.liquid import liquid
>>> net = Network(dt=0.1, seed=1)
>>> pool = liquid(net)
>>> pool.e.n, pool.i.n
(108, 27)
>>> run = net.build("reference").run(20.0)
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief, did_you_mean, is_one_of
from maichong.network import Network
from maichong.neurons.lif import LIF
from maichong.parts import Population, Projection, check_name
from maichong.spec import DistanceKernel, Uniform
from maichong.spec.quantities import is_number
from maichong.synapses.exponential import Exponential
from maichong.synapses.tsodyks_markram import TsodyksMarkram
from maichong.topology import DistanceProbability, ExplicitList, grid_positions

PAIRS = ("EE", "EI", "IE", "II")
"""From excitatory (E) or inhibitory (I) cells, the first letter, to those of the second."""

CHANCE = {"EE": 0.3, "EI": 0.2, "IE": 0.4, "II": 0.1}
WEIGHT = {"EE": 30e3, "EI": 60e3, "IE": -19e3, "II": -19e3}  # pA
DELAY = {"EE": 1.5, "EI": 0.8, "IE": 0.8, "II": 0.8}  # ms
RECEPTOR = {"EE": Exponential(tau=3.0), "EI": Exponential(tau=3.0), "IE": Exponential(tau=6.0), "II": Exponential(tau=6.0)}
SHORT_TERM = {
    "EE": TsodyksMarkram(U=0.5, tau_d=1100.0, tau_f=50.0),
    "EI": TsodyksMarkram(U=0.05, tau_d=125.0, tau_f=1200.0),
    "IE": TsodyksMarkram(U=0.25, tau_d=700.0, tau_f=20.0),
    "II": TsodyksMarkram(U=0.32, tau_d=144.0, tau_f=60.0),
}
"""The means of Maass, Natschlaeger & Markram 2002, of weights, delays, receptors and dynamic synapses."""

_MEMBRANE = {"tau_m": 30.0, "c_m": 30e3, "v_rest": 0.0, "v_th": 15.0, "v_r": 13.5}  # 1 MOhm
MOST = 2.0**53
"""Larger numbers are taken for mistakes."""

CELLS = {"E": LIF(t_ref=3.0, **_MEMBRANE), "I": LIF(t_ref=2.0, **_MEMBRANE)}
DRIVE = 13.5e3  # pA


@dataclass(frozen=True)
class Liquid:
    """A reservoir in a network: its two populations, and where the cells of both are.

    ``positions`` [n, 3] are those of all cells of the grid; ``cells_e`` and ``cells_i`` say which of them neuron k of ``e`` and
    of ``i`` is, ``inhibitory`` [n] which are of ``i``.
    """

    e: Population
    i: Population
    positions: np.ndarray
    cells_e: np.ndarray
    cells_i: np.ndarray
    projections: Mapping[str, Projection]

    @property
    def n(self) -> int:
        """The number of cells."""
        return len(self.positions)

    @property
    def inhibitory(self) -> np.ndarray:
        """Which cells of the grid are inhibitory, bool [n]."""
        flags = np.zeros(self.n, bool)
        flags[self.cells_i] = True
        return flags

    def counts(self, run: Any) -> np.ndarray:
        """How often each cell of the grid has fired in a run, int64 [n]."""
        counts = np.zeros(self.n, np.int64)
        counts[self.cells_e], counts[self.cells_i] = run[self.e.name].counts, run[self.i.name].counts
        return counts


def liquid(
    net: Network,
    name: str = "liquid",
    *,
    shape: Any = (3, 3, 15),
    inhibitory: float = 0.2,
    reach: float = 2.0,
    chance: Mapping[str, float] | None = None,
    weight: Any = None,
    delay: Any = None,
    receptor: Any = None,
    short_term: Any = SHORT_TERM,
    cells: Any = None,
    drive: Any = None,
    init: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> Liquid:
    """Add a reservoir to ``net``: populations "NAME.e" and "NAME.i", and projections "NAME.EE", "NAME.EI", "NAME.IE", "NAME.II".

    A part ``inhibitory`` of the cells of a grid of this ``shape``, chosen at random, keeps to inhibition (Dale's principle);
    a pair at distance d, one between neighbours, is joined with the probability chance[types] exp(-(d / reach)^2), no cell to
    itself. ``reach`` is the paper's lambda: 0 joins nobody, more of it makes the liquid recurrent.

    ``chance``, ``weight``, ``delay``, ``receptor`` and ``short_term`` map "EE", "EI" (from E to I), "IE" and "II" to what
    ``net.project`` takes, or are one for all four; pairs that a mapping leaves out keep the paper's. ``short_term=None`` makes
    synapses static. ``cells`` is a neuron for all, or a mapping of "E" and "I"; with cells of your own give a ``drive``, an
    ``init`` and weights to match. ``seed``, the network's by default, says which cells are inhibitory.

    The defaults are those of the paper: 3 x 3 x 15 cells with membranes of 30 ms and 1 MOhm, threshold 15 mV, reset 13.5 mV,
    refractory for 3 (E) and 2 ms (I), a background of 13.5 nA, potentials that start evenly in 13.5 to 15 mV, currents that decay
    in 3 (excitatory) and 6 ms. It leaves out two things: weights and the three numbers of dynamic synapses are the means of the
    gamma and normal laws that the paper draws from. Give ``weight`` a distribution where that matters.

    Raises ParameterError for a shape that has not three axes, a part or a chance outside 0 to 1, a reach < 0; NetworkError for an
    unknown pair or type, a name that is taken and parts that do not fit. The network is then as it was.

    Not where weights in the reservoir must learn by gradients: that is ``maichong.nn``.

    Source: Maass, Natschlaeger & Markram 2002, doi:10.1162/089976602760407955.

    >>> from maichong import LIF, Delta, Network
    >>> from maichong.liquid import liquid
    >>> net = Network(dt=1.0, seed=3)
    >>> pool = liquid(
    ...     net, shape=(5, 5, 5), chance={"EE": 0.45, "EI": 0.3, "IE": 0.6, "II": 0.15}, delay=1.0, cells=LIF(),
    ...     weight={"EE": 3.0, "EI": 6.0, "IE": -2.0, "II": -2.0}, receptor=Delta(), short_term=None,
    ... )
    >>> pool.inhibitory.sum()
    np.int64(25)
    """
    check_name(name, "liquid")
    where = f"liquid {name!r}"
    positions, of_type = _grid(net.seed if seed is None else seed, name, shape, inhibitory, where)
    if not is_number(reach) or not 0 <= reach <= MOST:
        raise ParameterError(f"{where}, reach", "must be a number >= 0", brief(reach))
    kinds = _by(cells, CELLS, f"{where}, cells")
    if cells is None:
        drive, init = DRIVE if drive is None else drive, {"v": Uniform(13.5, 15.0)} if init is None else init
    chances = _by(chance, CHANCE, f"{where}, chance")
    for pair, value in chances.items():
        if not is_number(value) or not 0 <= value <= 1:
            raise ParameterError(f"{where}, chance[{pair!r}]", "must be a probability between 0 and 1", brief(value))
    given = {"weight": (weight, WEIGHT), "delay": (delay, DELAY), "receptor": (receptor, RECEPTOR)}
    parts = {what: _by(value, default, f"{where}, {what}") for what, (value, default) in given.items()}
    if short_term is not None:
        parts["short_term"] = _by(short_term, SHORT_TERM, f"{where}, short_term")

    projections = {}
    with _all_or_nothing(net):
        populations = {
            letter: net.population(
                f"{name}.{letter.lower()}", kinds[letter], of_type[letter].size, init=init, drive=drive, sign=sign
            )
            for letter, sign in (("E", "excitatory"), ("I", "inhibitory"))
        }
        for pair in PAIRS:
            # exp(-(d / lambda)^2) is a Gaussian of the standard deviation lambda / sqrt(2)
            kernel = (
                DistanceKernel("gaussian", reach / np.sqrt(2), chances[pair]) if reach else DistanceKernel("constant", peak=0.0)
            )
            ends = [positions[of_type[letter]] for letter in pair]
            connector = DistanceProbability(kernel, ends[0], ends[1], autapses=pair[0] != pair[1])
            values = {what: by_pair[pair] for what, by_pair in parts.items()}
            projections[pair] = net.project(
                populations[pair[0]], populations[pair[1]], connector, name=f"{name}.{pair}", **values
            )
    return Liquid(populations["E"], populations["I"], positions, of_type["E"], of_type["I"], projections)


def feed(
    net: Network,
    source: Population | str,
    pool: Liquid,
    *,
    targets: int,
    weight: float,
    negative: float = 0.0,
    seed: int | None = None,
    **options: Any,
) -> dict[str, Projection]:
    """Connect each neuron of ``source`` to ``targets`` different cells of a liquid, chosen at random whatever their type.

    The synapses have the ``weight``, and a part ``negative`` of them, rounded and chosen at random, its opposite. ``options`` are
    those of ``net.project`` (``receptor``, ``delay``, ...). Returns the projections onto "E" and "I".

    Raises ParameterError for ``targets`` that are no whole number from 0 to the number of cells, a weight that is no number or a
    part or a seed that is none; NetworkError for an unknown source.

    >>> from maichong import Exponential, Network, Poisson
    >>> net = Network(dt=0.1, seed=1)
    >>> pool = liquid(net)
    >>> x = net.population("x", Poisson(rate=20.0), 77)
    >>> joined = feed(net, x, pool, targets=4, weight=8e3, negative=0.5, receptor=Exponential(tau=3.0))
    >>> sum(projection.connector.pre.size for projection in joined.values())
    308
    """
    name = source.name if isinstance(source, Population) else source
    if not is_one_of(name, net.populations):
        raise NetworkError("feed", f"the network has no population {brief(name)}", fix=did_you_mean(name, net.populations))
    where, n = f"feed {name!r}", net.populations[name].n
    if isinstance(targets, bool) or not isinstance(targets, (int, np.integer)) or not 0 <= targets <= pool.n:
        raise ParameterError(f"{where}, targets", f"must be a whole number from 0 to {pool.n}, the cells", brief(targets))
    for what, value, most in (("weight", weight, MOST), ("negative", negative, 1.0)):
        if not is_number(value) or not abs(value) <= most or (what == "negative" and value < 0):
            must = "must be a part from 0 to 1" if what == "negative" else "must be a number"
            raise ParameterError(f"{where}, {what}", must, brief(value))
    rng = _stream(net.seed if seed is None else seed, f"{name}->{pool.e.name}", where)
    cells = np.concatenate([np.zeros(0, np.int64), *(rng.choice(pool.n, targets, replace=False) for _ in range(n))])
    pre, weights = np.repeat(np.arange(n), targets), np.full(cells.size, float(weight))
    weights[rng.choice(cells.size, round(negative * cells.size), replace=False)] *= -1.0
    projections = {}
    with _all_or_nothing(net):
        for letter, population, members in (("E", pool.e, pool.cells_e), ("I", pool.i, pool.cells_i)):
            onto = np.isin(cells, members)
            pairs = ExplicitList(pre[onto], np.searchsorted(members, cells[onto]))
            projections[letter] = net.project(name, population, pairs, weight=weights[onto], **options)
    return projections


@contextmanager
def _all_or_nothing(net: Network) -> Iterator[None]:
    """Within, where one of several parts is refused, those before it are taken out of ``net`` again."""
    populations, projections = set(net.populations), set(net.projections)
    try:
        yield
    except BaseException:
        for name in set(net.populations) - populations:
            del net.populations[name]
        for name in set(net.projections) - projections:
            del net.projections[name]
        raise


def _grid(seed: Any, name: str, shape: Any, inhibitory: Any, where: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The points of the grid, and which of them are of the types E and I."""
    positions = grid_positions(shape)
    if positions.shape[1] != 3:
        raise ParameterError(f"{where}, shape", "must have three axes, such as (3, 3, 15)", brief(shape))
    if not is_number(inhibitory) or not 0 < inhibitory < 1:
        raise ParameterError(f"{where}, inhibitory", "must be a part between 0 and 1, such as 0.2", brief(inhibitory))
    n, number = len(positions), round(inhibitory * len(positions))
    if not 0 < number < n:
        raise ParameterError(where, "must have cells of both types", f"{number} inhibitory of {n}", "take a larger shape")
    chosen = _stream(seed, name, where).choice(n, number, replace=False)
    return positions, {"E": np.setdiff1d(np.arange(n), chosen), "I": np.sort(chosen)}


def _stream(seed: Any, name: str, where: str) -> np.random.Generator:
    """Random numbers of a seed for what is called so."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ParameterError(f"{where}, seed", "must be a whole number >= 0", brief(seed))
    return np.random.default_rng([int(seed), zlib.crc32(name.encode())])


def _by(given: Any, default: Mapping[str, Any], where: str) -> dict[str, Any]:
    """One for each of the names of ``default``, from a mapping of some of them, one for all, or None for the default."""
    if given is None or isinstance(given, Mapping):
        for name in given or ():
            if not is_one_of(name, default):
                raise NetworkError(where, f"knows no {brief(name)}", fix=did_you_mean(name, default))
        return {**default, **(given or {})}
    return dict.fromkeys(default, given)
