"""A neuron's attractors as the survey counts them: how many fixed points, and which of them attract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maichong.analysis.bifurcations import Bifurcation, steady_states
from maichong.analysis.fixed_points import fixed_points
from maichong.errors import ParameterError, brief
from maichong.spec import Configured, NeuronModel


@dataclass(frozen=True)
class Attractors:
    """``n_fixed`` fixed points of the ``kinds``, by rising membrane; ``n_stable`` of them attract.

    ``bifurcations`` are those between the currents that were asked about. The survey's neurons of "0, 1 or 2 attractors" are those
    of n_fixed 0, 1 or 2, stable or not.
    """

    n_fixed: int
    kinds: tuple[str, ...]
    n_stable: int
    bifurcations: tuple[Bifurcation, ...] = ()


def attractors(
    neuron: Configured | NeuronModel,
    current: Any = 0.0,
    *,
    between: tuple[Any, Any] | None = None,
    input: str | None = None,
    inputs: Mapping[str, float] | None = None,
    v_range: tuple[float, float] | None = None,
    step: float | None = None,
) -> Attractors:
    """The number and the kinds of the fixed points of ``neuron`` at ``current``, and the bifurcations ``between`` two currents.

    The arguments and errors are those of :func:`fixed_points` and :func:`steady_states`.

    >>> from maichong import MetaNeuron
    >>> from maichong.analysis import attractors
    >>> attractors(MetaNeuron(a=0.02, b=0.2), 0.2)
    Attractors(n_fixed=2, kinds=('stable node', 'saddle'), n_stable=1, bifurcations=())

    Zhang & Xu 2021, Research Advances and Perspectives on Spiking Neural Networks, section 2.1.
    """
    if between is not None and (not isinstance(between, (tuple, list)) or len(between) != 2):
        raise ParameterError("attractors, between", "must be (low, high)", brief(between))
    asked = {"input": input, "inputs": inputs, "v_range": v_range, "step": step}
    points = fixed_points(neuron, current, **asked)
    found = steady_states(neuron, *between, **asked).bifurcations if between else ()
    return Attractors(len(points), tuple(point.kind for point in points), sum(point.stable for point in points), found)
