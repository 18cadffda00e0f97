"""The engine "reference": readable NumPy, the judge of the others."""

from maichong.engines.reference.engine import Reference

__all__ = ["Reference"]
