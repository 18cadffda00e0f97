"""The kernels of populations: one loop that integrates, holds and tests; the few neurons that fired are then reset.

The loop has no branch and writes no more than the states, so that LLVM turns it into SIMD code. States whose step changes them
by less than float32 can hold (a threshold that decays over hours) are kept in float64, in a loop of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from maichong.engines.events.emit import Argument, KernelText
from maichong.engines.events.layout import BLOCK
from maichong.engines.events.lower import Writer
from maichong.engines.events.stepping import Coefficients, advance
from maichong.engines.events.words import EXTRA, WORDS, drawn_words
from maichong.engines.integration import ONE, Integration
from maichong.engines.population_plan import PopulationPlan
from maichong.engines.system import System
from maichong.spec.escape import chance

SLOW = 1e-5
"""A state that decays by less than this fraction in a step is kept in float64."""


def slow_states(system: System, integration: Integration) -> tuple[str, ...]:
    """The exactly propagated states that float32 cannot carry on and that nothing but thresholds and resets read."""
    slow = []
    for state, row in integration.exact.items():
        alone = set(row) <= {state, ONE}
        read = any(state in other for name, other in integration.exact.items() if name != state)
        read = read or any(state in call.args for call in system.derivative if f"d_{state}" not in call.results)
        if alone and not read and np.max(np.abs(1.0 - np.asarray(row.get(state, 0.0)))) < SLOW:
            slow.append(state)
    return tuple(slow)


def neuron_kernel(
    plan: PopulationPlan, precision: str, *, sleeps: bool = False, trial: bool = False, flat: Collection[str] = ()
) -> tuple[KernelText, dict[str, Any]]:
    """The kernel that takes a population of neurons through a step, and the values of its parameters.

    With ``trial`` nothing changes but the array ``tried``, which says where the membrane would be before any reset.

    The drives ``flat`` are one number for all: a loop over large arrays waits for memory, and has one less to wait for.

    With ``sleeps``, a block of neurons whose states did not change in a step, to the bit, is passed over until a spike arrives:
    the same function of the same states would change nothing again.

    The caller adds the arrays: states, drives, ``until``, ``refractory``, ``flags`` (and the same as ``flag_words``), ``ring``,
    ``ring_count``, ``counts``, ``control``, ``pending`` where receptors jump the membrane, and the numbers ``dt``, ``n``, ``depth``
    (of the ring, a power of two), ``first`` and ``last`` (the part of the arrays that this kernel owns: whole SIMD blocks, so
    that no neuron is left to a scalar loop), ``part``, and how far ``apart`` the counts of two parts lie; with escape noise also
    WORDS.
    """
    system, integration = plan.system, plan.integration
    assert system and integration
    slow = slow_states(system, integration) if precision == "float32" else ()
    exact = Coefficients("p", integration.exact)
    stages = {node: Coefficients(f"s{k}", p) for k, (node, p) in enumerate(integration.stages.items())}
    numbers: dict[str, float | np.ndarray] = {**system.params, **exact.values}
    for stage in stages.values():
        numbers |= stage.values
    static = static_params(system)
    numbers = {name: value for name, value in numbers.items() if name not in static}
    doubled = {name for (state, _), name in exact.names.items() if state in slow}
    kinds = {
        name: ("float64" if name in doubled else precision) + ("[]" if isinstance(value, np.ndarray) else "")
        for name, value in numbers.items()
    }

    w = Writer(precision)
    w.line("frozen = control[LEARNING] == 0")
    for state in () if trial else slow:
        _slow_loop(w, state, state in system.learned, exact, integration, numbers)
    w.line("now = np.int32(step)")
    w.line("fired = np.int32(0)")
    draws = bool(system.hazard) and not trial
    for line in drawn_words("step + 1") if draws else ():
        w.line(line)
    depth = w.indent
    if sleeps:
        w.line(f"for block in range(first // {BLOCK}, last // {BLOCK}):")
        w.line("    if awake[block] == 0: continue")
        w.line("    moved = np.int32(0)")
        w.line("    hits = np.int32(0)")
        w.line(f"    for j in range(U(block * {BLOCK}), U(block * {BLOCK} + {BLOCK})):")
        w.indent += 2
    else:
        w.line("for j in range(U(first), U(last)):")
        w.indent += 1
    env = load(w, system, numbers, static, slow, kinds, flat)
    w.line("free = now >= until[j]")
    if jumped(system):
        _take(w, system, env, sleeps=sleeps, keep=trial)
    begin = _hazard(w, system, dict(env)) if draws else ""
    new = advance(w, system, integration, exact, stages, env, slow)
    if trial:
        held = f" if free else {env[system.membrane]}" if system.holds else ""
        w.line(f"tried[j] = {new.get(system.membrane, env[system.membrane])}{held}")
    else:
        _store(w, system, env, new, slow, begin, sleeps=sleeps)
    w.indent = depth
    if sleeps:
        w.line("    awake[block] = moved != 0")
        w.line("    fired = np.int32(fired + hits)")
    if not trial:
        _collect(w, system, env, numbers, static, slow, kinds, flat)
    name, what = system.neuron.model.name, "A try of one step" if trial else "One step"
    text = KernelText(
        title=f"{what} of {name} with {len(system.ports)} receptors, {integration.method}",
        precision=precision,
        arguments=(
            Argument("n", "int"), *(WORDS if draws else WORDS[:2]), Argument("part", "int"),
            Argument("apart", "int"), Argument("depth", "int"), Argument("dt", precision),
            *(Argument(f"s_{name}", "float64[]" if name in slow else f"{precision}[]") for name in system.states),
            *(Argument(f"single_{name}", "float32[]") for name in slow),
            *(Argument(f"s_{name}", precision + ("" if name in flat else "[]")) for name in system.held),
            *(Argument(f"par_{name}", kind) for name, kind in kinds.items()),
            *([Argument("pending", f"{precision}[]")] if jumped(system) else []),
            Argument("until", "int32[]"), Argument("refractory", "int32[]"), Argument("flags", "uint8[]"),
            Argument("flag_words", "uint64[]"),
            Argument("ring", "int32[]"), Argument("ring_count", "int32[]"), Argument("counts", "int64[]"),
            Argument("control", "int64[]"), *([Argument("awake", "uint8[]")] if sleeps else []),
            *([Argument("tried", f"{precision}[]")] if trial else []),
        ),
        body=tuple(w.lines),
        origins=tuple(w.origins),
        extra=EXTRA if draws else "",
    )  # fmt: skip
    return text, {f"par_{name}": value for name, value in numbers.items()}


def jumped(system: System) -> bool:
    """Whether spikes may jump the membrane itself; their jumps are gathered in ``pending`` and taken at the step's start."""
    return any(port.receptor.model.states == () for port in system.ports)


