"""`aedile simulate marketplace --live`: a made-up marketplace that plays against a server, in real time.

It puts its entities, asks for decisions, and sends the facts that follow when they are due.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aedile.cli.asking import connected
from aedile.cli.screen import Format, note, print_json, say

if TYPE_CHECKING:
    from aedile.client.http import Client
    from aedile.simulator.parameters import World
    from aedile.simulator.streams import Question, Stream

#: Entities and facts in one call.
AT_ONCE = 5_000
#: Seconds between two lines that say how it goes.
TOLD = 10.0
#: Seconds for a decision, and those by which a stream that was held up does not catch up.
DEADLINE, BEHIND = 2.0, 1.0
#: Seconds after which what was shown last has been looked at.
SETTLES = 1.0


def live(
    world: World, seed: int, truth: Path | None, url: str, key_file: Path | None, rate: float, seconds: float | None,
    format_: Format,
) -> None:  # fmt: skip
    """Put entities, ask, and send the facts that follow, until it is over. truth: a folder to tell it in."""
    import numpy as np

    from aedile.simulator.streams import Stream
    from aedile.simulator.telling import tell_truth

    stream = Stream(world, seed, _now(), secrets.token_hex(3))
    if truth is not None:
        tell_truth(stream.world, seed, [known.place for known in stream.knowns], truth / "truth")
    pace = np.random.default_rng(secrets.randbits(64))
    counts = {"entities": 0, "decided": 0, "failed": 0, "facts": 0, "refused": 0}
    with suppress(KeyboardInterrupt), connected(url, key_file, deadline=DEADLINE) as client:
        for kind, table in stream.entities(_now()):
            for start in range(0, len(table), AT_ONCE):
                counts["entities"] += int(client.put_entities(kind, table.slice(start, AT_ONCE))["accepted"])
        if format_ is Format.TEXT:
            note(f"{counts['entities']:,} entities were put")
        began = told = second = time.monotonic()
        while seconds is None or second - began < seconds:
            for kind, table in stream.changes(_now()):
                client.put_entities(kind, table)
            _play(client, stream, stream.ask(_now(), int(pace.poisson(rate))), second, counts)
            _send(client, stream, counts)
            second = max(second + 1.0, time.monotonic() - BEHIND)
            if format_ is Format.TEXT and time.monotonic() - told > TOLD:
                note(f"{counts['decided']:,} decided, {counts['failed']:,} failed, {counts['facts']:,} facts")
                told = time.monotonic()
            time.sleep(max(0.0, second - time.monotonic()))
        time.sleep(SETTLES)
        _send(client, stream, counts)
    if format_ is Format.JSON:
        print_json(counts)
    else:
        say(
            f"{counts['decided']:,} requests were decided, {counts['failed']:,} failed; {counts['facts']:,} facts sent."
        )


def _now() -> int:
    return time.time_ns() // 1_000


def _play(client: Client, stream: Stream, questions: list[Question], second: float, counts: dict[str, int]) -> None:
    """Ask what is to be asked in this second, spread over it, and let shoppers see the answers."""
    total, done = sum(len(one.bodies) for one in questions), 0
    for question in questions:
        pages: list[list[str] | None] = []
        for body in question.bodies:
            time.sleep(max(0.0, second + done / max(1, total) - time.monotonic()))
            answer = client.decide(body)
            pages.append(None if answer.failed else [placed.id for placed in answer.slate])
            counts["failed" if answer.failed else "decided"] += 1
            done += 1
        stream.answered(question, pages)


def _send(client: Client, stream: Stream, counts: dict[str, int]) -> None:
    """Send the facts that have happened by now."""
    for kind, table in stream.due(_now()):
        for start in range(0, len(table), AT_ONCE):
            told = client.put_facts(kind, table.slice(start, AT_ONCE).combine_chunks())
            counts["facts"] += int(told["accepted"])
            counts["refused"] += int(told["dead"])
