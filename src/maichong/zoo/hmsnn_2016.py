"""HMSNN: a spiking hippocampus that keeps images apart, completes them and reads them through noise (Zhang et al. 2016).

The entorhinal cortex tells of each pixel by one spike, of a cell for bright or one for dark. In the dentate gyrus (DG) a rising
excitation, as in a cycle of theta, lifts all cells to their threshold, those first whose weights fit the image best, until a basket
cell has counted enough of them and silences the rest: a sparse code, which keeps images further apart than their pixels do. Each DG
cell was imprinted with one training image, seen at five places as the eye moves (`Instar`); then synaptic scaling made all cells
equally active. Mossy fibres carry the code to CA3, which draws a sparse code of its own by the same competition. Its recurrent
synapses are as slow as a cycle: they store what two cycles repeat, and in recall what fires in one cycle excites in the next what
was stored with it.

A linear readout of the DG's code names the digit; a small convolutional net that learned the same clean images is what noise is
compared with. Noise makes each pixel black or white, by a coin, with a chance of ``noise``.

Source: Zhang, Zeng, Zhao, Wang, Zhao & Xu 2016, HMSNN: hippocampus inspired memory spiking neural network, IEEE International
Conference on Systems, Man, and Cybernetics. Its constants and figures were not at hand: all constants are ours, chosen on
images held back from training (``validate``), and so are the floors of CLAIMS. Departures: cells are perfect integrators that
begin each cycle anew, scaling is a step for each 100 images, the readout, which stands for CA1, is ridge regression, where the
delta rule would end; abstraction of classes and forgetting are not in it, nor the walking robot.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong import IF, AllButSelf, AllToAll, Delta, FixedInDegree, Network, SpikeTimes, Uniform, files
from maichong.engines import Run
from maichong.errors import CheckpointError, ParameterError
from maichong.plasticity.micro.instar import Instar
from maichong.zoo import convolutional, training
from maichong.zoo.patterns import noisy, overlap, similarity, swapped
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least
from maichong.zoo.unsupervised import Splits, confusion, splits

NAME = "hmsnn-2016"
TITLE = "HMSNN: separation, completion and noise in a spiking hippocampus (Zhang et al. 2016)"


@dataclass(frozen=True)
class Settings:
    """What the paper leaves open; each is an option of the command, ``--set dg=4000``."""

    dg: int = 2000
    dg_active: int = 20
    scale_images: int = 10000  # that synaptic scaling sees
    scale_rate: float = 0.02
    ca3: int = 2000
    ca3_active: int = 50
    mossy: int = 40  # DG cells that reach a CA3 cell
    patterns: int = 50  # that CA3 stores
    corrupted: float = 0.3  # part of a cue: of the active CA3 cells, and of the pixels
    noise: float = 0.4
    train: int = 20000  # images to read out and for the convolutional net; 0: all
    test: int = 0
    penalty: float = 1.0  # of the ridge regression
    cnn_epochs: int = 3
    validate: int = 0  # images held back from training, and tested on instead of the test split

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("dg", "dg_active", "ca3", "ca3_active", "mossy", "patterns"))
        check_least(
            NAME, self, 0, ("scale_images", "scale_rate", "train", "test", "cnn_epochs", "validate", "corrupted", "noise")
        )
        check_above(NAME, self, 0, ("penalty",))


DATA: dict[str, dict[str, Any]] = {"mnist": {}, "digits": {"dg": 400, "ca3": 1000, "mossy": 8, "cnn_epochs": 30}}

SMOKE = {"dg": 200, "scale_images": 1000, "ca3": 500, "mossy": 4, "patterns": 10, "train": 1000, "test": 200, "cnn_epochs": 1}

OURS = "a floor of ours: the paper prints no figure"
_WHOLE = {"data": "mnist", "test": 0, "validate": 0}

CLAIMS = (
    Claim("test accuracy", 94.0, 0.0, _WHOLE, note=OURS),
    Claim("ahead of the convolutional net in noise", 10.0, 0.0, {**_WHOLE, "noise": 0.4}, unit="points", note=OURS),
    Claim("completion", 0.95, 0.0, {"data": "mnist", "corrupted": 0.3, "patterns": 50}, unit="overlap", note=OURS),
)

DT = 0.1
V_TH, RAMP = 210.0, 5.0
"""Threshold in mV, and the rise of the excitation in mV/ms."""

FIT = 200.0
"""What an image that fits a cell's weights in every pixel excites it by, in mV, before scaling."""

