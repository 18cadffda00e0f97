"""Artificial networks that were trained already, converted into spiking ones. It needs ``maichong[deep]``.

from maichong.conversion import convert, evaluate

converted = convert(ann, x_train[:1000], method="percentile", steps=100)
print(converted.report)                          # factor, error and rate of each layer
print(evaluate(converted, (x_test, y_test)))     # accuracy over steps; an error where it collapsed
converted.net(x)                                 # an ordinary maichong.nn.Sequential
"""

from maichong.conversion.convert import Converted, convert
from maichong.conversion.evaluation import accuracy_over_time, evaluate
from maichong.conversion.qcfs import QCFS
from maichong.conversion.report import AccuracyOverTime, LayerReport, Report

__all__ = ["QCFS", "AccuracyOverTime", "Converted", "LayerReport", "Report", "accuracy_over_time", "convert", "evaluate"]
