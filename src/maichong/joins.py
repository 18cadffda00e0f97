"""What may be joined to what in a network: the rules, receptors, inputs and signs of a projection, settled or refused.

What is given by a name or a model becomes what the network keeps; what does not go together is a NetworkError in one sentence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from maichong.errors import NetworkError, brief, did_you_mean, is_one_of
from maichong.parts import Population, input_names, whole_steps
from maichong.spec import Configured, Distribution, ReceptorModel, RuleModel, ShortTermModel
from maichong.spec.model import Model
from maichong.spec.registry import kinds


def settle_rules(plasticity: Any, kind: type[Model], what: str, where: str) -> tuple[Configured, ...]:
    """One rule, or several, as a tuple; NetworkError where one is not of this ``kind``."""
    try:
        rules = (plasticity,) if isinstance(plasticity, Configured) else tuple(plasticity)
    except TypeError:
        rules = (plasticity,)
    for rule in rules:
        if not isinstance(rule, Configured) or not isinstance(rule.model, kind):
            raise NetworkError(where, f"its plasticity must be {what}", brief(rule))
    return rules


def check_rules(rules: tuple[Configured, ...], dendrites: Any, dt: float, where: str) -> None:
    """NetworkError where the rules of a projection do not go together, or with what else it has."""
    for rule in rules:
        check_shared(rule, where)
        model = rule.model
        assert isinstance(model, RuleModel)
        if model.every and (not (period := float(rule[model.every])) > 0 or not whole_steps(period, dt)):
            expected = f"must be a whole number of steps of {dt:g} ms"
            raise NetworkError(f"{where}, {model.name}.{model.every}", expected, f"{period:g} ms")
        if dendrites is not None and (model.reads or model.asks("v")):
            fix = "leave dendritic_delay out"
            raise NetworkError(
                where, f"{model.name} reads the potential at the synapse, which a dendritic delay puts off", fix=fix
            )
    fix = "say how they go together: Sum(a, b), Sequence(a, b)"
    models = [rule.model for rule in rules if isinstance(rule.model, RuleModel)]
    if sum(model.acts_by_itself for model in models) > 1:
        raise NetworkError(where, "two rules would write its weights at spikes, and their order would be undefined", fix=fix)
    if sum(model.acts_by_itself or model.keeps for model in models) > 1:
        raise NetworkError(where, "two rules would keep states of its synapses or traces of signals, and one may", fix=fix)
    waiting = [repr(model.signal) for model in models if model.signal]
    waiting += [f"every {float(rule[rule.model.every]):.15g} ms" for rule in rules if rule.model.every]  # type: ignore[attr-defined]
    for clock in waiting:
        if waiting.count(clock) > 1:
            when = clock if clock.startswith("every") else f"at {clock}"
            raise NetworkError(where, f"two rules would write its weights {when}, and their order would be undefined", fix=fix)


def check_reads(rules: tuple[Configured, ...], target: Population, where: str) -> None:
    """NetworkError where a rule reads a state of its targets that their neuron does not have, or has in another unit."""
    assert isinstance(target.model, Configured)
    neuron = target.model.model
    states = {state.name: state.unit for state in neuron.states}
    for rule in rules:
        assert isinstance(rule.model, RuleModel)
        for read in rule.model.reads:
            asks = f"{rule.model.name} reads {read.name!r} of its targets ({read.meaning})"
            if read.name not in states:
                keeping = [other.name for other in kinds()["neuron"] if read.name in {state.name for state in other.states}]
                fix = f"use {' or '.join(keeping)}" if keeping else "declare that state in their neuron"
                raise NetworkError(where, f"{asks}, which {neuron.name} does not keep", fix=fix)
            if states[read.name] != read.unit:
                raise NetworkError(where, f"{asks} in {read.unit or 'units of 1'}", states[read.name] or "units of 1")


SIGNS = ("excitatory", "inhibitory")


def check_sign(sign: object, where: str) -> None:
    """NetworkError for what is no sign of a population."""
    if sign is not None and not is_one_of(sign, SIGNS):
        raise NetworkError(
            f"{where}, sign", "must be 'excitatory', 'inhibitory' or None", brief(sign), did_you_mean(sign, SIGNS)
        )


def sign_of(source: Population, receptor: Configured) -> int:
    """The sign that the weights from ``source`` onto ``receptor`` must have: 1, -1, or 0 for any.

    A conductance is never negative: its reversal potential decides which way it pulls.
    """
    if source.sign is None:
        return 0
    return 1 if source.sign == "excitatory" or receptor.values.get("e_rev") is not None else -1


def settle_receptor(target: Population, receptor: Any, input: str | None, where: str) -> tuple[Configured, str | None]:
    """A receptor of ``target`` and the input that takes its current, None where it jumps the membrane; NetworkError otherwise."""
    if isinstance(receptor, ReceptorModel):
        receptor = receptor()
    if not isinstance(receptor, Configured) or not isinstance(receptor.model, ReceptorModel):
        raise NetworkError(where, "needs a receptor, such as Exponential(tau=5)", brief(receptor))
    check_shared(receptor, where)
    if receptor.model.jumps_membrane:
        if input is not None:
            raise NetworkError(where, f"{receptor.model.name} needs no input", brief(input), "it acts on the membrane itself")
        return receptor, None
    return receptor, settle_input(target, input, where, "use the receptor Delta()")


def settle_input(target: Population, input: str | None, where: str, fix: str | None = None) -> str:
    """The input of ``target`` called so, the first by default; NetworkError where there is none."""
    inputs = input_names(target.model)
    if not inputs:
        raise NetworkError(where, f"{target.name!r} has no input for a current", fix=fix)
    input = inputs[0] if input is None else input
    if not is_one_of(input, inputs):
        raise NetworkError(where, f"{target.name!r} has no input {brief(input)}", fix=did_you_mean(input, inputs))
    return input


def settle_short_term(rule: Any, receptor: Configured, where: str) -> Configured | None:
    """A short-term rule, or None; NetworkError where it is none, or where the receptor has dynamics of its own."""
    if rule is None:
        return None
    if isinstance(rule, ShortTermModel):
        rule = rule()
    if not isinstance(rule, Configured) or not isinstance(rule.model, ShortTermModel):
        raise NetworkError(where, "its short_term must be a short-term rule, such as TsodyksMarkram()", brief(rule))
    check_shared(rule, where)
    if isinstance(receptor.model, ReceptorModel) and receptor.model.source:
        fix = "use Exponential, Alpha or BiExponential"
        raise NetworkError(where, f"{receptor.model.name} saturates by itself, and takes no {rule.model.name}", fix=fix)
    return rule


def check_saturating(receptor: Configured, dt: float, plastic: bool, where: str) -> None:
    """NetworkError where a receptor that saturates has pulses shorter than a step, or synapses that learn."""
    model = receptor.model
    assert isinstance(model, ReceptorModel)
    pulse = receptor[model.pulse] if model.pulse else dt
    if not isinstance(pulse, float) or pulse < dt * (1 - 1e-9):
        raise NetworkError(f"{where}, {model.name}.{model.pulse}", f"must be >= dt = {dt:g} ms, one step", f"{pulse:g} ms")
    if plastic and model.source:
        fix = "use Exponential, Alpha or BiExponential"
        raise NetworkError(
            where, f"the weights of {model.name} are counted while transmitter is there, and cannot learn", fix=fix
        )


def check_exact(receptor: Configured, delay: Any, dendrites: Any, rules: tuple[Configured, ...], dt: float, where: str) -> None:
    """NetworkError where a projection cannot take spikes of exact times to neurons of exact spike times at those times."""
    model, both = receptor.model, "the spike times of both its ends are exact"
    if delay is None:
        raise NetworkError(where, f"must have a delay of at least dt = {dt:g} ms where {both}", fix="give delay=...")
    if isinstance(model, ReceptorModel) and model.source:
        fix, counted = "use Exponential, Alpha or BiExponential", "pulses" if model.pulse else "transmitter"
        raise NetworkError(where, f"counts the {counted} of {model.name} on the grid, and {both}", fix=fix)
    if dendrites is not None and any(isinstance(rule.model, RuleModel) and rule.model.acts_by_itself for rule in rules):
        raise NetworkError(where, f"has a dendritic delay that its rule sees, and {both}", fix="leave dendritic_delay out")
    if any(isinstance(rule.model, RuleModel) and (rule.model.states or rule.model.elapse) for rule in rules):
        raise NetworkError(where, f"has a rule with states of its synapses, which are kept on the grid, and {both}")


def check_shared(part: Configured, where: str) -> None:
    """Raise NetworkError where a receptor or a rule has values that differ from synapse to synapse."""
    for symbol, value in part.values.items():
        if isinstance(value, (np.ndarray, Distribution)):
            raise NetworkError(where, f"{part.model.name}.{symbol} must be one number for all synapses", brief(value))
