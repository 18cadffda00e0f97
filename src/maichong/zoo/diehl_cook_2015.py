"""Unsupervised learning of digit recognition using spike-timing-dependent plasticity (Diehl & Cook 2015).

Poisson-coded digits drive excitatory conductance LIF neurons through plastic synapses; each excitatory neuron has an
inhibitory partner that silences all others. Thresholds rise with every spike, weights onto a neuron keep their sum, so that
the neurons share the digits out among themselves. No label is seen while learning; afterwards each neuron is named after the
class of training images that it answered most, and a test image is given to the class whose neurons fire most on average.

Source: Diehl & Cook 2015, Frontiers in Computational Neuroscience 9:99, doi:10.3389/fncom.2015.00099, and the authors'
released code, whose triplet rule and constants are the defaults here. Departures: one order of images for all seeds is the
file's; input delays are drawn from (dt, 10 ms) instead of (0, 10 ms); neurons are named by the first ``label`` training images,
shown again when learning has ended; an image is made brighter 18 times at most; thresholds of other sizes, see ``SIZES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong import AllButSelf, AllToAll, Network, OneToOne, Uniform, files
from maichong.encoding.poisson import Poisson
from maichong.engines import Run
from maichong.errors import ParameterError
from maichong.neurons.lif import LIF
from maichong.plasticity.meso.homeostatic_threshold import HomeostaticThreshold
from maichong.plasticity.meso.weight_normalisation import WeightNormalisation
from maichong.plasticity.micro.diehl_cook import DiehlCook
from maichong.plasticity.micro.exponential_stdp import ExponentialSTDP
from maichong.plasticity.micro.power_law_stdp import PowerLawSTDP
from maichong.spec import Configured
from maichong.synapses.exponential import Exponential
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.unsupervised import Stage, assign, begin, classify, confusion, go_through, present, splits

NAME = "diehl-cook-2015"
TITLE = "Unsupervised learning of digit recognition using STDP (Diehl & Cook 2015)"

RULES: dict[str, Callable[[], Configured]] = {
    "triplet": lambda: DiehlCook(),
    "power_law": lambda: PowerLawSTDP(),
    "exponential": lambda: ExponentialSTDP(),
    "pre_and_post": lambda: PowerLawSTDP(eta_pre=1e-4, mu=0.2),
}
"""The rules that the paper compares, and the triplet rule of its code."""


@dataclass(frozen=True)
class Settings:
    """The paper's constants; each is an option of the command, ``--set neurons=1600``."""

    neurons: int = 400
    epochs: int = 1
    rule: str = "triplet"
    train: int = 0  # images of the training split to use; 0: all
    test: int = 0
    label: int = 10_000  # training images that name the neurons, after learning; 0: all
    dt: float = 0.5
    present_ms: float = 350.0
    rest_ms: float = 150.0
    max_rate: float = 63.75  # Hz at full intensity
    min_spikes: int = 5  # an image that evokes fewer is shown again, brighter
    weight_sum: float = 78.0
    theta_plus: float = 0.05
    theta_0: float = 20.0
    tau_theta: float = 1e7
    max_delay: float = 10.0
    precision: str = "float32"
    validate: int = 0  # images held back from training, and tested on instead of the test split

    def __post_init__(self) -> None:
        for name in ("neurons", "epochs"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{NAME}.{name}", "must be >= 1", getattr(self, name))
        for name in ("train", "test", "label", "validate", "min_spikes"):
            if getattr(self, name) < 0:
                raise ParameterError(f"{NAME}.{name}", "must be >= 0", getattr(self, name))
        for name in ("dt", "present_ms", "max_rate", "weight_sum", "tau_theta"):
            if getattr(self, name) <= 0:
                raise ParameterError(f"{NAME}.{name}", "must be > 0", getattr(self, name))
        if self.rest_ms < 0:
            raise ParameterError(f"{NAME}.rest_ms", "must be >= 0", self.rest_ms)
        if self.max_delay < self.dt:
            raise ParameterError(f"{NAME}.max_delay", f"must be >= dt, {self.dt:g} ms", self.max_delay)
        if self.rule not in RULES:
            raise ParameterError(f"{NAME}.rule", f"must be one of {', '.join(RULES)}", repr(self.rule))


DATA: dict[str, dict[str, Any]] = {
    # 64 pixels instead of 784, and a thirtieth of the images: chosen on a validation split of 300 training images
    "digits": {"neurons": 200, "epochs": 8, "weight_sum": 150.0, "max_rate": 255.0, "tau_theta": 4e6},
    "mnist": {},
}

SIZES: dict[str, dict[int, dict[str, Any]]] = {
    # The more neurons share the images, the more rarely each fires, and its threshold falls back between two spikes; these
    # numbers keep the spikes per image at 10 to 30. They were chosen on 2,000 images held back from training. 100 neurons, three
    # seeds: 81.1 % with 0.02 mV, 77.3 % with the paper's 0.05; 1,600 after 10,000 images: 71.7 % with 0.05, 88.8 % with 0.1,
    # 85.9 % with 0.15. For 6,400, four times as long a time as for 1,600 takes each neuron through as many spikes.
    "mnist": {
        1: {"theta_plus": 0.02},
        400: {"theta_plus": 0.05},
        1600: {"theta_plus": 0.1},
        6400: {"theta_plus": 0.1, "tau_theta": 4e7},
    },
}
"""What smaller and larger networks than the paper's change, from that number of neurons on."""

OTHER_RULES: dict[str, dict[str, Any]] = {
    # of 300 validation images 87, 73 and 69 % are answered rightly; with 150, the triplet rule's best sum, they stay at chance
    "digits": {"weight_sum": 300.0},
}
"""What the rules other than the triplet rule change."""

SMOKE = {"neurons": 50, "epochs": 1, "train": 300, "label": 300, "test": 100}

WHOLE = {"data": "mnist", "train": 0, "test": 0}

CLAIMS = (
    Claim("test accuracy", 82.9, 5.0, {"neurons": 100, **WHOLE}),
    Claim("test accuracy", 87.0, 1.0, {"neurons": 400, **WHOLE}),
    Claim("test accuracy", 91.9, 2.0, {"neurons": 1600, **WHOLE}),
    Claim("test accuracy", 95.0, 1.5, {"neurons": 6400, **WHOLE}),
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set, the rule and the size of the network change in the settings, where ``given`` does not say otherwise."""
    chosen = {**DATA[data], **given}
    if chosen.get("rule", Settings.rule) != Settings.rule:
        chosen |= {**OTHER_RULES.get(data, {}), **given}
    neurons = chosen.get("neurons", Settings.neurons)
    for least, changes in SIZES.get(data, {}).items():
        if neurons >= least:
            chosen |= {**changes, **given}
    return chosen


def network(settings: Settings, n_inputs: int, seed: int) -> Network:
    """The paper's network for ``n_inputs`` pixels."""
    net = Network(dt=settings.dt, seed=seed)
    x = net.population("input", Poisson(), n_inputs)
    theta = HomeostaticThreshold(theta_plus=settings.theta_plus, theta_0=settings.theta_0, tau_theta=settings.tau_theta)
    # conductances count in units of the leak, so the leak is 1 nS: c_m in pF equals tau_m in ms
    cell = LIF(tau_m=100.0, c_m=100.0, v_rest=-65.0, v_r=-65.0, v_th=-72.0, t_ref=5.0)
    e = net.population("exc", cell, settings.neurons, init={"v": -105.0}, plasticity=theta)
    partner = LIF(tau_m=10.0, c_m=10.0, v_rest=-60.0, v_r=-45.0, v_th=-40.0, t_ref=2.0)
    i = net.population("inh", partner, settings.neurons, init={"v": -100.0})
    total = settings.weight_sum * n_inputs / 784
    net.project(
        x, e, AllToAll(), name="learned", receptor=Exponential(tau=1.0, e_rev=0.0),
        weight=Uniform(0.003, 0.303), delay=Uniform(settings.dt, settings.max_delay),
        plasticity=[RULES[settings.rule](), WeightNormalisation(total=total)],
    )  # fmt: skip
    net.project(e, i, OneToOne(), weight=10.4, receptor=Exponential(tau=1.0, e_rev=0.0))
    net.project(i, e, AllButSelf(), weight=17.0, receptor=Exponential(tau=2.0, e_rev=-100.0))
    net.probe(e, "counts")
    return net


def reproduce(settings: Settings, context: Context) -> Result:
    """Learn, name the neurons, test; resumes from the checkpoint in the context's folder."""
    data = splits(context.data, settings.validate, settings.train, settings.test)
    n_classes = context.data.n_classes
    n_train = settings.epochs * len(data.x_train)
    n_label = min(settings.label or len(data.x_train), len(data.x_train))

    def shown(images: np.ndarray) -> Callable[[Run, int], np.ndarray]:
        return lambda run, image: present(run, images[image], settings)

    stages = [
        Stage("learn", data.y_train, n_train, shown(data.x_train), learning=True, watched=True),
        Stage("name", data.y_train, n_label, shown(data.x_train)),
        Stage("test", data.y_test, len(data.x_test), shown(data.x_test)),
    ]
    n_inputs = data.x_train.shape[1]
    run, state = begin(context, settings.neurons, lambda: network(settings, n_inputs, context.seed), settings.precision)
    for number, stage in enumerate(stages):
        if number >= state["stage"]:
            go_through(run, stage, number, context, state)
    named = assign(state["answers_name"], data.y_train[:n_label], n_classes)
    guess = classify(state["answers_test"], named, n_classes)
    metrics = {
        "curve_images": state["curve_images"],
        "curve_accuracy": state["curve_accuracy"],
        "spikes_per_image": float(state["answers_test"].sum(axis=1).mean()),
        "named_neurons": int((named >= 0).sum()),
        "confusion": confusion(guess, data.y_test, n_classes),
        "theta_mean_mv": float(run["exc"]["theta"].mean()),
        "largest_weight": float(np.nanmax(run.weights("learned"))),
        "split": data.split,
    }
    arrays = {"weights": run.weights("learned").astype(np.float32), "theta": run["exc"]["theta"], "names": named}
    files.write_bundle(context.folder / "weights.npz", {"weights": "[pre, post], nS", "theta": "mV"}, arrays)
    right = np.flatnonzero(guess == data.y_test)
    image = data.x_test[right[0] if right.size else 0]
    accuracy = 100.0 * float((guess == data.y_test).mean())
    return Result(
        {f"{data.split} accuracy": accuracy}, n_train, state["learn_s"], metrics,
        lambda: _figures(run, settings, context, metrics, state["answers_test"].sum(axis=1), named, image),
    )  # fmt: skip


def one_image(run: Run, settings: Settings, pixels: np.ndarray) -> dict[str, Any]:
    """The spikes of all populations while one image is shown and after, by name; the run itself stays as it is."""
    net = network(settings, pixels.size, run.network.seed)
    for population in net.populations:
        net.probe(population, "spikes")
    copy = net.build("events", precision=settings.precision).restore(run.snapshot())
    copy.learning = False
    begun = copy.t
    present(copy, pixels, settings)
    spikes = {name: copy[name].spikes for name in net.populations}
    return {name: (train.times - begun, train.ids) for name, train in spikes.items()}


def _figures(
    run: Run, settings: Settings, context: Context, metrics: Mapping[str, Any], answers: np.ndarray, named: np.ndarray,
    image: np.ndarray,
) -> list[Any]:  # fmt: skip
    """The report's pictures: accuracy over training, receptive fields, a raster, the confusion matrix, answers, thresholds."""
    from maichong.zoo import unsupervised_pictures as pictures

    spikes = one_image(run, settings, image)
    flat = {
        f"{name}/{what}": array for name, pair in spikes.items() for what, array in zip(("times", "ids"), pair, strict=True)
    }
    files.write_bundle(context.folder / "spikes.npz", {"times": "ms", "what": "one test image, then rest"}, flat)
    kinds = {"input": "input", "exc": "excitatory", "inh": "inhibitory"}
    sizes = {name: population.n for name, population in run.network.populations.items()}
    data = context.data
    paper = next((c.paper for c in CLAIMS if c.when["neurons"] == settings.neurons and data.name == "mnist"), None)
    fields, *others = pictures.learned(
        run.weights("learned"), named, data.x_train.shape[1:], run["exc"]["theta"], answers, metrics["confusion"]
    )
    learning = pictures.while_learning(metrics["curve_images"], metrics["curve_accuracy"], paper)
    return [*learning, fields, pictures.one_image(spikes, kinds, sizes), *others]