def _take(w: Writer, system: System, env: dict[str, str], *, sleeps: bool, keep: bool) -> None:
    """The membrane takes what has arrived for it; while it is held it takes nothing. What arrived is gone, unless to ``keep``."""
    w.line("arrived = pending[j]")
    if not keep:
        w.line(f"pending[j] = {w.literal(0.0)}")
    w.line(f"taken = arrived if free else {w.literal(0.0)}" if system.holds else "taken = arrived")
    w.line(f"with_jump = {env[system.membrane]} + taken")
    if sleeps:
        w.line("moved = np.int32(moved + np.int32(taken != F(0.0)))")
    env[system.membrane] = "with_jump"


def static_params(system: System) -> Mapping[str, float]:
    """Parameters that are written into the kernel as literals."""
    return {p.name: float(system.params[p.name]) for p in system.neuron.model.params if p.static and p.name in system.params}  # type: ignore[arg-type]


def _slow_loop(
    w: Writer, state: str, learned: bool, exact: Coefficients, integration: Integration, numbers: Mapping[str, Any]
) -> None:
    def indexed(name: str) -> str:
        return f"par_{name}[j]" if isinstance(numbers[name], np.ndarray) else f"par_{name}"

    terms = [
        indexed(exact.names[state, source]) + ("" if source == ONE else f" * s_{state}[j]")
        for source in integration.exact[state]
    ]
    step = " + ".join(terms)
    w.line("for j in range(U(first), U(last)):")
    w.line(f"    x = s_{state}[j] if frozen else {step}" if learned else f"    x = {step}")
    w.line(f"    s_{state}[j] = x")
    w.line(f"    single_{state}[j] = F(x)")


def load(
    w: Writer, system: System, numbers: Mapping[str, Any], static: Mapping[str, float], slow: Sequence[str],
    kinds: Mapping[str, str], flat: Collection[str] = (),
) -> dict[str, str]:  # fmt: skip
    """Read one neuron's states, drives and per-neuron parameters into local names."""
    env: dict[str, str] = {name: w.literal(value) for name, value in static.items()}
    for name in system.states:
        env[name] = f"x_{name}"
        w.line(f"x_{name} = single_{name}[j]" if name in slow else f"x_{name} = s_{name}[j]")
    for name in system.held:
        env[name] = f"x_{name}"
        w.line(f"x_{name} = s_{name}" if name in flat else f"x_{name} = s_{name}[j]")
    for name, value in numbers.items():
        if kinds[name].startswith("float64") and name.startswith("p_") and slow:
            continue
        env[name] = f"par_{name}"
        if isinstance(value, np.ndarray):
            env[name] = f"x_{name}"
            w.line(f"x_{name} = par_{name}[j]")
    return env


def _hazard(w: Writer, system: System, env: dict[str, str]) -> str:
    """The name of the rate at which a neuron would fire."""
    for call in (*system.fires, *system.hazard):
        w.call(call, env)
    return env["hazard"]


