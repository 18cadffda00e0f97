"""``Learner``: a net, a loss, and a rule for each block of it; loss or target in, gradients and changes of parameters out."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from maichong.errors import CheckpointError, EngineError, ParameterError, brief, did_you_mean
from maichong.learning.blocks import Block, Blocks, in_a_row, split, weighs
from maichong.learning.eprop import EProp, within_neurons
from maichong.learning.feedback import Feedback, aligned
from maichong.learning.rules import BPTT, NONE, RANDOM, TRUE, Rule, Seen
from maichong.learning.stdp import STDP, change, linear_of
from maichong.learning.target_propagation import TargetPropagation, Taught, check_blocks, inverses, reconstruction, targets
from maichong.nn import Sequential
from maichong.nn.timing import is_timed

OUTPUT = "is of the output block, which has the gradient of the loss"

Loss = Callable[[torch.Tensor, Any], torch.Tensor]


@dataclass(frozen=True)
class Assignment:
    """What one batch says: the loss, the net's output, and by parameter's name the gradients and the direct changes."""

    loss: torch.Tensor
    output: torch.Tensor
    gradients: Mapping[str, torch.Tensor]
    changes: Mapping[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Part:
    """A block as it is run: its layers, with random weights on the way back where the rule of the block below asks for them."""

    block: Block
    rule: Rule
    run: Sequential
    slope: bool = False  # whether the gradient by its spikes is wanted though it is cut off there


class Learner(torch.nn.Module):
    """Credit assignment in a ``maichong.nn.Sequential``, block by block: layers up to one of neurons, by a rule of their own.

    ``rules`` is one rule for all hidden blocks, or a mapping from the name of any layer of a block to its rule, with ``default``
    for the others; the output block always has the gradient of the loss, ``loss(output, target)``, one number. ``learn(x, target)``
    adds to the ``grad`` of each parameter what its block's rule says, for any optimiser of torch to step on, and
    changes weights that learn by plasticity; ``assign(x, target)`` returns the same and changes no parameter.

    ``window`` truncates backpropagation through time: the run is cut into pieces of so many steps, and no gradient passes from
    one to the one before, whatever the rules; memory is that of one piece, for a second run of each. Layers that normalise over the
    batch then see one piece at a time. ``seed`` is that of the random matrices, which go into the ``state_dict``. Where targets are
    propagated, ``inverses`` learn beside the net: give an optimiser ``learner.parameters()``, not those of the net.

    Raises ParameterError for what is no net, loss, rule or layer, and for rules that do not fit each other.

    >>> import torch
    >>> from maichong import LIF
    >>> from maichong.nn import MeanRate, Repeat, Sequential, Spiking
    >>> neuron = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0)
    >>> net = Sequential(
    ...     Repeat(8), torch.nn.Linear(4, 9), Spiking(neuron), torch.nn.Linear(9, 3), Spiking(neuron), MeanRate())
    >>> from maichong.learning import DirectFeedbackAlignment
    >>> learner = Learner(net, torch.nn.functional.cross_entropy, {"2": DirectFeedbackAlignment()})
    >>> optimiser = torch.optim.Adam(net.parameters())
    >>> optimiser.zero_grad()
    >>> loss, output = learner.learn(torch.rand(5, 4), torch.tensor([0, 1, 2, 0, 1]))
    >>> optimiser.step()
    """

    def __init__(
        self, net: Sequential, loss: Loss, rules: Rule | Mapping[str, Rule] = BPTT(), *, default: Rule = BPTT(),  # noqa: B008
        window: int | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        if not callable(loss):
            raise ParameterError("Learner, loss", "must be a function of (output, target)", brief(loss))
        if window is not None and (isinstance(window, bool) or not isinstance(window, int) or window < 1):
            raise ParameterError("Learner, window", "must be a whole number of steps >= 1, or None", brief(window))
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ParameterError("Learner, seed", "must be a whole number >= 0", brief(seed))
        self.blocks = split(net)
        self.net, self.loss, self.window = net, loss, window
        self.rules = _rules(self.blocks, rules, default)
        check_blocks(self.blocks, self.rules, window)
        self.inverses = inverses(self.blocks, self.rules)
        self.feedback = Feedback(seed)
        self._parts = tuple(self._part(k) for k in range(len(self.blocks.body)))
        above = self._above(len(self.blocks.body), self.blocks.tail)
        # in a tuple, as what they hold is the net's and stands once in a checkpoint
        self._ends = tuple(in_a_row(layers) if layers else None for layers in (self.blocks.head, above))

    def _above(self, k: int, layers: Mapping[str, torch.nn.Module]) -> Mapping[str, torch.nn.Module]:
        """The layers above block k - 1, as that block's rule wants them."""
        below = self.rules[self.blocks.body[k - 1].name] if k else BPTT()
        if below.weights != RANDOM or (k == len(self.blocks.body) and not weighs(layers)):
            return layers
        return aligned(layers, self.feedback, getattr(below, "scale", 1.0))

    def _part(self, k: int) -> _Part:
        block = self.blocks.body[k]
        rule = self.rules[block.name]
        layers = dict(self._above(k, block.layers))
        if isinstance(rule, STDP):
            linear_of(block)
        if isinstance(rule, EProp):
            layers[block.name] = within_neurons(block.name, layers[block.name])
        slope = isinstance(rule, TargetPropagation) and block is self.blocks.hidden[-1]
        return _Part(block, rule, in_a_row(layers), slope)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The net's output."""
        return self.net(x)

    def learn(self, x: torch.Tensor, target: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Add the gradients of a batch to ``grad``, make direct changes, and return the loss and the output, before them."""
        found = self.assign(x, target)
        parameters = self._named()
        for name, value in found.gradients.items():
            parameter = parameters[name]
            parameter.grad = value if parameter.grad is None else parameter.grad + value
        with torch.no_grad():
            for name, change in found.changes.items():
                parameters[name].add_(change)
        return found.loss, found.output

    def _named(self) -> dict[str, torch.nn.Parameter]:
        """Parameters by name: those of the net, and of inverses where there are some."""
        return dict(self.net.named_parameters()) | dict(self.inverses.named_parameters("inverses"))

    def assign(self, x: torch.Tensor, target: Any) -> Assignment:
        """The loss, the output, and what each parameter's rule says of a batch, x [time, batch, ...] or as the net takes it."""
        with torch.enable_grad():
            return self._assign(x, target)

    def _assign(self, x: torch.Tensor, target: Any) -> Assignment:
        head, tail = self._ends
        spikes = x if head is None else head(x)
        is_timed("Learner, input", spikes)
        window = min(self.window or len(spikes), len(spikes))
        leaf = spikes.detach().requires_grad_(spikes.requires_grad and self.blocks.head != {} and weighs(self.blocks.head))
        whole = window == len(spikes)
        pieces = tuple(leaf.split(window))
        # in pieces, a first run finds the error, and a second one each piece's graph
        runs = [_run(self._parts, piece, {}) for piece in pieces] if whole else list(_rehearse(self._parts, pieces))
        out = torch.cat([run.out.detach() for run in runs]).requires_grad_()
        output = out if tail is None else tail(out)
        loss = self.loss(output, target)
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            got = tuple(loss.shape) if isinstance(loss, torch.Tensor) else brief(loss)
            raise EngineError("Learner, loss", "must return one number", got, "take the mean over the batch")
        named = {name: p for name, p in self._named().items() if p.requires_grad}
        sums = _Sums(tuple(named.values()))
        error, g_out = sums.add([loss], [torch.ones_like(loss)], [output, out])
        see = functools.partial(self._see, _per_step(error, output, out, len(spikes)), target, len(spikes))
        g_leaf: list[torch.Tensor | None] = []
        for k, (piece, run) in enumerate(zip(pieces, runs, strict=True)):
            now = slice(k * window, k * window + len(piece))
            again = run if whole else run.again(self._parts, piece)
            roots, signals = [again.out], [None if g_out is None else g_out[now]]
            wanted = self._targets(again, sums, roots, signals)
            for part, z, _ in again.cuts:
                roots.append(z)
                signals.append(part.rule.signal(see(part, z, now, wanted.get(part.block.name))))
            g_leaf += sums.add(roots, signals, [piece])
        if leaf.requires_grad and all(g is not None for g in g_leaf):
            sums.add([spikes], [torch.cat([g for g in g_leaf if g is not None])], [])
        gradients = {name: g for name, g in zip(named, sums.total, strict=True) if g is not None}
        return Assignment(loss.detach(), output.detach(), gradients, _changes([run.plastic for run in runs]))

    def _targets(
        self, run: _Run, sums: _Sums, roots: list[torch.Tensor], signals: list[torch.Tensor | None]
    ) -> Mapping[str, torch.Tensor]:
        """Each block's target by name; the roots so far are used up for the gradient at the last, and losses of inverses added."""
        taught = [
            Taught(part.block.name, part.rule, part.run, z.detach())
            for part, z, _ in run.cuts
            if isinstance(part.rule, TargetPropagation)
        ]
        leaves = [leaf for part, _, leaf in run.cuts if part.slope]
        if not leaves:
            return {}
        (slope,) = sums.add(roots, signals, leaves)
        roots[:] = reconstruction(taught, self.inverses)
        signals[:] = [torch.ones_like(loss) for loss in roots]
        # the loss is the mean over the batch, and h the mean over time
        return {} if slope is None else targets(taught, self.inverses, len(slope[0]) * slope.sum(dim=0))

    def _see(
        self, error: torch.Tensor, target: Any, steps: int, part: _Part, z: torch.Tensor, now: slice,
        wanted: torch.Tensor | None,
    ) -> Seen:  # fmt: skip
        features = z[0, 0].numel()

        def draw(rows: int) -> torch.Tensor:
            return self.feedback.matrix(f"{part.block.name}.signal", (rows, features), features, z)

        return Seen(error if len(error) == 1 else error[now], target, z.detach(), steps, draw, wanted)

    def get_extra_state(self) -> Any:
        """What a checkpoint says of the learner: its rules and random matrices."""
        return {"rules": {name: repr(rule) for name, rule in self.rules.items()}, "feedback": dict(self.feedback.matrices)}

    def set_extra_state(self, state: Any) -> None:
        """CheckpointError where a checkpoint is that of other rules."""
        mine = {name: repr(rule) for name, rule in self.rules.items()}
        if not isinstance(state, Mapping) or state.get("rules") != mine:
            got = brief(state.get("rules") if isinstance(state, Mapping) else state)
            raise CheckpointError("Learner, load_state_dict", f"must be of the rules {brief(mine)}", got)
        self.feedback.load(state["feedback"])

    def extra_repr(self) -> str:
        return ", ".join(f"{name}: {rule!r}" for name, rule in self.rules.items())


@dataclass(frozen=True, eq=False)
class _Run:
    """A run of the body over one piece: its output, the spikes whose gradients are signals, each with what goes on
    from there, and how it ended and began.

    ``plastic`` has the inputs and spikes of the blocks that learn by plasticity.
    """

    out: torch.Tensor
    cuts: tuple[tuple[_Part, torch.Tensor, torch.Tensor], ...]
    plastic: tuple[tuple[_Part, torch.Tensor, torch.Tensor], ...]
    end: Mapping[str, Any]
    begin: Mapping[str, Any]
    random: Any = None

    def again(self, parts: tuple[_Part, ...], piece: torch.Tensor) -> _Run:
        """The same piece once more, with the same random numbers, with a graph, and without another step of running means."""
        devices = [piece.device] if piece.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices), _spare_buffers([part.run for part in parts]):
            _set_random(self.random)
            return _run(parts, piece, self.begin)


