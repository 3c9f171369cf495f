"""Small pools of connections: one client while requests are few, never more than asked for."""

import asyncio
import contextlib

import httpx

from gencove_tui.api import pools
from gencove_tui.api.pools import Pools


async def test_requests_fill_one_pool_before_the_next_and_then_the_least_busy():
    made = []

    def make():
        made.append(httpx.AsyncClient(limits=pools.LIMITS))
        return made[-1]

    shared = Pools(make)
    with shared.client() as one, shared.client() as other:
        assert one is other
    assert len(made) == 1
    with contextlib.ExitStack() as at_once:
        chosen = [at_once.enter_context(shared.client()) for _ in range(20)]
        assert [made.index(client) for client in chosen[:16]] == [n // 4 for n in range(16)]
        assert {made.index(client) for client in chosen[16:]} == {0, 1, 2, 3}
        assert len(made) == 4
    with shared.client() as client:
        assert client is made[0], "all places are free again"
    await shared.aclose()
    assert all(client.is_closed for client in made)


async def test_a_place_is_given_back_whatever_ends_the_request():
    shared = Pools(lambda: httpx.AsyncClient(limits=pools.LIMITS))

    async def request():
        with shared.client():
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(request()) for _ in range(4)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with shared.client() as first, shared.client() as second:
        assert first is second
    await shared.aclose()
