"""A cable, or a tree of them, in compartments: ``cable(n)`` makes the model, passive or with Hodgkin and Huxley's channels.

    c_m dv_k/dt = (e_leak - v_k) / r_m + (i_k + sum_l g_kl (v_l - v_k)) / A_k;      v >= v_th: spike, v <- v_r
    A_k = pi d_k x_k;      1 / g_kl = r_i (x_k / 2) / (pi d_k^2 / 4) + r_i (x_l / 2) / (pi d_l^2 / 4)

Compartment k has the length x_k, the diameter d_k, a potential v_k (v is that of compartment 0, the soma) and an input i_k, which
comes in there: receptors on it see v_k. Ends are sealed. Where a compartment is active, the currents and gates of HodgkinHuxley
come to its leak. Its soma spikes as a leaky integrate-and-fire neuron's does, or, where it is active, as its channels do. All is
per um^2 and um: c_m = 0.01 pF/um^2 is 1 uF/cm^2, r_m = 1000 Gohm um^2 is 10 kohm cm^2, r_i = 0.001 Gohm um is 100 ohm cm, and
text such as "100 ohm cm" is understood. Lengths are counted in lambda = sqrt((d / 4) r_m / r_i), time in tau = r_m c_m.

Values stand in the middle of compartments, which are good to (x / lambda)^2; a current that is put, or a potential that is read, at
an end lies half a compartment inside it, which is of order one in x. Where branches join, compartment p and its children c have
the conductances of that junction, h_p h_c / (h_p + sum of the children's h), h being that of half a compartment; those from child
to child, through which nothing flows where branches are alike, are left out, for they would close rings: of order one, too.

A short passive cable, of up to 8 compartments, with currents is stepped exactly; any other implicitly, by Crank and Nicolson's rule
in O(N), which is of order two and rings where much changes within a step: integrator="backward_euler" does not, of order one.

Source: Rall 1962, doi:10.1111/j.1749-6632.1962.tb54120.x; Hines 1984, doi:10.1016/0020-7101(84)90008-4.

Not for compartments much longer than 0.1 lambda, nor, where they are active, for steps above 0.025 ms. The compiled kernel of an
active cable takes about two seconds for each compartment, once.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from maichong.errors import ModelError, brief
from maichong.neurons import hodgkin_huxley
from maichong.neurons.hodgkin_huxley import HodgkinHuxley
from maichong.spec import Input, NeuronModel, Param, State, neuron
from maichong.spec.quantities import is_number
from maichong.spec.written import written

PI = math.pi
PATCH = 100.0
"""The membrane, in um^2, that the numbers of HodgkinHuxley are of."""
LEAKY = PATCH / HodgkinHuxley()["g_leak"]
"""Its resistance, in Gohm um^2."""
GATES = {"m": hodgkin_huxley.m_at_rest, "h": hodgkin_huxley.h_at_rest, "n": hodgkin_huxley.n_at_rest}
CHANNELS = "c_m, 1.0 / r_m, g_na, g_k, e_leak, e_na, e_k, v_0, mv, phi"
LONGEST = 10_000


def side(length, diameter):
    """The membrane around a cylinder."""
    return PI * diameter * length


def core(length, diameter, r_i):
    """What a cylinder conducts from end to end."""
    return PI * diameter * diameter / (4.0 * r_i * length)


def passive(v, i, c_m, r_m, e_leak):
    """The flow of a potential with a leak and a current per membrane."""
    return ((e_leak - v) / r_m + i) / c_m


@dataclass(frozen=True)
class Shape:
    """Compartments and how they hang together: ``parents`` by index, -1 of the soma; without ``lengths`` all are alike."""

    parents: tuple[int, ...]
    active: tuple[int, ...]
    inputs: tuple[int, ...]
    lengths: tuple[float, ...] | None = None
    diameters: tuple[float, ...] | None = None
    name: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data."""
        return json.loads(json.dumps(asdict(self)))

    def maker(self) -> Callable[[Any, str], NeuronModel]:
        """What makes the neuron from such data."""
        return remade


