"""A digital liquid state machine with biologically inspired learning, on spoken digits (Zhang, Li, Jin & Choe 2015).

A cochlea turns a word into the spikes of 64 channels; they stir a liquid of 270 leaky integrate-and-fire neurons, joined at random,
the likelier the nearer they are, which learns nothing. Ten readout neurons hear all of it. While they learn, a teacher drives the
one of the right digit until its calcium lies just above a threshold and holds the others just below; each spike of the liquid then
strengthens or weakens its synapse by where the calcium of its target lies. Afterwards the readout neuron that fires most has the
word. Beside it stands a linear readout: logistic regression on how often each neuron fired in each fifth of the word.

Source: Zhang, Li, Jin & Choe 2015, doi:10.1109/TNNLS.2015.2388544. The paper's 92.03 % is what the survey of Zhang & Xu 2021 prints
for TIDIGITS; FSDD is another set of recordings, free, and of half the bandwidth. Departures: a gammatone filter bank for Lyon's
cochlea; weights of real numbers, whose steps are the mean of the paper's steps by chance; constants of learning, which public
reproductions give differently, were chosen on 300 recordings held back (``validate``), as were ``range_db``, ``most_hz``, ``w_in``
and ``depth``: the paper's 135 neurons (``--set depth=15``) answer 83.2 % of them by the local rule, over three seeds, and 270
87.2 %, over two. The test split had been read once before, with 135: 84.67 %. What is tested is the ``protocol``: the official
split or one drawn at "random", whose speakers are in both parts, or one of the "speakers" after the other, whom the readouts have
never heard.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong import AllToAll, BiExponential, Exponential, Network, SpikeTimes, Steps, files
from maichong.data import SoundSet, Split
from maichong.encoding import BSA
from maichong.encoding.audio import Gammatone
from maichong.errors import CheckpointError, ParameterError, brief
from maichong.liquid import feed, liquid
from maichong.neurons.lif import LIF
from maichong.ops import where
from maichong.plasticity.micro.calcium_window import CalciumWindow
from maichong.spec import Input, Param, State, neuron
from maichong.synapses.bi_exponential import peak
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

NAME = "lsm-2015"
TITLE = "A liquid state machine hears digits, by a local rule (Zhang, Li, Jin & Choe 2015)"


PROTOCOLS = ("official", "random", "speakers")


@dataclass(frozen=True)
class Settings:
    """The paper's constants and what was chosen; each is an option of the command, ``--set depth=20``."""

    depth: int = 30  # the liquid is 3 x 3 x depth
    channels: int = 64
    range_db: float = 50.0  # of the cochlea: what is fainter than the loudest by more is silence
    most_hz: float = 250.0  # rate of a channel at the loudest moment
    bsa_threshold: float = 0.2
    targets: int = 4  # neurons of the liquid that a channel reaches
    w_in: float = 16.0  # mV, half of them negative
    tau_m: float = 32.0
    v_th: float = 20.0
    rest_ms: float = 200.0  # silence after a word
    epochs: int = 32
    eta: float = 0.006  # mV: mean step of a weight at a spike, in the first epoch
    decay: float = 0.92  # what an epoch leaves of it
    w_most: float = 32.0  # mV
    c_theta: float = 10.0
    width: float = 3.0
    margin: float = 1.0  # of the teacher
    push: float = 10.0  # pA: the teacher's current, and 0.75 of it against wrong neurons
    bins: int = 5  # of the linear readout
    c: float = 0.01  # its inverse penalty
    protocol: str = "official"  # or random: 70 of 100 to learn; or speakers: leave out one after the other, and take the mean
    recordings: int = 0  # of each speaker and digit, the first ones; 0: all
    validate: int = 0  # recordings held back from those to learn, and tested on instead

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("depth", "channels", "targets", "epochs", "bins"))
        check_least(NAME, self, 0, ("rest_ms", "margin", "push", "validate", "recordings", "bsa_threshold"))
        check_above(NAME, self, 0, ("range_db", "most_hz", "tau_m", "v_th", "eta", "decay", "w_most", "c_theta", "width", "c"))
        if self.protocol not in PROTOCOLS:
            raise ParameterError(f"{NAME}.protocol", f"must be one of {', '.join(PROTOCOLS)}", brief(self.protocol))


