"""What a model is: declarations, the one-file contract, and the readings of its functions."""

from maichong.spec.declare import ALL_TO_ALL, NEAREST, Input, Option, Param, State, Trace
from maichong.spec.distance_kernel import DistanceKernel
from maichong.spec.distributions import Distribution, LogNormal, Normal, Uniform
from maichong.spec.escape import Escape
from maichong.spec.model import Configured, Model
from maichong.spec.neuron_model import NeuronModel, neuron
from maichong.spec.patterns import Pattern
from maichong.spec.receptor_model import ReceptorModel, receptor, weight_unit
from maichong.spec.rule_model import IntrinsicModel, RuleModel, intrinsic_rule, rule
from maichong.spec.short_term_model import ShortTermModel, Variant, short_term
from maichong.spec.source_model import SourceModel, source
from maichong.spec.steps import Steps

__all__ = [
    "ALL_TO_ALL",
    "NEAREST",
    "Configured",
    "DistanceKernel",
    "Distribution",
    "Escape",
    "Input",
    "IntrinsicModel",
    "LogNormal",
    "Model",
    "NeuronModel",
    "Normal",
    "Option",
    "Param",
    "Pattern",
    "ReceptorModel",
    "RuleModel",
    "ShortTermModel",
    "SourceModel",
    "State",
    "Steps",
    "Trace",
    "Uniform",
    "Variant",
    "intrinsic_rule",
    "neuron",
    "receptor",
    "rule",
    "short_term",
    "source",
    "weight_unit",
]