def cable(
    n: int,
    *,
    active: bool | Iterable[int] = False,
    parents: Iterable[int] | None = None,
    lengths: Iterable[float] | None = None,
    diameters: Iterable[float] | None = None,
    inputs: Iterable[int] | None = None,
    name: str | None = None,
) -> NeuronModel:
    """A neuron of ``n`` compartments: states v, v_1, ... v_{n-1} (mV), inputs i, i_1, ... (pA), each at its own potential.

    ``active`` says which compartments have channels, True: all. ``parents[k]`` < k is the compartment on which k hangs, -1 for
    compartment 0; without them each hangs on the one before it. The model's parameters are r_m, r_i, c_m and, of a cable whose
    compartments are alike, its whole ``length`` and its ``diameter`` (um); with ``lengths`` and ``diameters`` [n], which a tree
    needs, they are length_0, diameter_0 and so on. ``inputs`` are the compartments that take currents and synapses, all by
    default; a drive or a synapse that names none goes to the first. ``name`` is what a network's file calls the model, which can be
    loaded from there.

    Raises ModelError for compartments that are none or no tree.

    >>> from maichong import Exponential, Network, Poisson, AllToAll
    >>> net = Network(dt=0.1, seed=1)
    >>> cell = net.population("cell", cable(20)(length=800.0, r_i="150 ohm cm"), 1)
    >>> x = net.population("x", Poisson(rate=200.0), 1)
    >>> _ = net.project(x, cell, AllToAll(), weight=2.0, receptor=Exponential(tau=5.0, e_rev=0.0), input="i_19")
    >>> net.build("reference").run(50.0)["cell"]["v_19"].shape
    (1,)

    Source: see :mod:`maichong.neurons.cable`.
    """
    if not _whole(n) or not 1 <= n <= LONGEST:
        raise ModelError("cable.n", f"must be a whole number of compartments between 1 and {LONGEST}", brief(n))
    above = _list(parents, "cable.parents") if parents is not None else range(-1, n - 1)
    on = (range(n) if active else ()) if isinstance(active, bool) else _list(active, "cable.active")
    into = range(n) if inputs is None else _list(inputs, "cable.inputs")
    if len(above) != n or not all(_whole(p) and (p == -1 if k == 0 else 0 <= p < k) for k, p in enumerate(above)):
        raise ModelError("cable.parents", f"must be -1, then for each of {n - 1} more one that comes before it", brief(above))
    for what, chosen in (("active", on), ("inputs", into)):
        if not all(_whole(k) and 0 <= k < n for k in chosen) or len(set(chosen)) < len(chosen):
            raise ModelError(f"cable.{what}", f"must be compartments, 0 to {n - 1}, each once", brief(chosen))
    if not len(into):
        raise ModelError("cable.inputs", "must be one compartment at least", brief(inputs))
    if (lengths is None) != (diameters is None) or (parents is not None and lengths is None):
        fix = "without both, a cable that does not branch has one length and one diameter"
        raise ModelError("cable", "a tree needs lengths and diameters, and one of them the other", fix=fix)
    long, thick = (
        None if given is None else _sizes(given, n, what) for what, given in (("lengths", lengths), ("diameters", diameters))
    )
    if name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise ModelError("cable.name", "must be a Python identifier", brief(name))
    hang, channels, takers = (tuple(map(int, entries)) for entries in (above, sorted(on), into))
    return _of(Shape(hang, channels, takers, long, thick, name or ""))


def remade(data: Any, where: str) -> NeuronModel:
    """The neuron of a Shape that ``Shape.to_dict`` wrote; ModelError for data that are none."""
    try:
        given = {field.name: data[field.name] for field in fields(Shape)}
        given["parents"] = tuple(given["parents"])
        chain = given["lengths"] is None and given["parents"] == tuple(range(-1, len(given["parents"]) - 1))
        return cable(len(given["parents"]), **{**given, "parents": None if chain else given["parents"]})
    except ModelError as error:
        raise ModelError(where, "must be a cable as a network wrote it", str(error)) from None
    except (TypeError, KeyError, AttributeError) as error:
        raise ModelError(where, "must be a cable as a network wrote it", brief(error)) from None


def _whole(value: Any) -> bool:
    return is_number(value) and not isinstance(value, float) and value == int(value)


def _list(given: Any, where: str) -> list[Any]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ModelError(where, "must be a list of compartments", brief(given))
    return list(given)


def _sizes(given: Any, n: int, what: str) -> tuple[float, ...]:
    listed = _list(given, f"cable.{what}")
    if len(listed) != n or not all(is_number(size) and 0 < size < math.inf for size in listed):
        raise ModelError(f"cable.{what}", f"must be {n} numbers > 0 um, one for each compartment", brief(given))
    return tuple(map(float, listed))


def _of(shape: Shape) -> NeuronModel:
    key = hashlib.sha256(json.dumps(shape.to_dict()).encode()).hexdigest()[:8]
    return _made(replace(shape, name=shape.name or f"Cable_{key}"))


@functools.cache
def _made(shape: Shape) -> NeuronModel:
    """The model of a shape: equal shapes are one model."""
    rest = "v_0" if shape.active else "e_leak"
    potentials = [
        State(_at("v", k), rest, "mV", f"membrane potential of {_called(k)}", membrane=k == 0)
        for k in range(len(shape.parents))
    ]
    meanings = [(gate, HodgkinHuxley.states[1 + j].meaning) for j, gate in enumerate(GATES)]
    gates = [
        State(_at(gate, k), GATES[gate], "", f"{meaning} in {_called(k)}") for k in shape.active for gate, meaning in meanings
    ]
    names = [state.name for state in (*potentials, *gates)]
    lif = 0 not in shape.active
    model = neuron(
        shape.name,
        params=[*_sized(shape), *_membrane(shape), *_soma(lif=lif)],
        states=[*potentials, *gates],
        inputs=[
            Input(_at("i", k), "pA", f"synaptic and injected current of {_called(k)}", at=_at("v", k)) for k in shape.inputs
        ],
        flow=written("flow", _flow(shape, names), shape.name, _NAMES),
        fires=fires,
        reset=written("reset", _reset(names), shape.name, _NAMES) if lif else None,
        doc=__doc__,
    )
    return replace(model, text=shape)


