"""Neurons from equations as text, for people who come from Brian2: see :meth:`maichong.spec.NeuronModel.from_equations`.

The text is parsed by Python's own ``ast``, held against a list of what may stand in an equation, and written down as the
``flow``, ``fires`` and ``reset`` that a file would have; from there on all engines read it as they read a file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from maichong.errors import ModelError, brief
from maichong.spec.declare import Input, Param
from maichong.spec.equations import amounts
from maichong.spec.equations.build import build
from maichong.spec.equations.origin import Call, call_of, caller
from maichong.spec.equations.symbols import entries_of
from maichong.spec.equations.text import Text, from_dict
from maichong.spec.neuron_model import NeuronModel
from maichong.spec.quantities import in_unit, is_number, is_quantity, read_quantity

NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")

_made: dict[str, NeuronModel] = {}
"""Models by their text: equal texts make one model, so that values read from a file equal those that were written."""


def made(
    equations: Any, threshold: Any, reset: Any, params: Any, inputs: Any, init: Any, name: Any, membrane: Any, meanings: Any,
    schemes: Any, doc: Any, *, depth: int,
) -> NeuronModel:  # fmt: skip
    """The neuron of these texts; ``depth`` tells how many calls above this one they stand."""
    call = call_of(caller(depth))
    where = f"{call.file}:{call.line}, from_equations"
    lines = _lines(equations, f"{where}, equations")
    resets = None if reset is None else _lines(reset, f"{where}, reset")
    if not isinstance(threshold, str):
        raise ModelError(f"{where}, threshold", "must be a text such as 'v > v_th'", brief(threshold))
    for what, given in (("params", params), ("inputs", inputs), ("init", init), ("meanings", meanings), ("schemes", schemes)):
        if given is not None and not (isinstance(given, Mapping) and all(isinstance(key, str) for key in given)):
            raise ModelError(f"{where}, {what}", "must be a dict with names as keys", brief(given))
    for what, given in (("name", name), ("membrane", membrane), ("doc", doc)):
        if given is not None and not isinstance(given, str):
            raise ModelError(f"{where}, {what}", "must be text", brief(given))
    owner = name or "the model"
    entries = entries_of(lines, call, owner)
    units = {entry.name: entry.unit for entry in entries}
    told = {entry.name: entry.statement.comment for entry in entries if entry.expression is None} | dict(meanings or {})
    found = [_param(key, value, units.get(key), told.get(key, ""), f"{where}, params") for key, value in (params or {}).items()]
    t_ref = next((param for param in found if param.name == "t_ref"), None)
    text = Text(
        name=name or "",
        equations=lines,
        threshold=threshold,
        reset=resets,
        params=tuple(param for param in found if param.name != "t_ref"),
        inputs=tuple(_input(key, value, told.get(key, ""), f"{where}, inputs") for key, value in (inputs or {}).items()),
        init=tuple((key, _start(value, units.get(key), f"{where}, init, {key}")) for key, value in (init or {}).items()),
        membrane=membrane,
        meanings=tuple((key, str(value)) for key, value in (meanings or {}).items()),
        schemes=tuple((key, steps) for key, steps in (schemes or {}).items()),
        t_ref=0.0 if t_ref is None else _refractory(t_ref, f"{where}, params, t_ref"),
        doc=doc or "",
    )
    return _of(text, call)


def remade(data: Any, where: str) -> NeuronModel:
    """The neuron of a text that ``Text.to_dict`` wrote; ``where`` says in which file it stands."""
    return _of(from_dict(data, where), Call(where, 1))


def _of(text: Text, call: Call) -> NeuronModel:
    key = json.dumps(text.to_dict(), sort_keys=True)
    if not text.name:  # two models without names are two models
        text = Text(**{**vars(text), "name": f"Equations_{hashlib.sha256(key.encode()).hexdigest()[:8]}"})
        key = json.dumps(text.to_dict(), sort_keys=True)
    if key not in _made:
        try:
            _made[key] = build(text, call)
        except RecursionError:
            where = f"{call.file}:{call.line}, {text.name}"
            raise ModelError(where, "its equations are nested too deeply", fix="break them up by subexpressions") from None
    return _made[key]


def _lines(given: Any, where: str) -> tuple[str, ...]:
    lines = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else ()
    if not lines or not all(isinstance(line, str) for line in lines):
        raise ModelError(where, "must be text, or a list of texts", brief(given))
    return lines


def _param(name: str, value: Any, declared: str | None, meaning: str, where: str) -> Param:
    where = f"{where}, {name}"
    if isinstance(value, Param):
        if value.name != name:
            raise ModelError(where, "a Param must have the name that it is given under", brief(value.name))
        return value
    if isinstance(value, tuple) and len(value) == 3 and isinstance(value[2], str):
        value, meaning = value[:2], value[2]
        value = value[0] if value[1] is None else value
    number, unit = _amount(value, declared, where)
    return Param(name, number, unit, meaning)


def _amount(value: Any, declared: str | None, where: str) -> tuple[float, str]:
    """A number and its coherent unit."""
    if isinstance(value, tuple) and len(value) == 2 and is_number(value[0]) and isinstance(value[1], str):
        quantity, spelled = float(value[0]) * amounts.unit_quantity(value[1], where), value[1]
    elif isinstance(value, str) and (quantity := read_quantity(value)) is not None:
        spelled = NUMBER.sub("", value).strip()
        spelled = f"1{spelled}" if spelled.startswith("/") else spelled
    elif is_quantity(value):
        quantity = amounts.own(value, where)
        spelled = f"{quantity.units}"
    else:
        number = in_unit(value, declared or "", where)
        if not isinstance(number, float):
            raise ModelError(
                where, "its default must be one number", brief(value), "give one per neuron where the model is used"
            )
        if declared is None:
            return number, ""
        quantity, spelled = number * amounts.unit_quantity(declared, where), declared
    return amounts.coherent(quantity, spelled)


def _input(name: str, value: Any, meaning: str, where: str) -> Input:
    where = f"{where}, {name}"
    if isinstance(value, Input) and value.name == name:
        return value
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str):
        value, meaning = value
    if not isinstance(value, str):
        raise ModelError(where, "must be a unit such as 'pA', or (unit, meaning)", brief(value))
    return Input(name, amounts.coherent_unit(value, where), meaning)


def _start(value: Any, unit: str | None, where: str) -> Any:
    """An initial value: text as it is, anything else as a number in the state's unit."""
    if isinstance(value, str) or unit is None:
        return value if isinstance(value, (str, float, int)) else brief(value)
    if is_number(value) and not is_quantity(value):
        return float(value) * amounts.coherent(amounts.unit_quantity(unit, where), unit)[0]
    number = in_unit(value, amounts.coherent_unit(unit, where), where)
    if not isinstance(number, float):
        raise ModelError(where, "must be one number or an expression", brief(value))
    return number


def _refractory(param: Param, where: str) -> float:
    return float(in_unit(f"{param.default} {param.unit}" if param.unit else param.default, "ms", where))