CYCLE = 50.0
"""ms: as long as it takes to lift a cell that nothing excites."""

FAR = -1e4
"""Where a cell is put that shall not fire in this cycle, in mV."""

VIEWS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
"""By how many rows and columns the eye moves."""

TAU = 10.0
"""Time constant in ms of the traces of imprinting; those of storing, which span a cycle, have five times as much."""


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def competing(net: Network, name: str, n: int, active: int) -> None:
    """Add ``n`` cells of which a basket cell lets about ``active`` fire in a cycle."""
    cells = net.population(name, IF(c_m=1.0, v_0=0.0, v_th=V_TH, v_r=FAR), n, drive=RAMP)
    basket = net.population(f"{name} basket", IF(c_m=1.0, v_0=0.0, v_th=active - 0.5, v_r=FAR), 1)
    net.project(cells, basket, AllToAll(), weight=1.0, receptor=Delta())
    net.project(basket, cells, AllToAll(), weight=FAR, receptor=Delta())


def dentate(settings: Settings, pixels: int, seed: int) -> Network:
    """The entorhinal cortex, a cell for bright and one for dark for each pixel, and the dentate gyrus."""
    net = Network(dt=DT, seed=seed)
    cortex = net.population("cortex", SpikeTimes([], []), 2 * pixels)
    competing(net, "dg", settings.dg, settings.dg_active)
    # a trace is full where a cell has spoken in all views, one after the other, of which the last was 0.5 ms before
    full = np.exp(-(0.5 + DT * np.arange(len(VIEWS))) / TAU).sum()
    rule = Instar(eta=1.0, gain=2.0 * FIT / pixels / full, offset=FIT / pixels, tau=TAU)
    weights = np.zeros((2 * pixels, settings.dg))
    net.project(cortex, "dg", AllToAll(), name="perforant", weight=weights, receptor=Delta(), plasticity=rule)
    net.probe("dg", "counts")
    return net


def ca3(settings: Settings, seed: int) -> Network:
    """CA3: mossy fibres from the dentate gyrus, and recurrent synapses that take a cycle."""
    net = Network(dt=DT, seed=seed)
    mossy = net.population("mossy", SpikeTimes([], []), settings.dg)
    competing(net, "ca3", settings.ca3, settings.ca3_active)
    # a cell with three of the active fibres is lifted by about half of the threshold
    fibres = FixedInDegree(min(settings.mossy, settings.dg), multapses=False)
    net.project(mossy, "ca3", fibres, weight=Uniform(20.0, 60.0), receptor=Delta())
    sparse = settings.ca3_active / settings.ca3
    rule = Instar(eta=V_TH / settings.ca3_active, gain=1.0, offset=sparse, decay=0.0, tau=5 * TAU)
    net.project(
        "ca3", "ca3", AllButSelf(), name="recurrent", weight=np.zeros((settings.ca3, settings.ca3)), receptor=Delta(), delay=CYCLE,
        plasticity=rule,
    )  # fmt: skip
    net.probe("ca3", "counts")
    return net


def cycle(run: Run, name: str, spikes: Mapping[str, tuple[Any, Any]], whole: bool = True) -> np.ndarray:
    """One cycle: all cells begin at rest, sources fire as ``spikes`` says, ms after its begin; which cells fired, bool [n].

    Where it is not ``whole`` it ends soon after the basket cell has fired.
    """
    run[name]["v"], run[f"{name} basket"]["v"] = 0.0, 0.0
    for source, (times, ids) in spikes.items():
        run[source].set_spikes(run.t + np.asarray(times, np.float64), ids)
    before, basket, end = run[name].counts, run[f"{name} basket"].counts[0], run.t + CYCLE
    run.learning = False
    while run.t < end - DT / 2:
        run.run(CYCLE if whole else CYCLE / 10)
        if not whole and run[f"{name} basket"].counts[0] > basket:
            run.run(5 * DT)  # until its inhibition has come to all, or it would come in the next cycle
            break
    return run[name].counts > before


