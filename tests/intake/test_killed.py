"""Whatever is killed, and whenever: is every fact that was acknowledged in the files exactly once, and none torn?"""

from __future__ import annotations

import http.client
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

from aedile.store.fact_seal import seal_facts
from aedile.store.fact_verify import verify
from aedile.store.home import Home
from bench.serving.processes import free_port, until
from tests.intake.made import exposure, ids_of, ndjson, now, sealed
from tests.scale import tenth_of

SEALER = """
import sys
from pathlib import Path
from aedile.store.fact_seal import merge_ids, seal_facts
from aedile.store.home import Home
while True:
    seal_facts(Home(Path(sys.argv[1])))
    merge_ids(Home(Path(sys.argv[1])))
"""
MARKETS = ("ID", "SG", "TH")


class Processes:
    """Two workers, the keeper, and a process that seals without a pause; each is started again as soon as it is killed.
    They need no PostgreSQL to take facts in."""

    def __init__(self, home: Home) -> None:
        self.port = free_port()
        self.environment = {
            **os.environ, "AEDILE_HOME": str(home.root), "AEDILE_SERVER_PORT": str(self.port),
            "AEDILE_SERVER_OPEN": "true", "AEDILE_DATABASE_URL": "postgresql://127.0.0.1:1/none",
        }  # fmt: skip
        python = [sys.executable, "-m"]
        self.commands = {
            "worker 1": [*python, "aedile.server.worker", "1"],
            "worker 2": [*python, "aedile.server.worker", "2"],
            "keeper": [*python, "aedile.server.keeper"],
            "sealer": [sys.executable, "-c", SEALER, str(home.root)],
        }
        self.running = {name: self.start(name) for name in self.commands}

    def start(self, name: str) -> subprocess.Popen[bytes]:
        out = subprocess.DEVNULL
        return subprocess.Popen(self.commands[name], env=self.environment, stdout=out, stderr=out)

    def kill(self, *names: str) -> None:
        for name in names:
            self.running[name].kill()
        for name in names:
            self.running[name].wait()

    def restart(self, *names: str) -> None:
        for name in names:
            self.running[name] = self.start(name)


class Sender(threading.Thread):
    """Sends posts one after the other, and a post again where it got no answer: its facts may be there or not."""

    def __init__(self, number: int, port: int) -> None:
        super().__init__(name=f"sender {number}")
        self.number, self.port = number, port
        self.random = random.Random(number)
        self.sent: dict[str, int] = {}
        self.acknowledged: set[str] = set()
        self.again = 0
        self.wrong: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        post = 0
        while not self.stopping.is_set():
            rows = []
            for place in range(self.random.choice((1, 3, 40, 400))):
                id_ = f"{self.number}-{post}-{place}"
                self.sent[id_] = place + 1
                rows.append(exposure(id_, position=place + 1, market=MARKETS[place % 3], at=now(), entity=f"of-{id_}"))
            post += 1
            body = ndjson(rows)
            while not self.stopping.is_set():
                try:
                    connection.request("POST", "/v1/facts/exposures", body, {"content-type": "application/x-ndjson"})
                    answer = connection.getresponse()
                    told = answer.read()
                    if answer.status == 202:
                        self.acknowledged |= {row["id"] for row in rows}
                    else:
                        self.wrong.append(f"{answer.status}: {told[:200]!r}")
                    break
                except (OSError, http.client.HTTPException):
                    self.again += 1
                    connection.close()
                    time.sleep(0.02)
        connection.close()


def test_every_acknowledged_fact_is_there_once_after_kills_at_random_moments(tmp_path: Path):
    home = Home(tmp_path / "home").prepare()
    processes = Processes(home)
    drawn = random.Random(20)
    senders = [Sender(number, processes.port) for number in range(3)]
    try:
        for sender in senders:
            sender.start()
        until(lambda: all(sender.acknowledged for sender in senders), "the first answers")
        for _ in range(tenth_of(200)):
            time.sleep(drawn.uniform(0.1, 1.2))
            some = drawn.choice(
                (["worker 1"], ["worker 2"], ["keeper", "sealer"], ["sealer"], list(processes.commands))
            )
            processes.kill(*some)
            processes.restart(*some)
        known = sum(len(sender.acknowledged) for sender in senders)
        until(lambda: sum(len(sender.acknowledged) for sender in senders) > known, "answers after the last kill")
    finally:
        for sender in senders:
            sender.stopping.set()
        for sender in senders:
            sender.join()
        processes.kill(*processes.commands)
    seal_facts(home)
    found = ids_of(home)
    acknowledged = set().union(*(sender.acknowledged for sender in senders))
    sent = {id_: place for sender in senders for id_, place in sender.sent.items()}
    assert [wrong for sender in senders for wrong in sender.wrong] == []
    assert acknowledged - found.keys() == set()
    assert {id_: count for id_, count in found.items() if count != 1} == {}
    assert found.keys() - sent.keys() == set()
    assert sum(sender.again for sender in senders) > 0
    for row in sealed(home).select(["id", "position", "entity", "market", "local_date", "at"]).to_pylist():
        assert row["position"] == sent[row["id"]]
        assert row["entity"] == f"of-{row['id']}"
    assert verify(home).damage == []
    assert [path for path in home.intake.iterdir() if path.suffix == ".sqlite"] == []
    assert list((home.facts / ".aside").iterdir()) == []