@contextlib.contextmanager
def _spare_buffers(nets: Sequence[torch.nn.Module]) -> Iterator[None]:
    """Copies in the place of all buffers, such as the means of a batch norm: what is done to them is forgotten."""
    modules = [module for net in nets for module in net.modules()]
    kept = [(module, name, value) for module in modules for name, value in module._buffers.items() if value is not None]
    for module, name, value in kept:
        module._buffers[name] = value.clone()
    try:
        yield
    finally:
        for module, name, value in kept:
            module._buffers[name] = value


def _run(parts: tuple[_Part, ...], x: torch.Tensor, begin: Mapping[str, Any]) -> _Run:
    cuts: list[tuple[_Part, torch.Tensor, torch.Tensor]] = []
    plastic: list[tuple[_Part, torch.Tensor, torch.Tensor]] = []
    end: dict[str, Any] = {}
    for part in parts:
        name = part.block.name
        inputs = x
        with torch.set_grad_enabled(torch.is_grad_enabled() and not isinstance(part.rule, STDP)):
            x, end[name] = part.run(inputs, begin.get(name, {}))
        if isinstance(part.rule, STDP):
            plastic.append((part, inputs.detach(), x))
        elif part.rule.weights == NONE:
            cut, x = x, x.detach().requires_grad_(part.slope)
            cuts.append((part, cut, x))
    return _Run(x, tuple(cuts), tuple(plastic), end, begin)


