"""Fixtures of the contract tests: an emulator on a real socket, a photo and clips."""

import time
from collections.abc import Callable, Iterator

import pytest

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from kyc_portal.sandbox.emulator import EmulatorServer

SIZE = (160, 120)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "It never came true."
        time.sleep(0.005)


@pytest.fixture
def emulator() -> Iterator[EmulatorServer]:
    with EmulatorServer(rate=1000) as server:
        yield server


@pytest.fixture(scope="session")
def photo() -> bytes:
    return draw_photo(size=(150, 200))


@pytest.fixture(scope="session")
def make_clip() -> Callable[..., bytes]:
    """Draws small clips and caches them."""
    drawn: dict[object, bytes] = {}

    def make(container: str = "mp4", codec: str = "libx264", seconds: float = 3.0) -> bytes:
        key = (container, codec, seconds)
        if key not in drawn:
            drawn[key] = draw_clip(container=container, codec=codec, seconds=seconds, size=SIZE, fps=10)
        return drawn[key]

    return make


@pytest.fixture(scope="session")
def clip(make_clip: Callable[..., bytes]) -> bytes:
    return make_clip()
