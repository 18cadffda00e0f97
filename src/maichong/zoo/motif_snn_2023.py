"""Motif topology in a recurrent spiking network that hears digits, alone and beside another speaker (Jia, Zhang et al. 2023).

Neurons hear a word's spectrum, and each other through recurrent weights of which a mask keeps some; all are learned by surrogate
gradients, and the mean of what ten readouts hear has the word. The networks differ in their mask alone: no recurrent weight, all of
them, some by chance, as many whose triads have the shares of C. elegans, as many between neurons of the same degrees whose triads
have not, or a mask that was learned before, with weights that are then learned anew. They learn words that are said alone, and are
tested on these and on words beside another speaker's.

    v[t] = d v[t-1] (1 - s[t-1]) + W x[t] + b + (M o R) s[t-1];      s[t] = 1 if v[t] >= th;      ds/dv = 1 if abs(v - th) < 1/2

Source: Jia, Zhang, Zuo & Xu 2023, Frontiers in Neuroscience 17:1132269, doi:10.3389/fnins.2023.1132269, and the code its authors
published. What they say is that such a network beats one without recurrent weights and stands noise better; their figures, of
TIDIGITS, were not at hand. Departures: FSDD for TIDIGITS; one mask learned on the same words for two, of sounds and of images,
that are joined, and cut to as many arcs as the others have (``matched``); a spike is 0 or 1, where their code's is the sum of two;
cross entropy of the mean, where it takes the squared error at each step; gradients through time, where its hidden neurons by
default learn from a random projection of the targets. The mask of C. elegans is not theirs: they count motifs, and draw none. The
numbers of epochs and arcs and the learning rate were chosen on recordings held back, alone, with one seed; the input's gain, d, the
size of the recurrent weights and the rate of the logits made no difference there that one seed could show.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong import files
from maichong.data import SoundSet, load
from maichong.data import Split as Recordings
from maichong.encoding.audio import LogMel
from maichong.errors import ParameterError, brief
from maichong.motifs import CONNECTED, DirectedGraph, directed_graph, generate, rewired, shares, triad_census
from maichong.motifs.generating import matrices
from maichong.neurons.lif import LIF
from maichong.zoo import training, voices
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

NAME = "motif-snn-2023"
TITLE = "A spiking network whose recurrent weights follow motifs hears digits (Jia, Zhang et al. 2023)"

MASKS = ("none", "dense", "random", "motif", "rewired", "learned")
PROTOCOLS = ("official", "random", "speakers")


@dataclass(frozen=True)
class Settings:
    """The paper's constants and what was chosen; each is an option of the command, ``--set density=0.2``."""

    masks: str = "none,dense,random,motif,rewired,learned"
    network: str = "celegans_white1986_chem"  # whose triads the motif mask has the shares of
    neurons: int = 200
    density: float = 0.2  # the share of arcs that random and motif masks have, and the learned one at first
    channels: int = 40
    range_db: float = 60.0  # of the spectrum: what is fainter than the loudest by more is silence
    steps: int = 64  # of 10 ms, in which a word is heard; what is longer is cut
    gain: float = 12.0  # the input is gain (level - shift)
    shift: float = 0.5
    decay: float = 0.2  # d: what a step leaves of the potential
    v_th: float = 0.5
    recurrent: float = 1.0  # weights start uniform in +-recurrent / sqrt(arcs to a neuron)
    epochs: int = 30
    batch: int = 50
    lr: float = 5e-3  # of Adam, at the start
    mask_epochs: int = 10  # in which the learned mask is learned
    mask_lr: float = 1e-3  # of its logits
    matched: bool = True  # of what was learned as many arcs as the others have; else all of a logit > 0, as in the paper
    other_db: float = 6.0  # by which a word is louder than the other speaker's
    mixed: float = 0.0  # the chance that a word to learn is heard beside another speaker's; the paper's nets learn in quiet
    protocol: str = "official"  # or random: 70 of 100 to learn; or speakers: seed k leaves out the k-th speaker
    validate: int = 300  # recordings to learn that are held back, on which the epoch is chosen
    train: int = 0  # recordings to learn from; 0: all that are not held back
    test: int = 0
    tested: bool = True  # false while settings are chosen: the test split is left alone

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("channels", "steps", "epochs", "batch", "mask_epochs", "validate"))
        check_least(NAME, self, 4, ("neurons",))
        check_least(NAME, self, 0, ("train", "test", "recurrent", "mixed"))
        check_above(NAME, self, 0, ("density", "range_db", "gain", "decay", "v_th", "lr", "mask_lr"))
        for name in ("density", "decay"):
            if getattr(self, name) >= 1:
                raise ParameterError(f"{NAME}.{name}", "must be < 1", getattr(self, name))
        if self.mixed > 1:
            raise ParameterError(f"{NAME}.mixed", "must be a chance, <= 1", self.mixed)
        if self.protocol not in PROTOCOLS:
            raise ParameterError(f"{NAME}.protocol", f"must be one of {', '.join(PROTOCOLS)}", brief(self.protocol))
        names = self.masks.split(",")
        if len(set(names)) < len(names) or not set(names) <= set(MASKS):
            raise ParameterError(f"{NAME}.masks", f"must name some of {','.join(MASKS)}, each once", brief(self.masks))