DATA: dict[str, dict[str, Any]] = {"fsdd": {}}

SMOKE = {"recordings": 8, "epochs": 3, "channels": 16}

OURS = "a floor of ours, for other recordings than the paper's"
_WHOLE = {"protocol": "official", "depth": 30, "validate": 0, "recordings": 0}

CLAIMS = (
    Claim("test accuracy", 85.0, 0.0, _WHOLE, note=OURS),
    Claim("test accuracy, linear readout", 92.0, 0.0, _WHOLE, note=OURS),
)

TAU = {"E": (4.0, 8.0), "I": (2.0, 4.0)}
"""Rise and decay in ms of a synapse of the liquid."""

W = {"EE": 3.0, "EI": 6.0, "IE": -2.0, "II": -2.0}
CHANCE = {"EE": 0.45, "EI": 0.3, "IE": 0.6, "II": 0.15}
TAU_READOUT = 4.0


def flow(v, c, i, teacher, tau_m, c_m, tau_c, c_theta, margin, push):
    up = where((teacher > 0.5) & (c < c_theta + margin), push, 0.0)
    down = where((teacher < -0.5) & (c > c_theta - margin), 0.75 * push, 0.0)
    return (i + up - down) / c_m - v / tau_m, -c / tau_c


def fires(v, v_th):
    return v - v_th


def reset(c):
    return 0.0, c + 1.0


TaughtLIF = neuron(
    "TaughtLIF",
    params=[
        Param("tau_m", 32.0, "ms", "membrane time constant", above=0),
        Param("c_m", 1.0, "pF", "membrane capacitance", above=0),
        Param("v_th", 20.0, "mV", "threshold; rest and reset are 0"),
        Param("tau_c", 64.0, "ms", "time constant of the calcium", above=0),
        Param("c_theta", 10.0, "", "calcium where the teacher would have it"),
        Param("margin", 1.0, "", "how far beyond it the teacher acts"),
        Param("push", 10.0, "pA", "current of the teacher"),
    ],
    states=[
        State("v", 0.0, "mV", "membrane potential", membrane=True),
        State("c", 0.0, "", "calcium: recent spikes"),
    ],
    inputs=[
        Input("i", "pA", "synaptic current"),
        Input("teacher", "", "1 for a neuron that should fire, -1 for one that should not, 0 without a teacher"),
    ],
    flow=flow,
    fires=fires,
    reset=reset,
    doc="A leaky integrate-and-fire neuron whose teacher pushes its calcium across c_theta, and no further than ``margin``.",
)


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set changes in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **given}


def strength(charge: float, rise: float, decay: float) -> float:
    """The peak, in pA, of a bi-exponential current that brings a capacitance of 1 pF by ``charge`` mV."""
    return charge * float(peak(rise, decay)) * (1.0 / (rise * decay))


def cochlea(settings: Settings, rate: float) -> tuple[Gammatone, BSA]:
    """The filter bank, one frame a millisecond, and the code that makes spikes of a level of 0 to 1."""
    bank = Gammatone(rate=rate, channels=settings.channels, hop=1.0, low=60.0, high=0.475 * rate, range_db=settings.range_db)
    t = np.arange(1.0, 21.0)
    h = np.exp(-t / 4.0) - np.exp(-t)
    return bank, BSA(threshold=settings.bsa_threshold, taps=h * (1000.0 / settings.most_hz / h.sum()))


