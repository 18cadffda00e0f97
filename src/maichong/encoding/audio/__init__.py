"""Front ends for sound: channels over time, in 0..1, which codes then turn into spikes.

>>> import numpy as np
>>> from maichong.encoding import SendOnDelta
>>> from maichong.encoding.audio import LogMel
>>> tone = np.sin(2 * np.pi * 440.0 * np.arange(8000) / 8000.0)
>>> levels = LogMel(rate=8000.0).features(tone)
>>> levels.shape
(98, 40)
>>> SendOnDelta(dt=10.0).encode(levels).shape
(2, 40)
"""

from maichong.encoding.audio.gammatone import Gammatone
from maichong.encoding.audio.log_mel import LogMel
from maichong.encoding.audio.wav import read_wav

__all__ = ["Gammatone", "LogMel", "read_wav"]
