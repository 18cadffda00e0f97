"""Exchange with the field's other tools. What a bridge needs is installed by ``pip install "maichong[exchange]"``."""

from maichong.exchange.neo import from_neo, to_neo

__all__ = ["from_neo", "to_neo"]