def _changes(pieces: list[tuple[tuple[_Part, torch.Tensor, torch.Tensor], ...]]) -> dict[str, torch.Tensor]:
    """The changes by plasticity of the whole run, from what its pieces kept."""
    found: dict[str, torch.Tensor] = {}
    for kept in zip(*pieces, strict=True):
        part = kept[0][0]
        assert isinstance(part.rule, STDP)
        name, found_change = change(part.rule, part.block, *(torch.cat([entry[k] for entry in kept]) for k in (1, 2)))
        found[name] = found_change
    return found


def _rehearse(parts: tuple[_Part, ...], pieces: tuple[torch.Tensor, ...]) -> Iterator[_Run]:
    """Runs of all pieces, one after another, without graphs."""
    state: Mapping[str, Any] = {}
    for piece in pieces:
        random = _get_random(piece)
        with torch.no_grad():
            run = _run(parts, piece, state)
        yield _Run(run.out, (), run.plastic, run.end, state, random)
        state = run.end


def _get_random(x: torch.Tensor) -> Any:
    return torch.get_rng_state(), torch.cuda.get_rng_state(x.device) if x.device.type == "cuda" else None


def _set_random(state: Any) -> None:
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1])


class _Sums:
    """Gradients of parameters, summed over all that is added."""

    def __init__(self, parameters: tuple[torch.Tensor, ...]) -> None:
        self.parameters = parameters
        self.total: list[torch.Tensor | None] = [None] * len(parameters)

    def add(
        self, roots: list[torch.Tensor], gradients: list[torch.Tensor | None], wanted: list[torch.Tensor]
    ) -> list[torch.Tensor | None]:
        """Go back from ``roots`` with their gradients; those of ``wanted`` are returned, None where none arrives."""
        pairs = [(z, g.expand_as(z)) for z, g in zip(roots, gradients, strict=True) if g is not None and z.requires_grad]
        asked = [(k, x) for k, x in enumerate([*wanted, *self.parameters]) if x.requires_grad]
        found: list[torch.Tensor | None] = [None] * (len(wanted) + len(self.parameters))
        if pairs and asked:
            some = torch.autograd.grad([z for z, _ in pairs], [x for _, x in asked], [g for _, g in pairs], allow_unused=True)
            for (k, _), g in zip(asked, some, strict=True):
                found[k] = g
        for k, g in enumerate(found[len(wanted) :]):
            old = self.total[k]
            if g is not None:
                self.total[k] = g if old is None else old + g
        return found[: len(wanted)]