def spoken(bright: np.ndarray) -> np.ndarray:
    """The cortical cells that tell of an image, bool [pixels]: pixel k is told by cell k where it is bright, else by k + pixels."""
    return np.concatenate([np.flatnonzero(bright), bright.size + np.flatnonzero(~bright)])


def code(run: Run, bright: np.ndarray) -> np.ndarray:
    """The DG cells that answer to an image, bool [dg]."""
    ids = spoken(bright)
    return cycle(run, "dg", {"cortex": (np.full(ids.size, DT), ids)}, whole=False)


def imprint(run: Run, images: np.ndarray, shape: tuple[int, int], tell: Callable[[int], None]) -> None:
    """Make each DG cell fire once while the eye moves over an image of its own: bool [dg, pixels]."""
    for cell, bright in enumerate(images):
        views = [spoken(np.roll(bright.reshape(shape), by, axis=(0, 1)).reshape(-1)) for by in VIEWS]
        times = np.repeat(DT * np.arange(1, len(VIEWS) + 1), [len(ids) for ids in views])
        run["cortex"].set_spikes(run.t + times, np.concatenate(views))
        v = np.full(len(images), FAR)
        v[cell] = V_TH - RAMP * DT * (len(VIEWS) + 4.5)  # it fires 0.5 ms after the last view
        run["dg"]["v"], run["dg basket"]["v"] = v, FAR
        run.learning = True
        run.run(1.5)
        run.learning = False
        run.run(10 * TAU)
        tell(cell + 1)


def scale(run: Run, images: np.ndarray, settings: Settings, tell: Callable[[int], None]) -> None:
    """Synaptic scaling: what was too active in 100 images loses a part of all its weights, what was too silent gains."""
    weights, batch = run.weights("perforant"), 100
    target = settings.dg_active / settings.dg
    for begin in range(0, len(images) - batch + 1, batch):
        rate = np.mean([code(run, bright) for bright in images[begin : begin + batch]], axis=0)
        step = settings.scale_rate / (1.0 + begin / 10_000)
        weights *= np.exp(-step * (rate / target - 1.0))
        run.set_weights("perforant", weights)
        tell(begin + batch)


def fire(run: Run, pattern: np.ndarray, duration: float) -> None:
    """Make the CA3 cells of ``pattern`` fire once, now, and no others for ``duration`` ms."""
    run["ca3"]["v"], run["ca3 basket"]["v"] = np.where(pattern, V_TH + 1.0, FAR), FAR
    run.run(duration)


def store(run: Run, dg_code: np.ndarray, settings: Settings) -> np.ndarray:
    """Store what the DG says of an image; the CA3 cells that stand for it, bool [ca3]."""
    fibres = np.flatnonzero(dg_code)
    pattern = cycle(run, "ca3", {"mossy": (np.full(fibres.size, DT), fibres)})
    # the recurrent spikes of that cycle arrive in this one, at whose end the same cells are made to fire again
    run.learning = True
    fire(run, np.zeros(settings.ca3, bool), CYCLE - 2 * DT)
    fire(run, pattern, 2 * DT)
    run.learning = False
    fire(run, np.zeros(settings.ca3, bool), 50 * TAU)  # until traces are gone
    return pattern


def recall(run: Run, cue: np.ndarray) -> np.ndarray:
    """What CA3 makes of a cue: the cells that fire a cycle after those of ``cue`` did, bool [ca3]."""
    fire(run, cue, CYCLE)
    found = cycle(run, "ca3", {})
    fire(run, np.zeros(cue.size, bool), 2 * CYCLE)  # until what they excite has arrived
    return found


