"""What the tests of single parts share: a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest


def _opened(page: Callable[[], None], /, **address: str) -> AppTest:
    at = AppTest.from_function(page, default_timeout=60)
    at.query_params.update(address)
    at.run()
    assert not at.exception
    return at


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Callable[..., AppTest]:
    """(**address) -> the page that the tests' own file defines, after its first run with these settings."""
    return partial(_opened, request.module.page)