def fires(v, v_th):
    return v - v_th


_NAMES = {
    "__name__": __name__, "side": side, "core": core, "passive": passive, "channels": hodgkin_huxley.flow,
}  # fmt: skip
"""What a written flow calls."""


def _at(name: str, k: int) -> str:
    return f"{name}_{k}" if k else name


def _called(k: int) -> str:
    return f"compartment {k}" if k else "the soma, compartment 0"


def _sized(shape: Shape) -> list[Param]:
    if shape.lengths is None or shape.diameters is None:
        return [
            Param("length", 500.0, "um", "length of the whole cable", above=0),
            Param("diameter", 2.0, "um", "its diameter", above=0),
        ]
    pairs = zip(shape.lengths, shape.diameters, strict=True)
    each = [
        (
            Param(f"length_{k}", length, "um", f"length of compartment {k}", above=0),
            Param(f"diameter_{k}", diameter, "um", f"diameter of compartment {k}", above=0),
        )
        for k, (length, diameter) in enumerate(pairs)
    ]
    return list(itertools.chain.from_iterable(each))


def _membrane(shape: Shape) -> list[Param]:
    shared = [
        Param("r_i", 0.001, "Gohm um", "resistivity of the inside: 0.001 is 100 ohm cm", above=0),
        Param(
            "r_m", LEAKY if shape.active else 1000.0, "Gohm um**2", "resistance of the membrane: 1000 is 10 kohm cm^2", above=0
        ),
        Param("c_m", 0.01, "pF/um**2", "capacitance of the membrane: 0.01 is 1 uF/cm^2", above=0),
    ]
    if not shape.active:
        return [*shared, Param("e_leak", -70.0, "mV", "reversal potential of the leak")]
    dense = [
        replace(param, default=param.default / PATCH, unit="nS/um**2", meaning=f"{param.meaning} per membrane")
        for param in map(HodgkinHuxley.param, ("g_na", "g_k"))
        if param.default is not None
    ]
    return [*shared, *map(HodgkinHuxley.param, ("e_leak", "e_na", "e_k", "v_0", "phi", "mv")), *dense]


def _soma(*, lif: bool) -> list[Param]:
    if not lif:
        return [HodgkinHuxley.param("v_th")]
    return [
        Param("v_th", -50.0, "mV", "threshold of the soma"),
        Param("v_r", -65.0, "mV", "potential of the soma after a spike"),
    ]


def _flow(shape: Shape, names: list[str]) -> str:
    """The text of the flow: what goes along the cable, then each compartment."""
    n, lines = len(shape.parents), []
    children: dict[int, list[int]] = {k: [] for k in range(n)}
    for k in range(1, n):
        children[shape.parents[k]].append(k)
    asked = [*names, *(_at("i", k) for k in shape.inputs), *(param.name for param in (*_sized(shape), *_membrane(shape)))]
    if shape.lengths is None:
        lines += [f"part = length / {float(n)!r}", "area = side(part, diameter)", "along = core(part, diameter, r_i)"]
    for k in range(n) if shape.lengths else ():
        lines += [f"area_{k} = side(length_{k}, diameter_{k})", f"half_{k} = core(0.5 * length_{k}, diameter_{k}, r_i)"]
    for k, below in children.items() if shape.lengths else ():
        if below:
            lines.append(f"meet_{k} = {' + '.join(f'half_{c}' for c in (k, *below))}")
    for k in range(1, n):
        above = shape.parents[k]
        g = f"half_{above} * half_{k} / meet_{above}" if shape.lengths else "along"
        lines.append(f"link_{k} = {g} * ({_at('v', above)} - {_at('v', k)})")
    for k in range(n):
        into = [_at("i", k)] if k in shape.inputs else []
        into += [f"link_{k}"] if k else []
        total = " + ".join(into) + "".join(f" - link_{c}" for c in children[k])
        lines.append(f"into_{k} = ({total}) / {f'area_{k}' if shape.lengths else 'area'}")
        if k in shape.active:
            gates = [_at(gate, k) for gate in GATES]
            results = ", ".join(f"d_{name}" for name in (_at("v", k), *gates))
            lines.append(f"{results} = channels({_at('v', k)}, {', '.join(gates)}, into_{k}, {CHANNELS})")
        else:
            lines.append(f"d_{_at('v', k)} = passive({_at('v', k)}, into_{k}, c_m, r_m, e_leak)")
    returned = ", ".join(f"d_{name}" for name in names)
    return _function("flow", asked, lines, returned)


def _reset(names: list[str]) -> str:
    return _function("reset", [*names[1:], "v_r"], [], ", ".join(["v_r", *names[1:]]))


def _function(name: str, asked: Iterable[str], lines: Iterable[str], returned: str) -> str:
    return "\n".join([f"def {name}({', '.join(asked)}):", *(f"    {line}" for line in lines), f"    return {returned}", ""])


Cable = cable(10, name="Cable")