DATA: dict[str, dict[str, Any]] = {"fsdd": {}}

SMOKE = {"neurons": 60, "epochs": 4, "mask_epochs": 2, "train": 600, "validate": 100, "test": 100}

_WHOLE = {"protocol": "official", "train": 0, "test": 0, "mixed": 0.0, "tested": True}
_COUNTS = "the paper has the direction; a point is the least that we count as a difference"

CLAIMS = (
    Claim("learned over none, beside another speaker", 1.0, 0.0, _WHOLE, "points", _COUNTS),
    Claim("learned over random, beside another speaker", 1.0, 0.0, _WHOLE, "points", _COUNTS),
    Claim("motif over random, beside another speaker", 1.0, 0.0, _WHOLE, "points", "ours: no paper says so"),
    Claim("motif over dense, beside another speaker", 1.0, 0.0, _WHOLE, "points", "ours: no paper says so"),
)

OVER = (
    ("learned", "none"), ("learned", "random"),
    ("motif", "none"), ("motif", "random"), ("motif", "dense"), ("motif", "rewired"),
)  # fmt: skip
"""Which masks are compared."""

BESIDE = ", beside another speaker"


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def splits(sounds: SoundSet, settings: Settings, seed: int) -> dict[str, np.ndarray]:
    """The recordings to learn, "train", to choose the epoch on, "validation", and to test on, "test"."""
    if settings.protocol == "speakers":
        whole = sounds.without(sounds.speakers[(seed - 1) % len(sounds.speakers)])
    else:
        whole = sounds.drawn() if settings.protocol == "random" else sounds.official()
    held = sounds.held_back(whole, settings.validate)
    found = {"train": held.train, "validation": held.test, "test": whole.test}
    for name in ("train", "test"):
        wanted = getattr(settings, name)
        if 0 < wanted < len(found[name]):  # drawn class by class
            found[name] = sounds.held_back(Recordings(found[name], found[name]), wanted, seed=1).test
    return found


def spectra(sounds: SoundSet, which: np.ndarray, beside: np.ndarray | None, settings: Settings) -> np.ndarray:
    """The levels, 0..1, of the recordings ``which``, mixed with the recordings ``beside``: float32 [N, steps, channels]."""
    bank = LogMel(rate=sounds.rate, channels=settings.channels, range_db=settings.range_db)
    found = np.zeros((len(which), settings.steps, settings.channels), np.float32)
    for row, k in enumerate(which):
        word = sounds[int(k)]
        sound = word if beside is None else voices.mixture(word, sounds[int(beside[row])], settings.other_db)
        levels = bank.features(sound)[: settings.steps]
        found[row, : len(levels)] = levels
    return found


def heard(sounds: SoundSet, settings: Settings, seed: int) -> dict[str, training.Split]:
    """What the networks hear: x [N, 2, steps, channels], alone and beside another speaker, and the digits, of each part."""
    import torch

    parts = splits(sounds, settings, seed)
    if not settings.tested:
        del parts["test"]
    found = {}
    for name, which in parts.items():
        beside = voices.others(f"{NAME}.train", sounds, which, parts["train"], 2023)  # the same for all seeds and masks
        x = np.stack([spectra(sounds, which, None, settings), spectra(sounds, which, beside, settings)], axis=1)
        found[name] = training.Split(torch.from_numpy(x), torch.from_numpy(sounds.y[which].astype(np.int64)))
    return found


def prepared(settings: Settings, beside: bool = False) -> Any:
    """How a recipe makes a batch into input [steps, batch, channels]: of words alone, or all ``beside`` another speaker's."""
    import torch

    def prepare(x: Tensor, training: bool) -> Tensor:
        if training and settings.mixed:
            chosen = (torch.rand(len(x)) < settings.mixed).long()
        else:
            chosen = torch.full((len(x),), int(beside))
        return (settings.gain * (x[torch.arange(len(x)), chosen] - settings.shift)).movedim(1, 0)

    return prepare


def triads_of(network: str) -> dict[str, float]:
    """The shares of connected triads of a network of ``maichong.data.networks``; arcs from a node to itself are left out."""
    arcs = load("networks", network=network)
    number = {name: k for k, name in enumerate(arcs.nodes)}
    sources, targets = ([number[name] for name in names] for names in (arcs.sources.tolist(), arcs.targets.tolist()))
    return shares(triad_census(directed_graph(sources, targets, len(number))))


