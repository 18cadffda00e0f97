"""Supervised learning by symmetric STDP (Hao, Huang, Dong & Xu 2020).

Poisson-coded digits drive excitatory conductance LIF neurons that compete as those of Diehl & Cook do. Their weights only grow,
whichever spike of a pair came first, and keep their sum; thresholds rise with the square root of the spikes. When that layer has
learned without labels it is frozen, and a class cell for each digit learns by the same rule which neurons fire together with it,
while a teacher makes the cell of the right class fire at 200 Hz and keeps the others silent. When learning has ended the teacher
is gone: the class cells are driven by the neurons alone, and an image is given to the cell that fires most.

Source: Hao, Huang, Dong & Xu 2020, Neural Networks 121:387, doi:10.1016/j.neunet.2019.09.007, arXiv:1812.06574, and the authors'
released code. Departures: what the frozen neurons answer to an image is simulated once and shown to the class cells in each of
their passes, where the code draws new Poisson spikes; one order of images for all seeds is the file's; an image is made brighter
18 times at most. The paper prints 96.73 % for 6,400 neurons and no figure for fewer. Below 6,400, departures that were chosen on
images held back from training, see ``SIZES``:

- ``norm``: the weights onto a hidden neuron keep their length, not their sum, so that narrow patterns do not win by their few large
  weights; and ``thresholds``: when the neurons have learned, all get the mean of their thresholds, which serve to share the images
  out while they learn. Together they are worth two points; three answers to an image, averaged, gain 0.2.
- ``class_sum``: the class cells keep the sum of the weights from a hidden neuron, which the authors' code has as a comment and a
  public replication (khengyeww/sym-STDP) needed, for that of those onto a class cell; and their weights are four times as large.
- ``eta`` and ``theta_plus``; and the hidden layer's rate ``falls`` over its passes.

The test split was read three times: with the authors' sum and each neuron's own threshold 400 and 1,600 neurons reached 88.86 and
92.53 % after one pass, 89.37 and 92.86 % after five and four.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong import AllButSelf, AllToAll, Gate, Network, OneToOne, SpikeTimes, Uniform, files
from maichong.encoding.poisson import Poisson
from maichong.engines import Run
from maichong.errors import ParameterError
from maichong.neurons.lif import LIF
from maichong.plasticity.meso.length_normalisation import LengthNormalisation
from maichong.plasticity.meso.outgoing_normalisation import OutgoingNormalisation
from maichong.plasticity.meso.square_root_threshold import SquareRootThreshold
from maichong.plasticity.meso.weight_normalisation import WeightNormalisation
from maichong.plasticity.micro.symmetric_stdp import SymmetricSTDP
from maichong.synapses.delta import Delta
from maichong.synapses.exponential import Exponential
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least
from maichong.zoo.unsupervised import Splits, Stage, assign, begin, classify, confusion, go_through, present, splits

NAME = "sym-stdp-2020"
TITLE = "Supervised learning by symmetric STDP (Hao, Huang, Dong & Xu 2020)"


@dataclass(frozen=True)
class Settings:
    """The paper's constants; each is an option of the command, ``--set neurons=1600``."""

    neurons: int = 400
    epochs: int = 1  # of the hidden layer
    class_epochs: int = 2  # of the class cells
    train: int = 0  # images of the training split to use; 0: all
    test: int = 0
    label: int = 0  # training images that the class cells learn from; 0: all
    dt: float = 0.5
    present_ms: float = 350.0
    rest_ms: float = 150.0
    max_rate: float = 63.75  # Hz at full intensity
    min_spikes: int = 5  # an image that evokes fewer is shown again, brighter
    eta: float = 5e-4  # of the hidden layer: a tenth of the code's, as its traces jump by 0.1
    norm: str = "sum"  # what the weights onto a hidden neuron keep: their sum; or length: the root of the sum of their squares
    weight_sum: float = 78.4  # of 784 inputs
    weight_length: float = 5.6  # of 784 inputs
    thresholds: str = "own"  # of the hidden neurons that have learned: each its own; or equal: all the mean of theirs
    falls: float = 0.0  # time within which the hidden layer's rate falls by e, as a part of its training; 0: never
    theta_plus: float = 0.07
    tau_theta: float = 6e6
    class_eta: float = 4e-3
    class_most: float = 8.0  # largest weight onto a class cell
    class_mean: float = 0.8  # and their mean
    class_sum: str = "outgoing"  # weights whose sum is kept: from a hidden neuron; or incoming: onto a class cell
    teacher_rate: float = 200.0  # Hz
    precision: str = "float32"
    validate: int = 0  # images held back from training, and tested on instead of the test split

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("neurons", "epochs", "class_epochs"))
        check_least(NAME, self, 0, ("train", "test", "label", "validate", "min_spikes", "rest_ms", "falls"))
        check_above(NAME, self, 0, ("dt", "present_ms", "max_rate", "eta", "weight_sum", "weight_length", "tau_theta"))
        check_above(NAME, self, 0, ("class_eta", "class_mean", "teacher_rate"))
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ParameterError(f"{NAME}.{name}", f"must be one of {', '.join(choices)}", repr(getattr(self, name)))
        if self.class_most <= self.class_mean:
            raise ParameterError(f"{NAME}.class_most", f"must be > class_mean, {self.class_mean:g}", self.class_most)


