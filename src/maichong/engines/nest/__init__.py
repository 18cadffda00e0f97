"""The engine "nest": the same network on NEST, for every model that NEST has. It loads NEST when it is built, not before.

``missing(network)`` lists what NEST lacks, ``different(network)`` what is only nearly the same.
"""

from maichong.engines.nest.engine import Nest, different, missing

__all__ = ["Nest", "different", "missing"]