def episodes(settings: Settings, clean: np.ndarray, corrupted: np.ndarray, seed: int) -> dict[str, float]:
    """Store DG codes of images in CA3, then complete cues of which a part is wrong, and what corrupted images evoke."""
    run = ca3(settings, seed).build("events", precision="float32")
    run.learning = False
    draw = np.random.default_rng([seed, 3])
    patterns = [store(run, dg_code, settings) for dg_code in clean]
    recalled, evoked, completed = [], [], []
    for pattern, dg_code in zip(patterns, corrupted, strict=True):
        recalled.append(overlap(recall(run, swapped(pattern, settings.corrupted, draw)), pattern))
        fibres = np.flatnonzero(dg_code)
        cue = cycle(run, "ca3", {"mossy": (np.full(fibres.size, DT), fibres)})
        evoked.append(overlap(cue, pattern))
        completed.append(overlap(cycle(run, "ca3", {}), pattern))  # a cycle later
        fire(run, np.zeros(settings.ca3, bool), 2 * CYCLE)
    return {
        "completion": float(np.mean(recalled)),
        "completion, worst pattern": float(np.min(recalled)),
        "overlap of corrupted images in CA3": float(np.mean(evoked)),
        "overlap of corrupted images in CA3, completed": float(np.mean(completed)),
        "active CA3 cells": float(np.mean([pattern.sum() for pattern in patterns])),
    }


def reproduce(settings: Settings, context: Context) -> Result:
    """Imprint, scale, code all images, store and recall; resumes after the last whole part."""
    training.need_torch(NAME)  # for the convolutional net to compare with, before all else has been done
    shape = context.data.x_train.shape[1:]
    data = splits(context.data, settings.validate, settings.train, settings.test)
    for name in ("dg", "patterns"):
        if getattr(settings, name) > len(data.x_train):
            expected = f"must be at most {len(data.x_train)}, as each takes a training image"
            raise ParameterError(f"{NAME}.{name}", expected, getattr(settings, name), "use more images, train=0 for all")
    half = context.data.x_train.max() / 2
    bright = {"train": data.x_train > half, data.split: data.x_test > half}
    draw = np.random.default_rng([context.seed, 1])
    chosen = draw.choice(len(bright["train"]), settings.dg, replace=False)
    bright["noise"] = noisy(bright[data.split], settings.noise, draw)
    first = bright["train"][: settings.patterns]
    bright["cues"] = noisy(first, settings.corrupted, draw)
    run = dentate(settings, int(np.prod(shape)), context.seed).build("events", precision="float32")
    run.learning = False
    state, arrays = _read(context)
    begun = time.perf_counter()

    def tell(stage: str, total: int) -> Callable[[int], None]:
        return lambda done: context.tell(stage=stage, done=done, total=total) if done % 100 == 0 or done == total else None

    if "weights" not in arrays:
        imprint(run, bright["train"][chosen], shape, tell("imprint", settings.dg))
        arrays["weights"] = run.weights("perforant").astype(np.float32)
        _save(context, state, arrays, begun)
    if "scaled" not in arrays:
        run.set_weights("perforant", arrays["weights"])
        n = min(settings.scale_images, len(bright["train"]))
        scale(run, bright["train"][:n], settings, tell("scale", n))
        arrays["scaled"] = run.weights("perforant").astype(np.float32)
        _save(context, state, arrays, begun)
    run.set_weights("perforant", arrays["scaled"])
    for name, images in bright.items():
        _codes(run, name, images, context, state, arrays, begun)
    codes = {name: np.unpackbits(arrays[name], axis=1, count=settings.dg).astype(bool) for name in bright}
    measured, metrics = _read_out(settings, data, bright, codes, shape, context)
    measured |= episodes(settings, codes["train"][: settings.patterns], codes["cues"], context.seed)
    files.write_bundle(context.folder / "weights.npz", {"weights": "[cortex, dg], mV"}, {"weights": arrays["scaled"]})
    spent = state["spent"] + time.perf_counter() - begun
    return Result(measured, len(data.x_train), spent, metrics, lambda: _pictures(arrays["scaled"], shape, metrics["confusion"]))