CHOICES = {"norm": ("sum", "length"), "thresholds": ("own", "equal"), "class_sum": ("outgoing", "incoming")}

DATA: dict[str, dict[str, Any]] = {
    "digits": {"neurons": 200, "epochs": 8, "weight_sum": 150.0, "max_rate": 255.0, "tau_theta": 4e6},
    "mnist": {},
}

SIZES: dict[str, dict[int, dict[str, Any]]] = {
    # chosen by 5,000 images held back. 400 neurons answer 87.2 % of them after one pass at a rate that stays (eta 1e-3); after
    # three at rates that fall 87.5 % with eta 1e-3, 88.6 with 2e-3, 87.8 with 4e-3; after five 88.8; after three with equal lengths
    # and thresholds 90.3, and 90.9 with the larger class weights
    "mnist": {
        1: {
            "epochs": 5,
            "falls": 0.4,
            "eta": 2e-3,
            "theta_plus": 0.15,
            "norm": "length",
            "thresholds": "equal",
            "class_eta": 8e-3,
            "class_mean": 3.2,
            "class_most": 32.0,
        },
        # one pass over 20,000 at a rate that stays: 91.3 % of 3,000 with the authors' eta and theta_plus, 91.9 % with 3e-3 and
        # 0.15, 92.5 % with 4e-3 and 0.3, 92.3 % with 6e-3 and 0.6; eta is larger here as it falls, by what held for 400
        1600: {"epochs": 4, "eta": 6e-3, "theta_plus": 0.3, "tau_theta": 8e6},
        6400: {
            "epochs": 1,
            "falls": 0.0,
            "eta": 1e-3,
            "theta_plus": 0.05,
            "tau_theta": 2e7,
            "norm": "sum",
            "thresholds": "own",
            "class_eta": 4e-3,
            "class_mean": 0.8,
            "class_most": 8.0,
            "class_sum": "incoming",
        },
    },
}
"""What changes from that number of neurons on; at 6,400 as in the authors' code."""

SMOKE = {"neurons": 50, "epochs": 1, "train": 300, "test": 100}

OURS = "a floor of ours: the paper prints no figure for this size"

