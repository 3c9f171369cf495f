"""Connections to scripted servers and to sandboxes."""

import asyncio
import time

import pytest

from gencove_tui.api.connect import connect
from gencove_tui.model import Dialect

from ..waiting import PATIENCE
from .scripted import Scripted


@pytest.fixture
async def server():
    scripted = Scripted()
    await scripted.start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def v2(sandbox):
    api = await connect(sandbox.host, sandbox.api_key, dialect=Dialect.V2, s3_endpoint=sandbox.s3_endpoint)
    yield api
    await api.aclose()


@pytest.fixture
async def v1(sandbox):
    api = await connect(sandbox.host, sandbox.api_key, dialect=Dialect.V1, s3_endpoint=sandbox.s3_endpoint)
    yield api
    await api.aclose()


async def project_id(api, name):
    """The id of a project of the demo, by the start of its name."""
    return next(p.id for p in (await api.projects()).items if p.name.startswith(name))


async def until(look, what):
    """Wait until an async question is answered with yes; fails the test after a while."""
    deadline = time.monotonic() + PATIENCE
    while not await look():
        assert time.monotonic() < deadline, f"gave up waiting for: {what}"
        await asyncio.sleep(0.02)