def _codes(
    run: Run,
    name: str,
    images: np.ndarray,
    context: Context,
    state: dict[str, Any],
    arrays: dict[str, np.ndarray],
    begun: float,
) -> None:
    """The DG's codes of ``images`` into ``arrays``, 8 cells a byte; a checkpoint every 5,000."""
    done = len(arrays.get(name, ()))
    for begin in range(done, len(images), 5000):
        lot = images[begin : begin + 5000]
        found = np.zeros((len(lot), len(run["dg"].counts)), bool)
        for k, image in enumerate(lot):
            found[k] = code(run, image)
            if k % 50 == 49 or k + 1 == len(lot):
                context.tell(
                    stage=f"code {name}", done=begin + k + 1, total=len(images), spikes=float(found[: k + 1].sum() / (k + 1))
                )
            if context.stopping:
                raise context.interrupted()
        packed = np.packbits(found, axis=1)
        arrays[name] = np.concatenate([arrays[name], packed]) if name in arrays else packed
        _save(context, state, arrays, begun)


def _read_out(
    settings: Settings, data: Splits, bright: Mapping[str, np.ndarray], codes: Mapping[str, np.ndarray], shape: tuple[int, int],
    context: Context,
) -> tuple[dict[str, float], dict[str, Any]]:  # fmt: skip
    """What a linear readout of the codes and what the convolutional net make of clean and of noisy images."""
    from sklearn.linear_model import Ridge

    x = codes["train"].astype(np.float32)
    wanted = 2.0 * np.eye(context.data.n_classes, dtype=np.float32)[data.y_train] - 1.0
    readout = Ridge(alpha=settings.penalty).fit(x, wanted)
    net = convolutional.trained(bright["train"], data.y_train, shape, settings.cnn_epochs, context.seed)
    guess = {name: readout.predict(codes[name].astype(np.float32)).argmax(axis=1) for name in (data.split, "noise")}

    def right(answers: np.ndarray) -> float:
        return 100.0 * float((answers == data.y_test).mean())

    some = codes[data.split][:500], bright[data.split][:500]
    measured = {
        f"{data.split} accuracy": right(guess[data.split]),
        "accuracy in noise": right(guess["noise"]),
        f"convolutional net, {data.split} accuracy": right(net(bright[data.split])),
        "convolutional net, accuracy in noise": right(net(bright["noise"])),
        "overlap of images": similarity(some[1]),
        "overlap of their codes": similarity(some[0]),
    }
    measured["ahead of the convolutional net in noise"] = (
        measured["accuracy in noise"] - measured["convolutional net, accuracy in noise"]
    )
    used = codes["train"].mean(axis=0) * settings.dg / settings.dg_active
    metrics = {
        "confusion": confusion(guess[data.split], data.y_test, context.data.n_classes), "split": data.split,
        "active_dg_cells": float(codes["train"].sum(axis=1).mean()),
        "use_of_dg_cells": np.percentile(used, [0, 5, 50, 95, 100]),
    }  # fmt: skip
    return measured, metrics


def _save(context: Context, state: Mapping[str, Any], arrays: dict[str, np.ndarray], begun: float) -> None:
    files.write_bundle(context.checkpoint, {"spent": state["spent"] + time.perf_counter() - begun}, arrays)


def _read(context: Context) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not context.checkpoint.exists():
        return {"spent": 0.0}, {}
    state, arrays = files.read_bundle(context.checkpoint)
    if not isinstance(state, dict) or "spent" not in state:
        raise CheckpointError(str(context.checkpoint), "must hold codes of images", "something else")
    return state, dict(arrays)


def _pictures(weights: np.ndarray, shape: tuple[int, int], answered: np.ndarray) -> list[Any]:
    from matplotlib.figure import Figure

    from maichong import plots

    found = [Figure(figsize=(6, 6), layout="constrained"), Figure(figsize=(6, 5.5), layout="constrained")]
    pixels = int(np.prod(shape))
    for axes, w in zip(found[0].subplots(4, 4).flat, weights[:pixels].T, strict=False):
        axes.imshow(w.reshape(shape), cmap="gray")
        axes.set_axis_off()
    plots.confusion(answered, ax=found[1].add_subplot())
    return [
        plots.Picture("Dentate gyrus", "The weights of bright pixels onto sixteen of its cells.", found[0]),
        plots.Picture("Confusion matrix", "Rows are the true classes, columns the answers of the readout.", found[1]),
    ]