CLAIMS = (
    Claim("test accuracy", 90.0, 0.0, {"data": "mnist", "neurons": 400, "train": 0, "test": 0}, note=OURS),
    Claim("test accuracy", 94.0, 0.0, {"data": "mnist", "neurons": 1600, "train": 0, "test": 0}, note=OURS),
    Claim("test accuracy", 96.73, 1.0, {"data": "mnist", "neurons": 6400, "train": 0, "test": 0}),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set and the size of the network change in the settings, where ``given`` does not say otherwise."""
    chosen = {**DATA[data], **given}
    neurons = chosen.get("neurons", Settings.neurons)
    for least, changes in SIZES.get(data, {}).items():
        if neurons >= least:
            chosen |= {**changes, **given}
    return chosen


def network(settings: Settings, n_inputs: int, seed: int, records: str = "counts", presentations: int = 1) -> Network:
    """The hidden layer for ``n_inputs`` pixels; ``records`` is what is kept of its excitatory neurons.

    Where its rate falls, it does so within a part of all ``presentations``, from the signal "rate" on.
    """
    net = Network(dt=settings.dt, seed=seed)
    x = net.population("input", Poisson(), n_inputs)
    theta = SquareRootThreshold(theta_plus=settings.theta_plus, tau_theta=settings.tau_theta)
    # conductances count in units of the leak, so the leak is 1 nS: c_m in pF equals tau_m in ms
    cell = LIF(tau_m=100.0, c_m=100.0, v_rest=-65.0, v_r=-65.0, v_th=-72.0, t_ref=2.0)
    e = net.population("exc", cell, settings.neurons, plasticity=theta)
    partner = LIF(tau_m=10.0, c_m=10.0, v_rest=-60.0, v_r=-45.0, v_th=-40.0, t_ref=2.0)
    i = net.population("inh", partner, settings.neurons)
    rule = SymmetricSTDP(eta_pre=settings.eta, eta_post=settings.eta)
    if settings.falls:
        span = presentations * (settings.present_ms + settings.rest_ms)
        rule = Gate(rule, by="rate", tau=settings.falls * span)
    if settings.norm == "length":
        norm = LengthNormalisation(length=settings.weight_length * math.sqrt(n_inputs / 784))
    else:
        norm = WeightNormalisation(total=settings.weight_sum * n_inputs / 784)
    net.project(
        x, e, AllToAll(), name="learned", receptor=Exponential(tau=1.0, e_rev=0.0), weight=Uniform(0.0, 0.3),
        plasticity=[rule, norm],
    )  # fmt: skip
    net.project(e, i, OneToOne(), weight=10.4, receptor=Exponential(tau=1.0, e_rev=0.0))
    net.project(i, e, AllButSelf(), weight=17.0, receptor=Exponential(tau=2.0, e_rev=-100.0))
    net.probe(e, records)
    return net


def class_network(settings: Settings, n_classes: int, seed: int, *, taught: bool) -> Network:
    """The class cells, driven by what the hidden neurons fired; while they are ``taught`` only their teacher makes them fire."""
    net = Network(dt=settings.dt, seed=seed)
    hidden = net.population("hidden", SpikeTimes([], []), settings.neurons)
    # conductances that pull to 0 mV cannot reach a threshold above it
    cell = LIF(tau_m=10.0, c_m=10.0, v_rest=-60.0, v_r=-45.0, v_th=10.0 if taught else -40.0, t_ref=0.0 if taught else 2.0)
    cells = net.population("class", cell, n_classes)
    rule = SymmetricSTDP(eta_pre=settings.class_eta, eta_post=settings.class_eta, w_max=settings.class_most)
    if settings.class_sum == "incoming":
        total = WeightNormalisation(total=settings.class_mean * settings.neurons)
    else:
        total = OutgoingNormalisation(total=settings.class_mean * n_classes)
    net.project(
        hidden, cells, AllToAll(), name="learned", receptor=Exponential(tau=1.0, e_rev=0.0), weight=Uniform(0.0, 0.3),
        plasticity=[rule, total],
    )  # fmt: skip
    if taught:
        teacher = net.population("teacher", Poisson(), n_classes)
        net.project(teacher, cells, OneToOne(), weight=200.0, receptor=Delta())
    net.probe(cells, "counts")
    return net


@dataclass(frozen=True)
class Trains:
    """What the hidden neurons answered to images: image k has spikes ``starts[k]`` up to ``starts[k + 1]``."""

    steps: np.ndarray  # after the image appeared, int32 [spikes]
    ids: np.ndarray  # the neurons, int32 [spikes]
    starts: np.ndarray  # int64 [images + 1]

    def show(self, run: Run, image: int) -> None:
        """Let the "hidden" neurons of a run fire as they did for an image that appears now."""
        spikes = slice(self.starts[image], self.starts[image + 1])
        run["hidden"].set_spikes(run.t + self.steps[spikes] * run.network.dt, self.ids[spikes])


def trains_of(run: Run, ends: np.ndarray, span: float) -> Trains:
    """Cut the recorded spikes of the hidden layer into images, each ``span`` ms long and over at ``ends`` [images] ms."""
    spikes, dt = run["exc"].spikes, run.network.dt
    stamps, ids = np.rint(spikes.times / dt).astype(np.int64), spikes.ids
    last = np.rint(ends / dt).astype(np.int64)
    begun = last - round(span / dt)
    low, high = np.searchsorted(stamps, begun, "right"), np.searchsorted(stamps, last, "right")
    starts = np.concatenate([[0], np.cumsum(high - low)])
    chosen = np.repeat(low - starts[:-1], high - low) + np.arange(starts[-1])
    steps = stamps[chosen] - np.repeat(begun, high - low)
    return Trains(steps.astype(np.int32), ids[chosen].astype(np.int32), starts)


def teach(run: Run, trains: Trains, image: int, label: int, settings: Settings) -> np.ndarray:
    """Show the class cells an image, with their teacher; the spikes that each fired, int64 [classes]."""
    run.signal("sample")
    before = run["class"].counts
    trains.show(run, image)
    run["teacher"].set(rate=np.where(np.arange(before.size) == label, settings.teacher_rate, 0.0))
    run.run(settings.present_ms)
    run["teacher"].set(rate=0.0)
    run.run(settings.rest_ms)
    return run["class"].counts - before


def answer(run: Run, trains: Trains, image: int, settings: Settings) -> np.ndarray:
    """The spikes that each class cell answers with, int64 [classes]."""
    before = run["class"].counts
    trains.show(run, image)
    run.run(settings.present_ms + settings.rest_ms)
    return run["class"].counts - before


def reproduce(settings: Settings, context: Context) -> Result:
    """Learn without labels, keep the answers, teach the class cells, test; resumes from the checkpoint in the context's folder."""
    data = splits(context.data, settings.validate, settings.train, settings.test)
    n_train, n_test, n_classes = len(data.x_train), len(data.x_test), context.data.n_classes
    n_inputs, n_label = data.x_train.shape[1], min(settings.label or n_train, n_train)
    shows = settings.epochs * n_train

    def hidden(records: str = "counts") -> Network:
        return network(settings, n_inputs, context.seed, records, shows)

    run, state = begin(context, settings.neurons, hidden, settings.precision)
    if settings.falls and not state["stage"] and not state["image"]:
        run.signal("rate", 1.0)

    def build(net: Network) -> Run:
        return net.build("events", precision=settings.precision)

    def as_before(run: Run) -> Run:
        return run

    def recorded(run: Run) -> Run:
        """The same layer, whose thresholds stay and whose spikes are kept from now on."""
        state["ends"] = np.zeros(n_label + n_test)
        frozen = build(hidden("spikes")).restore(run.snapshot())
        if settings.thresholds == "equal":
            frozen["exc"]["theta"] = float(run["exc"]["theta"].mean())
        return frozen

    def to_be_taught(run: Run) -> Run:
        trains = trains_of(run, state["ends"], settings.present_ms + settings.rest_ms)
        state.update(steps=trains.steps, ids=trains.ids, starts=trains.starts)
        state.update(weights=run.weights("learned").astype(np.float32), theta=run["exc"]["theta"])
        return build(class_network(settings, n_classes, context.seed, taught=True))

    def to_answer(run: Run) -> Run:
        alone = build(class_network(settings, n_classes, context.seed, taught=False))
        alone.set_weights("learned", run.weights("learned"))
        return alone

    def shown(images: np.ndarray, kept: int | None = None) -> Callable[[Run, int], np.ndarray]:
        def show(run: Run, image: int) -> np.ndarray:
            found = present(run, images[image], settings)
            if kept is not None:
                state["ends"][kept + image] = run.t
            return found

        return show

    def trains() -> Trains:
        return Trains(state["steps"], state["ids"], state["starts"])

    def taught(run: Run, image: int) -> np.ndarray:
        return teach(run, trains(), image, int(data.y_train[image]), settings)

    def answered(run: Run, image: int) -> np.ndarray:
        return answer(run, trains(), n_label + image, settings)

    course = [
        (as_before, Stage("learn", data.y_train, shows, shown(data.x_train), learning=True, watched=True)),
        (recorded, Stage("name", data.y_train[:n_label], n_label, shown(data.x_train, 0))),
        (as_before, Stage("hidden", data.y_test, n_test, shown(data.x_test, n_label))),
        (to_be_taught, Stage("teach", data.y_train[:n_label], settings.class_epochs * n_label, taught, learning=True)),
        (to_answer, Stage("test", data.y_test, n_test, answered)),
    ]
    for number, (prepare, stage) in enumerate(course):
        if number >= state["stage"]:
            run = prepare(run) if state["image"] == 0 else run
            go_through(run, stage, number, context, state)
    return _result(run, settings, context, state, data, n_label)


def _result(run: Run, settings: Settings, context: Context, state: Mapping[str, Any], data: Splits, n_label: int) -> Result:
    n_classes, split, y_test = context.data.n_classes, data.split, data.y_test
    hidden, weights, theta = state["answers_hidden"], state["weights"], state["theta"]
    guess = state["answers_test"].argmax(axis=1)
    named = assign(state["answers_name"], data.y_train[:n_label], n_classes)
    by_name = classify(hidden, named, n_classes)
    measured = {
        f"{split} accuracy": 100.0 * float((guess == y_test).mean()),
        f"{split} accuracy, hidden neurons named": 100.0 * float((by_name == y_test).mean()),
    }
    metrics = {
        "curve_images": state["curve_images"],
        "curve_accuracy": state["curve_accuracy"],
        "spikes_per_image": float(hidden.sum(axis=1).mean()),
        "class_spikes_per_image": float(state["answers_test"].sum(axis=1).mean()),
        "named_neurons": int((named >= 0).sum()),
        "confusion": confusion(guess, y_test, n_classes),
        "theta_mean_mv": float(theta.mean()),
        "largest_weight": float(weights.max()),
        "split": split,
    }
    arrays = {"weights": weights, "theta": theta, "names": named, "class_weights": run.weights("learned").astype(np.float32)}
    files.write_bundle(context.folder / "weights.npz", {"weights": "[pre, post], nS", "theta": "mV"}, arrays)

    def pictures() -> list[Any]:
        from maichong.zoo import unsupervised_pictures as pictures

        shape = context.data.x_train.shape[1:]
        return [
            *pictures.while_learning(state["curve_images"], state["curve_accuracy"], None),
            *pictures.learned(weights, named, shape, theta, hidden.sum(axis=1), metrics["confusion"]),
        ]

    return Result(measured, settings.epochs * len(data.x_train), state["learn_s"], metrics, pictures)
