"""Supervised rules of spike timing: whether, when and how often a neuron answers spike trains that are given as arrays of times.

| learner | what is given | source |
|---|---|---|
| TempotronClassifier | whether it spikes | Guetig & Sompolinsky 2006 |
| MultiSpikeTempotron | how many spikes | Guetig 2016 |
| ReSuMe | which spikes | Ponulak & Kasinski 2010 |
| SpikeProp | when each output first spikes, through a hidden layer | Bohte, Kok & La Poutre 2002 |
| SWAT | a class, by the rates of inputs | Wade et al. 2010 |

They are NumPy alone, in float64, and learn as scikit-learn's estimators do: ``Learner(settings).fit(x, y).predict(x)``.
"""

from maichong.learning.timing.multi_spike_tempotron import MultiSpikeTempotron
from maichong.learning.timing.optimisers import GradientDescent, QuickProp, RProp
from maichong.learning.timing.resume import ReSuMe, correlation
from maichong.learning.timing.spikeprop import SpikeProp
from maichong.learning.timing.swat import SWAT
from maichong.learning.timing.tempotron import TempotronClassifier
from maichong.learning.timing.trains import padded

__all__ = [
    "SWAT", "GradientDescent", "MultiSpikeTempotron", "QuickProp", "RProp", "ReSuMe", "SpikeProp", "TempotronClassifier",
    "correlation", "padded",
]  # fmt: skip
