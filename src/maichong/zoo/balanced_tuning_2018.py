"""Brain-inspired balanced tuning for spiking neural networks: BTSNN (Zhang, Zeng, Zhao & Xu 2018).

Three balances come first, without a label: spiking neurons pass an image on through depressing and facilitating synapses; a part of
the hidden cells is inhibitory, and Dale's principle holds for what they send; and the mean potentials come to an equilibrium with
what arrives from below and from above. Then the last layer is weakly supervised, and STDP between the two equilibria consolidates
in the weights what potentials have become:

    V_l <- clip(V_l + epsilon (V_{l-1} W_l + W_{l+1} V_{l+1} + b_l - V_l  [+ beta (y - V_l), the output]))
    dW_l = (rate / beta) (V_{l-1}^pulled V_l^pulled - V_{l-1}^equilibrium V_l^equilibrium)

Source: Zhang, Zeng, Zhao & Xu 2018, IJCAI, doi:10.24963/ijcai.2018/229. The paper's text was not at hand, and its 98.64 % leaves
open here the size of the hidden layer, the proportion of inhibition, and how spikes carry the phases; 20 steps, an epsilon
of 0.5 and the short-term constants are those of the first author's later code, whose 500 hidden cells reach 93.67 %.
That code is ``form=code``: 2 / (1 + exp(-V)) - 1 and a rectifier in the place of the clip, batches of 50 in a fixed beta. It
reaches 90.25 % here, after 100 epochs at a rate that falls as a cosine. Ours are the clip, the random sign of beta, spiking neurons
that tell inputs apart (that code's fire alike whatever the input), a cosine of learning rates and the validation split.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maichong.errors import ParameterError
from maichong.synapses.tsodyks_markram import TsodyksMarkram
from maichong.zoo import images, settling, training
from maichong.zoo.protocol import Claim, Context, Result
from maichong.zoo.settings import check_above, check_least

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

NAME = "balanced-tuning-2018"
TITLE = "Brain-inspired balanced tuning for spiking neural networks (Zhang et al. 2018)"


@dataclass(frozen=True)
class Settings:
    """The later code's constants and what the paper leaves open; each is an option of the command, ``--set inhibitory=0.5``."""

    form: str = "clip"  # or code, the authors' later one
    hidden: int = 500
    inhibitory: float = 0.3  # part of the hidden cells; below 0: cells send either sign, without Dale's principle
    short_term: bool = True  # whether hidden cells' synapses depress and facilitate
    steps: int = 10  # of the spiking neurons, 1 ms each
    equilibrium: int = 20  # steps to equilibrium
    pulled: int = 5  # steps with the label
    epsilon: float = 0.5  # of a step
    beta: float = 1.0
    sign: str = "random"  # of beta; or positive, or both in each batch
    epochs: int = 10
    batch: int = 50
    lr: float = 0.4  # of the first layer, at the start
    falls: float = 0.5  # the second's, as a part of that
    validate: int = 5000  # training images held back, on which the epoch is chosen
    train: int = 0  # images to train on; 0: all that are not held back
    test: int = 0

    def __post_init__(self) -> None:
        check_least(NAME, self, 1, ("hidden", "steps", "equilibrium", "pulled", "epochs", "batch", "validate"))
        check_least(NAME, self, 0, ("train", "test"))
        check_above(NAME, self, 0, ("epsilon", "beta", "lr", "falls"))
        for name in ("epsilon", "inhibitory"):
            if getattr(self, name) > 1:
                raise ParameterError(f"{NAME}.{name}", "must be <= 1", getattr(self, name))
        for name, choices in (("form", ("clip", "code")), ("sign", ("random", "positive", "both"))):
            if getattr(self, name) not in choices:
                raise ParameterError(f"{NAME}.{name}", f"must be one of {', '.join(choices)}", repr(getattr(self, name)))


DATA: dict[str, dict[str, Any]] = {"mnist": {}}

FORMS: dict[str, dict[str, Any]] = {
    "code": {"inhibitory": -1.0, "short_term": False, "sign": "positive", "beta": 0.5, "lr": 0.1, "epochs": 100},
}
"""What the authors' later code changes."""

SMOKE = {"hidden": 100, "epochs": 1, "train": 2000, "validate": 500, "test": 500}

WHOLE = {"data": "mnist", "train": 0, "test": 0}

CLAIMS = (
    Claim(
        "test accuracy", 98.64, 1.34, {"form": "clip", **WHOLE},
        note="the paper's size and constants are open; 97.3 is what nets of this kind reach elsewhere",
    ),
    Claim("test accuracy", 93.67, 0.8, {"form": "code", **WHOLE}, note="of the authors' later code, mean of 100 epochs' best"),
)  # fmt: skip


def preset(data: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the data set and the form change in the settings, where ``given`` does not say otherwise."""
    return {**DATA[data], **FORMS.get(given.get("form", ""), {}), **given}


def network(settings: Settings, n_inputs: int, n_classes: int) -> Module:
    """The net, and its spiking neurons, which come to a potential of as many mV as their input has pA."""
    return settling.network(
        [n_inputs, settings.hidden, n_classes], epsilon=settings.epsilon, equilibrium=settings.equilibrium, steps=settings.steps,
        squash="clip" if settings.form == "clip" else "sigmoid",
        short_term=TsodyksMarkram(U=0.45, tau_f=10.0, tau_d=2.0) if settings.short_term else None,
    )  # fmt: skip


def balance(weight: Tensor, sign: Tensor) -> None:
    """Scale the rows of inhibitory cells so that inhibition is as strong as excitation, where there are both, and then all rows.

    Weights of one sign have a large common part, by which outputs raise their own excitation: with a singular value above 1 all
    come to rest at 1, whatever the image, and no pull moves them. The largest is at most 1 / 2 here.
    """
    from torch import linalg

    inhibition = weight[sign < 0].sum()
    if bool(inhibition) and bool((sign > 0).any()):
        weight[sign < 0] *= -weight[sign > 0].sum() / inhibition
    weight *= min(1.0, 0.5 / float(linalg.matrix_norm(weight, 2)))


def reproduce(settings: Settings, context: Context) -> Result:
    """Train, choose the epoch on the validation split, test."""
    training.need_torch(NAME)
    from maichong.learning import EquilibriumPropagation, keep_signs

    data = images.splits(context.data, settings.validate, settings.train, settings.test)
    rule = EquilibriumPropagation(settings.beta, settings.pulled, settings.sign)

    def optimiser(net: Any) -> Any:
        found = settling.descent(net, settling.falling(settings.lr, settings.falls, len(net.weights)))
        if settings.inhibitory >= 0:
            sign = keep_signs(found, net.weights[1], excitatory=1.0 - settings.inhibitory)
            balance(net.weights[1].data, sign)
        return found

    def learn(net: Any, x: Tensor, y: Tensor) -> Tensor:
        heard = net.heard(x)
        return rule.learn(net, x, y, net.potentials(net, x, heard), heard)[0]

    recipe = training.Recipe(
        make=lambda: network(settings, data.train.x[0].numel(), data.n_classes),
        loss=None,
        optimiser=optimiser,
        epochs=settings.epochs,
        batch=settings.batch,
        prepare=settling.rows,
        # outputs that fall below 0 by more than beta never come back
        schedule=training.warm(training.cosine(settings.epochs), 0.5),
        forward=settling.answers,
        learn=learn,
    )
    trained = training.fit(recipe, data.train, data.validation, context)
    paper = next(claim.paper for claim in CLAIMS if claim.when["form"] == settings.form)
    return images.result(trained, data, context, paper=paper)
