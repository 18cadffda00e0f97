"""The event-driven engine: emitted Numba kernels, walked through the steps by one compiled driver."""

from maichong.engines.events.engine import Events

__all__ = ["Events"]