def arcs_of(settings: Settings) -> int:
    """How many arcs the masks have that are neither empty nor dense."""
    return max(2, round(settings.density * settings.neurons * (settings.neurons - 1)))


def drawn_masks(settings: Settings, seed: int) -> dict[str, DirectedGraph]:
    """The masks that nothing is learned for, as networks of arcs; "motif" and "rewired" where one of them is asked for.

    A network with the triads of C. elegans has neurons that very many reach; "rewired" has these too, so that what it lacks beside
    "motif" is the triads alone.
    """
    n = settings.neurons
    every = np.arange(n * (n - 1))
    arcs = arcs_of(settings)
    by_chance = np.random.default_rng([seed, 13]).choice(every, arcs, replace=False)
    found = {"none": every[:0], "dense": every, "random": by_chance}
    made = {name: directed_graph(k // (n - 1), k % (n - 1) + (k % (n - 1) >= k // (n - 1)), n) for name, k in found.items()}
    if {"motif", "rewired"} & set(settings.masks.split(",")):
        made["motif"] = generate(n, arcs, triads_of(settings.network), seed=seed).graph
        made["rewired"] = rewired(made["motif"], "degree", seed=seed)
    return made


def hidden(settings: Settings, arcs: int) -> Any:
    """The hidden neurons, with recurrent weights as large as suits so many ``arcs`` between them."""
    import torch

    from maichong.nn import Recurrent, Spiking, Surrogate

    tau_m = -1.0 / math.log(settings.decay)
    # at steps of 1 ms a current of 1 pA raises the potential by 1 mV in a step
    cell = LIF(tau_m=tau_m, c_m=tau_m * (1.0 - settings.decay), v_rest=0.0, v_th=settings.v_th, v_r=0.0)
    surrogate = Surrogate("rectangle", 1.0)
    if not arcs:
        return Spiking(cell, surrogate=surrogate)
    made = Recurrent(settings.neurons, cell, surrogate=surrogate)
    most = settings.recurrent / math.sqrt(arcs / settings.neurons)
    torch.nn.init.uniform_(made.weight, -most, most)
    return made


def network(settings: Settings, mask: DirectedGraph | None) -> Module:
    """Input [steps, batch, channels] -> the mean over a word of what ten readouts hear of the hidden neurons, [batch, 10].

    Of the recurrent weights those of ``mask`` are there; where it is None, a `MotifMask` that is learned says which.
    """
    from maichong.nn import Linear, MeanRate, Sequential, fix_mask, learn_motifs

    n = settings.neurons
    cells = hidden(settings, arcs_of(settings) if mask is None else mask.arcs)
    if mask is None:
        learn_motifs(cells, density=settings.density)
    elif mask.arcs:
        fix_mask(cells, mask)
    return Sequential(Linear(settings.channels, n), cells, Linear(n, 10), MeanRate())


def learned_mask(settings: Settings, net: Any) -> DirectedGraph:
    """The arcs whose logits are > 0, or with ``matched`` those of the largest logits, as many as a random mask has."""
    from maichong.nn import graph_of_mask

    learned = net[1].parametrizations.weight[0]
    if not settings.matched:
        return learned.graph()
    theta = learned.theta.detach().clone().fill_diagonal_(-math.inf)
    mask = theta.new_zeros(theta.numel())
    mask[theta.flatten().topk(arcs_of(settings)).indices] = 1.0
    return graph_of_mask(mask.view_as(theta))


def optimiser(settings: Settings, net: Module) -> Any:
    """Adam, with a learning rate of its own for the logits of a mask."""
    import torch

    logits = [value for name, value in net.named_parameters() if name.endswith("theta")]
    others = [value for name, value in net.named_parameters() if not name.endswith("theta")]
    groups = [{"params": others, "lr": settings.lr}, {"params": logits, "lr": settings.mask_lr}]
    return torch.optim.Adam([group for group in groups if group["params"]])


def recipe(settings: Settings, mask: DirectedGraph | None) -> training.Recipe:
    """How the net with ``mask`` is trained, or where it is None a mask is learned."""
    from torch.nn.functional import cross_entropy

    epochs = settings.mask_epochs if mask is None else settings.epochs
    return training.Recipe(
        make=lambda: network(settings, mask),
        loss=cross_entropy,
        optimiser=lambda net: optimiser(settings, net),
        epochs=epochs,
        batch=settings.batch,
        prepare=prepared(settings),
        schedule=training.cosine(epochs),
    )


def reproduce(settings: Settings, context: Context) -> Result:
    """Train a net with each mask, choose its epoch on recordings held back, then test it, alone and beside another speaker."""
    training.need_torch(NAME)
    names = settings.masks.split(",")
    masks = drawn_masks(settings, context.seed)
    data = heard(context.data, settings, context.seed)
    train, validation = data["train"], data["validation"]
    trainings = []
    if "learned" in names:
        search = training.fit(recipe(settings, None), train, validation, context, "search")
        masks["learned"] = learned_mask(settings, search.net)
        trainings.append(search)
    nets = {name: training.fit(recipe(settings, masks[name]), train, validation, context, name) for name in names}
    trainings += nets.values()
    measured: dict[str, float] = {}
    for part, split in ((part, data[part]) for part in ("test", "validation") if part in data):
        for name, trained in nets.items():
            for beside in (False, True):
                plan = dataclasses.replace(trained.recipe, prepare=prepared(settings, beside))
                _, accuracy = training.evaluate(trained.net, plan, split, context.seed)
                measured[f"{part} accuracy, {name}{BESIDE * beside}"] = 100.0 * accuracy
    part = "test" if settings.tested else "validation"
    for (first, second), beside in product(OVER, ("", BESIDE)):
        if first in names and second in names:
            a, b = (measured[f"{part} accuracy, {name}{beside}"] for name in (first, second))
            measured[f"{first} over {second}{beside}"] = a - b
    weights = {
        f"{name}.{key}": value.detach().numpy()
        for name, trained in nets.items()
        for key, value in trained.net.state_dict().items()
        if hasattr(value, "detach")
    }
    files.write_bundle(context.folder / "weights.npz", {"best_epoch": {name: nets[name].best_epoch for name in names}}, weights)
    about = {name: _about(masks[name], nets[name], settings, validation) for name in names}
    if "motif" in masks:  # how far the triads' shares are from the wanted ones, the total variation
        wanted = triads_of(settings.network)
        for name in (name for name in names if masks[name].arcs):
            there = shares(triad_census(masks[name]))
            about[name]["apart"] = 0.5 * sum(abs(there[man] - wanted[man]) for man in CONNECTED)
    samples, seconds = sum(each.samples for each in trainings), sum(each.train_s for each in trainings)
    return Result(
        measured, samples, seconds, {"masks": about, "differences of": part}, lambda: _pictures(masks, names, nets, settings)
    )


def _about(mask: DirectedGraph, trained: training.Trained, settings: Settings, split: training.Split) -> dict[str, Any]:
    """What a mask is made of, how the net came to its weights, and how often its hidden neurons fire in a word of ``split``."""
    import torch

    x = prepared(settings)(split.x, False)
    with torch.no_grad():
        spikes = trained.net[1](trained.net[0](x))  # type: ignore[index]
    each = spikes.sum(dim=0).mean(dim=0).double()
    curve = {key: [epoch[key] for epoch in trained.curve] for key in ("loss", "validation")}
    return {
        "arcs": mask.arcs, "triads": triad_census(mask), "spikes of a neuron in a word": float(each.mean()),
        "recurrent synaptic events in a word": float(each.numpy() @ mask.out_degrees), "best_epoch": trained.best_epoch, **curve,
    }  # fmt: skip


def _pictures(
    masks: Mapping[str, DirectedGraph], names: list[str], nets: Mapping[str, training.Trained], settings: Settings
) -> list[Any]:
    from matplotlib.figure import Figure

    from maichong import plots

    found = []
    drawn = [name for name in ("motif", "rewired", "random", "learned") if name in names]
    lines = {name: shares(triad_census(masks[name])) for name in drawn}
    if "motif" in names:
        lines = {settings.network: triads_of(settings.network), **lines}
    if lines:
        figure = Figure(figsize=(8, 4), layout="constrained")
        plots.motif_profile(
            [[line[man] for man in CONNECTED] for line in lines.values()], CONNECTED, labels=list(lines),
            pictures=matrices(), ylabel="share of connected triads", ax=figure.add_subplot(),
        )  # fmt: skip
        said = "How often each connected triad occurs among the recurrent connections; where all are there, 300 alone does."
        found.append(plots.Picture("Triads of the masks", said, figure))
    for name in drawn:
        figure = Figure(figsize=(5.5, 4.8), layout="constrained")
        plots.adjacency(
            masks[name].sources, masks[name].targets, sizes=(settings.neurons, settings.neurons), ax=figure.add_subplot()
        )
        found.append(plots.Picture(f"The mask: {name}", "Which hidden neuron hears which.", figure))
    for name in names:
        figure = Figure(figsize=(6, 3.2), layout="constrained")
        curve = nets[name].curve
        seen = np.cumsum([epoch["samples"] for epoch in curve])
        axes = plots.accuracy_curve(seen, [epoch["validation"] for epoch in curve], ax=figure.add_subplot())
        axes.set_xlabel("recordings heard (count)")
        found.append(plots.Picture(f"Accuracy while learning: {name}", "On recordings held back, after each epoch.", figure))
    return found
