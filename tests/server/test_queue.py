"""Is a burst that a worker cannot decide in time sent away at once, in words and with a time to come back?"""

from __future__ import annotations

import asyncio
import http.client
from contextlib import ExitStack

import httpx

from tests.server.marked import REQUEST, shop


def test_more_than_may_wait_are_sent_away_and_the_others_are_decided():
    with shop(workers=1, AEDILE_SERVER_QUEUE="2") as one:
        answers = asyncio.run(_at_once(one.server, 60))
        assert one.server.status()["refusals"].keys() <= {"AED-SRV-006"}
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 429}
    for answer in answers:
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) >= 1
            (error,) = answer.json()["errors"]
            assert error["code"] == "AED-SRV-006"
            assert error["fix"]


def test_idle_connections_keep_nobody_out():
    with shop(workers=1, AEDILE_SERVER_QUEUE="2") as one, ExitStack() as idle:
        for _ in range(600):
            connection = http.client.HTTPConnection("127.0.0.1", one.server.port, timeout=10)
            idle.callback(connection.close)
            connection.request("GET", "/health")
            assert connection.getresponse().read()
        with one.server.client() as client:
            assert client.post("/v1/decisions", json=REQUEST).status_code == 200


async def _at_once(server, count: int) -> list[httpx.Response]:
    """The answers to so many calls, each of which comes in pieces, so that all wait together for their last one."""
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    gate = asyncio.Event()
    body = httpx.Request("POST", "http://x", json=REQUEST).content

    async def pieces():
        yield body[:10]
        await gate.wait()
        yield body[10:]

    async with httpx.AsyncClient(headers=headers, timeout=60, limits=httpx.Limits(max_connections=count)) as client:
        calls = [asyncio.create_task(client.post(f"{server.url}/v1/decisions", content=pieces())) for _ in range(count)]
        await asyncio.sleep(1)
        gate.set()
        return await asyncio.gather(*calls)
