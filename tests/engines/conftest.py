"""What the engine tests share: each runs on every engine that must agree."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["reference", "events"])
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine, in double precision."""
    return request.param