def _per_step(error: torch.Tensor | None, output: torch.Tensor, out: torch.Tensor, steps: int) -> torch.Tensor:
    """dL/dy in each step, [steps or 1, batch, outputs]."""
    known = torch.zeros_like(output) if error is None else error
    timed = output is out or (output.dim() > 1 and output.shape[:2] == out.shape[:2] and output.dim() == out.dim())
    return known.flatten(2) if timed else known.flatten(1)[None] / steps


def _rules(blocks: Blocks, rules: Rule | Mapping[str, Rule], default: Rule) -> dict[str, Rule]:
    """The rule of each block by the block's name."""
    given = rules if isinstance(rules, Mapping) else {}
    for rule in (*given.values(), default, *(() if isinstance(rules, Mapping) else (rules,))):
        if isinstance(rule, type) or getattr(rule, "weights", None) not in (TRUE, RANDOM, NONE) or not callable(rule.signal):
            raise ParameterError("Learner, rules", "must be rules, such as BPTT()", brief(rule), "call it: BPTT(), not BPTT")
    body, hidden = blocks.body, blocks.hidden
    known = [*(name for block in body for name in block.names), *blocks.tail]
    for name in given:
        if name not in known:
            raise ParameterError("Learner, rules", "must name layers of the net", brief(name), did_you_mean(name, known))
        if name in blocks.tail and given[name].weights != TRUE:
            raise ParameterError(f"Learner, layer {name}", OUTPUT, brief(given[name]))
    found: dict[str, Rule] = {}
    for block in body:
        mine = {given[name] for name in block.names if name in given}
        if len(mine) > 1:
            raise ParameterError(
                "Learner, rules", f"layers {', '.join(block.names)} are one block, and have one rule", brief(given)
            )  # fmt: skip
        usual = default if isinstance(rules, Mapping) else rules
        rule = mine.pop() if mine else usual
        if block in hidden:
            found[block.name] = rule
        elif isinstance(rule, EProp):
            # the learning signal of the output block is its gradient
            found[block.name] = EProp()
        elif any(name in given for name in block.names) and rule.weights != TRUE:
            raise ParameterError(f"Learner, layer {block.name}", OUTPUT, brief(rule))
        else:
            found[block.name] = BPTT()
    for below, above in itertools.pairwise(body):
        if isinstance(found[above.name], STDP) and found[below.name].weights != NONE:
            raise ParameterError(
                f"Learner, layer {below.name}", f"gets no gradient through layer {above.name}, which learns by STDP",
                brief(found[below.name]), "use a rule with direct feedback, or STDP, below it",
            )  # fmt: skip
    return found
