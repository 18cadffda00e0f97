"""Benchmarks: maichong and its peers on the same network, one after the other, on the user's own machine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from maichong.errors import ParameterError, did_you_mean


def benchmarks() -> dict[str, str]:
    """What each benchmark is, by name."""
    from maichong.bench import deep, diehl_cook, encoding, motifs, networks, plasticity

    others = {name: entry.title for name, entry in networks.benchmarks().items()}
    return {module.NAME: module.TITLE for module in (diehl_cook, deep, plasticity, encoding, motifs)} | others


def run(
    name: str,
    against: Sequence[str] = (),
    *,
    images: int | None = None,
    neurons: int | None = None,
    threads: Sequence[int] = (),
    duration: float | str | None = None,
    nets: Sequence[str] = (),
    products: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run a benchmark: ours and the peers in ``against``; see ``diehl_cook.compare``, ``deep.comparison.compare`` and
    ``comparison.compare`` for what comes back.

    ``images`` and ``neurons`` are for "diehl-cook-2015"; ``nets`` and ``products`` ("float32" or "bfloat16") for "deep";
    ``threads``, numbers of threads that each get a row, and ``duration``, the biological time in ms that all tools simulate, for
    the networks. Raises ParameterError for unknown names and for options that are not the benchmark's.
    """
    from maichong.bench import comparison, deep, diehl_cook, encoding, motifs, networks, plasticity
    from maichong.bench.deep import comparison as training

    known, given = benchmarks(), name
    name = name.replace("_", "-").casefold()
    if name not in known:
        raise ParameterError("bench", f"there is no benchmark {given!r}", fix=did_you_mean(given, known))
    against, nets = tuple(dict.fromkeys(against)), tuple(dict.fromkeys(nets))
    peers = {diehl_cook.NAME: diehl_cook.PEERS, deep.NAME: training.PEERS}.get(name, comparison.PEERS)
    _known("--against", "peer", against, peers)
    if name != deep.NAME:
        _refuse(name, "deep has --products", products=products)
    else:
        why = "deep has --net and --products"
        _refuse(name, why, images=images, neurons=neurons, threads=list(threads) or None, duration=duration)
        _known("--net", "net", nets, training.NETS)
        if products not in (None, *training.PRODUCTS):
            raise ParameterError("bench, --products", f"must be one of {', '.join(training.PRODUCTS)}", repr(products))
        return training.compare(nets, against, products=products or training.PRODUCTS[0], tell=tell)
    if name == plasticity.NAME:
        why = "plasticity has --duration, and no peers"
        _refuse(name, why, images=images, neurons=neurons, threads=list(threads) or None, net=",".join(nets) or None)
        _refuse(name, why, against=",".join(against) or None)
        return plasticity.compare(_duration(duration, plasticity.DT) or 1000.0, tell=tell)
    if name == encoding.NAME:
        why = "encoding has no options, and its peers are libraries that are there"
        _refuse(name, why, images=images, neurons=neurons, threads=list(threads) or None, net=",".join(nets) or None)
        _refuse(name, why, duration=duration, against=",".join(against) or None)
        return encoding.compare(tell=tell)
    if name == motifs.NAME:
        why = "motifs has --threads, one number, and NetworkX beside it"
        _refuse(name, why, images=images, neurons=neurons, duration=duration, net=",".join(nets) or None)
        _refuse(name, why, against=",".join(against) or None, threads=list(threads) if len(threads) > 1 else None)
        return motifs.compare(*_threads(threads), tell=tell)
    if name == diehl_cook.NAME:
        why = "training has --images and --neurons"
        _refuse(name, why, threads=list(threads) or None, duration=duration, net=",".join(nets) or None)
        return diehl_cook.compare(
            against, images=2000 if images is None else images, neurons=400 if neurons is None else neurons, tell=tell
        )
    _refuse(name, "a network has --threads and --duration", images=images, neurons=neurons, net=",".join(nets) or None)
    benchmark = networks.benchmarks()[name]
    return comparison.compare(
        benchmark, against, threads=_threads(threads), duration=_duration(duration, benchmark.constants.dt), tell=tell
    )


def _known(option: str, what: str, names: Sequence[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ParameterError(f"bench, {option}", f"there is no {what} {name!r}", fix=did_you_mean(name, known))


def _refuse(name: str, why: str, **options: Any) -> None:
    for option, value in options.items():
        if value is not None:
            raise ParameterError(f"bench {name}, --{option}", f"is for another benchmark: {why}", value)


def _threads(threads: Sequence[int]) -> list[int]:
    for number in threads:
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 1024:
            raise ParameterError("bench, --threads", "must be whole numbers between 1 and 1024, such as 1,2", number)
    return list(dict.fromkeys(threads))


def _duration(duration: float | str | None, dt: float) -> float | None:
    from maichong.network_file import checked_duration
    from maichong.parts import whole_steps

    if duration is None:
        return None
    asked = checked_duration(duration, "bench, --duration")
    if not whole_steps(asked, dt):
        raise ParameterError("bench, --duration", f"must be a whole number of steps of {dt:g} ms", f"{asked:.12g} ms")
    return asked