def _store(
    w: Writer, system: System, env: dict[str, str], new: dict[str, str], slow: Sequence[str], begin: str, *, sleeps: bool
) -> None:
    """Hold the refractory, test the threshold, or the chance, from the hazard at the step's ``begin``, write back."""
    membrane = system.membrane
    if membrane in new and system.holds:
        w.line(f"held_v = {new[membrane]} if free else {env[membrane]}")
        new[membrane] = "held_v"
    flush = w.literal(1e-20 if w.precision == "float32" else 1e-200)
    after = {**env, **new}
    for state in system.states:
        if state in slow:
            continue
        value = new.get(state, env[state])
        if state in system.learned:
            value = w.keep(f"{env[state]} if frozen else {value}")
            after[state] = value
        if state not in system.own:
            # conductances that decay for ever would end as denormal numbers, which are slow
            size = w.keep(f"abs({value})", "size")
            value = w.keep(f"{value} if {size} > {flush} else {w.literal(0.0)}")
        w.line(f"s_{state}[j] = {value}")
        if sleeps:
            w.line(f"moved = np.int32(moved + np.int32({value} != {env[state]}))")
    if system.recover:
        _recover(w, system, dict(after))
    if begin:
        (probability,) = w.inline(chance, [begin, _hazard(w, system, after), "dt"])
        w.line("word = words[row + j]")
        w.line(f"u = (F(word) + F(0.5)) * {w.literal(2.0**-32)}")
        w.line(f"above = u <= {probability}")
    else:
        for call in system.fires:
            w.call(call, after)
        w.line(f"above = {after['excess']} >= F(0.0)")
    w.line("fire = free & above")
    w.line("flags[j] = fire")
    if system.crossing:
        # it may fire again when it has been below
        w.line("later = np.int32(now + np.int32(2))")
        w.line("until[j] = later if above & (until[j] < later) else until[j]")
    total = "hits" if sleeps else "fired"
    w.line(f"{total} = np.int32({total} + np.int32(fire))")
    if sleeps:
        # who is refractory will move when that ends; the padding, refractory for ever, will not
        w.line("waits = (now < until[j]) & (until[j] != np.int32(2147483647))")
        w.line("moved = np.int32(moved + np.int32(fire | waits))")


def _recover(w: Writer, system: System, env: dict[str, str]) -> None:
    """Where the refractory period ends with this step the states recover from it; ``env`` holds them as they were stored."""
    before = {state: env[state] for state in system.own}
    w.line("over = until[j] == now + np.int32(1)")
    for call in system.recover:
        w.call(call, env)
    for state, text in before.items():
        if env[f"recovered_{state}"] != text:
            w.line(f"s_{state}[j] = {env[f'recovered_{state}']} if over else {text}")


def _collect(
    w: Writer, system: System, env: dict[str, str], numbers: Mapping[str, Any], static: Mapping[str, float],
    slow: Sequence[str], kinds: Mapping[str, str], flat: Collection[str],
) -> None:  # fmt: skip
    """List the neurons that fired and reset them: few, so this loop is plain."""
    w.line("slot = (step + 1) & (depth - 1)")
    w.line("row = slot * n + min(first, n)")
    w.line("count = 0")
    w.line("if fired > 0:")
    w.indent += 1
    # eight flags at a time: most words are zero
    w.line("for word in range(U(first // 8), U(last // 8)):")
    w.line("    if flag_words[word] == U(0): continue")
    w.line("    for flag in range(word * U(8), word * U(8) + U(8)):")
    w.indent += 2
    w.line("if flags[flag]:")
    w.indent += 1
    w.line("j = np.int64(flag)")
    w.line("ring[row + count] = j")
    w.line("count += 1")
    w.line("counts[j] += 1")
    w.line("until[j] = step + 1 + refractory[j]")
    env = load(w, system, numbers, static, slow, kinds, flat)
    # few neurons come here, so states that are kept in float64 are read, and jump, in float64
    env |= {state: f"s_{state}[j]" for state in slow}
    if any("excess" in call.args for call in system.reset):
        for call in system.fires:
            w.call(call, env)
    for call in system.reset:
        w.call(call, env)
    for state in system.states:
        if f"reset_{state}" not in env:
            continue
        text = f"s_{state}[j] = {env[f'reset_{state}']}"
        w.line(f"if not frozen: {text}" if state in system.learned else text)
    if system.recover:
        w.line("if refractory[j] == 0:")
        w.indent += 1
        env |= {state: env[f"reset_{state}"] for state in system.own}
        for call in system.recover:
            w.call(call, env)
        for state in system.own:
            w.line(f"s_{state}[j] = {env[f'recovered_{state}']}")
        w.indent -= 1
    w.indent -= 4
    w.line("ring_count[part * apart + slot] = count")