def reservoir(settings: Settings, seed: int) -> tuple[Network, Any]:
    """The liquid and its input, "cochlea"."""
    net = Network(dt=1.0, seed=seed)
    source = net.population("cochlea", SpikeTimes([], []), settings.channels)
    cell = LIF(tau_m=settings.tau_m, c_m=1.0, v_rest=0.0, v_r=0.0, v_th=settings.v_th, t_ref=2.0)
    of = {kind: BiExponential(tau_rise=rise, tau_decay=decay) for kind, (rise, decay) in TAU.items()}
    pool = liquid(
        net, shape=(3, 3, settings.depth), chance=CHANCE, delay=1.0, cells=cell, drive=0.0, init={"v": 0.0}, short_term=None,
        weight={pair: strength(w, *TAU[pair[0]]) for pair, w in W.items()}, receptor={pair: of[pair[0]] for pair in W},
    )  # fmt: skip
    feed(net, source, pool, targets=settings.targets, weight=strength(settings.w_in, *TAU["E"]), negative=0.5, receptor=of["E"])
    return net, pool


@dataclass(frozen=True)
class Answers:
    """What the liquid answered to each recording: ``times[starts[k]:starts[k + 1]]`` in ms from its begin, and ``cells``."""

    times: np.ndarray
    cells: np.ndarray
    starts: np.ndarray
    ms: np.ndarray
    """How long each recording is."""
    n: int

    def joined(self, which: np.ndarray, rest_ms: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times and cells of the recordings ``which``, one after the other with rests between, and when each begins and all end."""
        begins = np.concatenate([[0.0], np.cumsum(self.ms[which] + rest_ms)])
        lots = [slice(self.starts[k], self.starts[k + 1]) for k in which]
        times = np.concatenate([self.times[lot] + begin for lot, begin in zip(lots, begins, strict=False)])
        return times, np.concatenate([self.cells[lot] for lot in lots]), begins

    def counts(self, bins: int) -> np.ndarray:
        """Spikes of each neuron in each of ``bins`` equal parts of a recording and the 50 ms after it: [recordings, n * bins]."""
        of = np.repeat(np.arange(len(self.ms)), np.diff(self.starts))
        part = (self.times - 1.0) / (self.ms[of] + 50.0) * bins
        inside = part < bins
        found = np.zeros((len(self.ms), self.n, bins))
        np.add.at(found, (of[inside], self.cells[inside], part[inside].astype(int)), 1.0)
        return found.reshape(len(self.ms), -1)


def listen(sounds: SoundSet, chosen: np.ndarray, settings: Settings, context: Context) -> Answers:
    """What the liquid answers to the recordings ``chosen``; to the others nothing."""
    bank, code = cochlea(settings, sounds.rate)
    net, pool = reservoir(settings, context.seed)
    run = net.build("events")
    starts, ms, begins = [0], np.zeros(len(sounds)), np.zeros(len(chosen))
    for done, k in enumerate(chosen):
        spikes = code.encode(bank.features(sounds[int(k)]))
        begins[done], ms[k] = run.t, spikes.steps
        run["cochlea"].set_spikes(run.t + 1.0 + spikes.times, spikes.ids)
        run.run(spikes.steps + settings.rest_ms)
        if done % 50 == 49 or done + 1 == len(chosen):
            context.tell(stage="listen", done=done + 1, total=len(chosen), rate=run["liquid.e"].rate())
        if context.stopping:
            raise context.interrupted()
    heard = [(run[p.name].spikes, cells) for p, cells in ((pool.e, pool.cells_e), (pool.i, pool.cells_i))]
    times = np.concatenate([spikes.times for spikes, _ in heard])
    cells = np.concatenate([cells[spikes.ids] for spikes, cells in heard])
    order = np.argsort(times, kind="stable")
    times, cells = times[order], cells[order]
    of = np.searchsorted(begins, times, side="left") - 1  # a spike at the end of a step belongs to that step
    number = np.zeros(len(sounds), np.int64)
    number[chosen] = np.bincount(of, minlength=len(chosen))
    starts = np.concatenate([[0], np.cumsum(number)])
    return Answers(times - begins[of], cells, starts, ms, pool.n)


def readout(
    settings: Settings, spikes: tuple[np.ndarray, np.ndarray], n: int, weights: Any, eta: float, teacher: Any
) -> Network:
    """Ten taught neurons that hear the ``spikes`` of ``n`` neurons of the liquid; they learn where ``eta`` > 0."""
    net = Network(dt=1.0, seed=0)
    heard = net.population("heard", SpikeTimes(*spikes), n)
    cell = TaughtLIF(
        tau_m=settings.tau_m, v_th=settings.v_th, c_theta=settings.c_theta, margin=settings.margin, push=settings.push
    )
    digits = net.population("digits", cell, 10, drive=None if teacher is None else {"teacher": teacher})
    rule = CalciumWindow(
        c_theta=settings.c_theta, width=settings.width, eta_plus=eta, eta_minus=eta,
        w_min=-settings.w_most / TAU_READOUT, w_max=settings.w_most / TAU_READOUT,
    )  # fmt: skip
    net.project(
        heard, digits, AllToAll(), name="learned", weight=weights, receptor=Exponential(tau=TAU_READOUT),
        plasticity=[rule] if eta else [],
    )  # fmt: skip
    net.probe(digits, "spikes")
    return net


def learn_epoch(
    answers: Answers, labels: np.ndarray, order: np.ndarray, weights: np.ndarray, eta: float, settings: Settings
) -> np.ndarray:
    """The weights, [neurons of the liquid, 10] in pA, after each recording of ``order`` was heard once, with the teacher."""
    *spikes, begins = answers.joined(order, settings.rest_ms)
    times = np.stack([begins[:-1], begins[1:] - settings.rest_ms], axis=1).reshape(-1)
    wanted = np.zeros((len(times), 10))
    wanted[::2] = np.where(labels[order][:, None] == np.arange(10), 1.0, -1.0)
    if not settings.rest_ms:
        times, wanted = times[::2], wanted[::2]
    net = readout(settings, (spikes[0], spikes[1]), answers.n, weights, eta, Steps(times, wanted))
    return net.build("events").run(float(begins[-1])).weights("learned")


def answer(answers: Answers, which: np.ndarray, weights: np.ndarray, settings: Settings) -> np.ndarray:
    """How often each readout neuron fires for the recordings ``which``, without a teacher: int64 [recordings, 10]."""
    *spikes, begins = answers.joined(which, settings.rest_ms)
    net = readout(settings, (spikes[0], spikes[1]), answers.n, weights, 0.0, None)
    fired = net.build("events").run(float(begins[-1]))["digits"].spikes
    counts = np.zeros((len(which), 10), np.int64)
    np.add.at(counts, (np.searchsorted(begins, fired.times, side="left") - 1, fired.ids), 1)
    return counts


def linear(answers: Answers, labels: np.ndarray, split: Split, settings: Settings) -> float:
    """Test accuracy in % of logistic regression on the counts of the liquid."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = answers.counts(settings.bins)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=settings.c, max_iter=500))
    return 100.0 * float(model.fit(x[split.train], labels[split.train]).score(x[split.test], labels[split.test]))


def splits(sounds: SoundSet, settings: Settings) -> tuple[np.ndarray, dict[str, Split]]:
    """The recordings that are used, and their splits by name."""
    rank = np.zeros(len(sounds), np.int64)  # the number of a recording among those of its speaker and digit
    for group in range(len(sounds.speakers) * sounds.n_classes):
        members = np.flatnonzero(sounds.speaker * sounds.n_classes + sounds.y == group)
        tested = members[np.argsort(~sounds.tested[members], kind="stable")]  # those of the test first, so that some are in
        rank[tested] = np.arange(len(tested))
    used = rank < (settings.recordings or len(sounds))

    def kept(split: Split) -> Split:
        return Split(*(part[used[part]] for part in split))

    if settings.protocol == "speakers":
        found = {speaker: sounds.without(speaker) for speaker in sounds.speakers}
    else:
        found = {settings.protocol: sounds.drawn() if settings.protocol == "random" else sounds.official()}
    found = {name: kept(split) for name, split in found.items()}
    if any(not len(split.train) for split in found.values()):
        got = f"{settings.recordings}, all of them tested"
        raise ParameterError(f"{NAME}.recordings", "must leave some to learn", got, "take more, or 0 for all")
    if settings.validate:
        found = {name: sounds.held_back(split, settings.validate) for name, split in found.items()}
    return np.flatnonzero(used), found


def reproduce(settings: Settings, context: Context) -> Result:
    """Listen, then learn each split; resumes after the last epoch that is whole."""
    sounds: SoundSet = context.data
    chosen, by_name = splits(sounds, settings)
    state, weights = _read(context)
    answers = listen(sounds, chosen, settings, context)
    begun, spent = time.perf_counter(), state["spent"]
    for number, (name, split) in enumerate(by_name.items()):
        learned = weights.setdefault(name, np.zeros((answers.n, 10)))
        for epoch in range(state["epochs"].get(name, 0), settings.epochs):
            order = np.random.default_rng([context.seed, number, epoch]).permutation(split.train)
            eta = settings.eta / TAU_READOUT * settings.decay**epoch
            learned = weights[name] = learn_epoch(answers, sounds.y, order, learned, eta, settings)
            state["epochs"][name] = epoch + 1
            state["spent"] = spent + time.perf_counter() - begun
            files.write_bundle(context.checkpoint, state, weights)
            context.tell(stage=f"learn {name}", done=epoch + 1, total=settings.epochs)
            if context.stopping:
                raise context.interrupted()
    counts = {name: answer(answers, split.test, weights[name], settings) for name, split in by_name.items()}
    local = {
        name: 100.0 * float((counts[name].argmax(axis=1) == sounds.y[split.test]).mean()) for name, split in by_name.items()
    }
    straight = {name: linear(answers, sounds.y, split, settings) for name, split in by_name.items()}
    tested = "validation" if settings.validate else "test"
    measured = {
        f"{tested} accuracy": float(np.mean(list(local.values()))),
        f"{tested} accuracy, linear readout": float(np.mean(list(straight.values()))),
    }
    if len(by_name) > 1:
        measured |= {f"{tested} accuracy, {name} left out": accuracy for name, accuracy in local.items()}
    files.write_bundle(context.folder / "weights.npz", {"weights": "[neuron of the liquid, digit], pA"}, weights)
    confusion = np.zeros((10, 10), np.int64)
    for name, split in by_name.items():
        np.add.at(confusion, (sounds.y[split.test], counts[name].argmax(axis=1)), 1)
    seconds = float(answers.ms.sum()) / 1000.0
    metrics = {
        "local": local, "linear": straight, "confusion": confusion, "split": tested,
        "liquid_hz": len(answers.times) / answers.n / seconds, "ties": sum(map(_ties, counts.values())),
    }  # fmt: skip
    samples = sum(len(split.train) for split in by_name.values()) * settings.epochs
    return Result(measured, samples, state["spent"], metrics, lambda: _pictures(answers, chosen, confusion))


def _ties(counts: np.ndarray) -> int:
    """For how many recordings the most active neuron is not alone."""
    return int(((counts == counts.max(axis=1, keepdims=True)).sum(axis=1) > 1).sum())


def _read(context: Context) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not context.checkpoint.exists():
        return {"epochs": {}, "spent": 0.0}, {}
    state, weights = files.read_bundle(context.checkpoint)
    if not isinstance(state, dict) or not {"epochs", "spent"} <= state.keys():
        raise CheckpointError(str(context.checkpoint), "must hold the weights of readouts", "something else")
    return state, dict(weights)


def _pictures(answers: Answers, chosen: np.ndarray, confusion: np.ndarray) -> list[Any]:
    from matplotlib.figure import Figure

    from maichong import plots

    found = [Figure(figsize=(6, 3.5), layout="constrained"), Figure(figsize=(6, 5.5), layout="constrained")]
    lot = slice(answers.starts[chosen[0]], answers.starts[chosen[0] + 1])
    plots.raster(answers.times[lot], answers.cells[lot], ax=found[0].add_subplot())
    plots.confusion(confusion, ax=found[1].add_subplot())
    return [
        plots.Picture("The liquid", "What its neurons fired for the first recording.", found[0]),
        plots.Picture("Confusion matrix", "Rows are the true digits, columns the answers of the local rule.", found[1]),
    ]
