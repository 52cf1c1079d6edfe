"""A small marketplace on disk, and a way to call the command on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aedile.cli.app import app

SCHEMA = """\
entities:
  item:
    meaning: A product listing.
    features:
      title: {type: string, meaning: Title as shown.}
      price: {type: double, meaning: Price as shown., unit: USD}
      brand: {type: string, meaning: Brand.}
      seller_id: {type: string, meaning: Who sells it.}
  seller:
    meaning: Who sells.
    features:
      age: {type: duration, meaning: Time since the shop opened.}
  request:
    features:
      is_new: {type: bool, meaning: Whether the shopper is new.}
joins:
  - {from: item.seller_id, to: seller}
"""

STRATEGIES = {
    "recalled-exclude": 'policy: P-1\ntier: legal\ncondition: in_list(item.id, "recalled")\naction: exclude',
    "cheap-demote": "tier: quality\ncondition: item.price < 5.0\naction: {demote: {factor: 0.5}}",
    "acme-boost": 'tier: growth\ncondition: item.brand == "Acmé"\naction: {boost: {factor: 2.0}}\nmarkets: [ID]',
    "campaign-pin": 'tier: growth\nrank: 1\ncondition: item.id == "i4"\naction: {pin: {position: 1}}',
    "young-seller-refer": 'tier: safety\npolicy: P-2\ncondition: seller.age < duration("24h")\n'
    "action: {refer: {queue: sellers, share: 1.0}}",
    "new-shopper-boost": "tier: experience\ncondition: request.is_new\naction: {boost: {factor: 1.5}}\nstage: shadow",
}

ITEMS = """\
id,title,price,brand,seller_id,colour
i1,red lamp,10.0,Acmé,s1,red
i2,blue lamp,3.0,Other,s1,blue
i3,green lamp,20.0,Other,s2,green
i4,big lamp,7.0,Acmé,s2,white
i5,old lamp,,Other,s9,grey
"""

SELLERS = "id,age\ns1,2400h\ns2,1h\n"


def strategy_text(id_: str, body: str) -> str:
    """A whole strategy file from the lines that matter."""
    lines = {line.partition(":")[0]: line for line in body.splitlines()}
    plain = {
        "id": id_, "title": id_, "why": "For a test.", "owner": "team-a", "applies_to": "item", "markets": "[all]",
        "channels": "[all]", "stage": "live",
    }  # fmt: skip
    return "\n".join([*(f"{key}: {value}" for key, value in plain.items() if key not in lines), *lines.values()]) + "\n"


def request(id_: str = "r1", market: str = "ID", **more: Any) -> dict[str, Any]:
    scores = {"i1": 1.0, "i2": 5.0, "i3": 4.0, "i4": 0.5, "i5": 3.0}
    asked = {"id": id_, "market": market, "channel": "search", "time": "2026-11-25T08:30:00Z", "query": "lamp"}
    return {**asked, "candidates": [{"id": item, "score": score} for item, score in scores.items()], **more}


@dataclass(frozen=True)
class Result:
    """How a call of the command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """The codes of the errors reported as JSON."""
        return [error["code"] for error in self.json["errors"]]


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    """Call the command in this process. A traceback would be an exception here."""
    result = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin, catch_exceptions=False)
    return Result(result.exit_code, result.stdout, result.stderr)


@dataclass(frozen=True)
class Market:
    """The folder of the marketplace, and the options that name its parts."""

    folder: Path

    @property
    def world(self) -> tuple[object, ...]:
        at = self.folder
        return ("--schema", at / "schema.yaml", "--strategies", at / "strategies", "--lists", at / "lists")

    @property
    def entities(self) -> tuple[str, ...]:
        return (
            "--entities",
            f"item={self.folder / 'items.csv'}",
            "--entities",
            f"seller={self.folder / 'sellers.csv'}",
        )

    @property
    def requests(self) -> tuple[object, ...]:
        return ("--requests", self.folder / "requests.ndjson")

    @property
    def all(self) -> tuple[object, ...]:
        return (*self.world, *self.entities, *self.requests)

    def write_requests(self, *requests: dict[str, Any]) -> None:
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in requests)
        (self.folder / "requests.ndjson").write_text(text)

    def write_strategy(self, id_: str, body: str, folder: str = "strategies") -> Path:
        path = self.folder / folder / f"{id_}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(strategy_text(id_, body))
        return path

    def names(self) -> set[str]:
        """Everything that lies in the folder itself."""
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def market(tmp_path: Path) -> Market:
    market = Market(tmp_path)
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    for id_, body in STRATEGIES.items():
        market.write_strategy(id_, body)
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "recalled.txt").write_text("i3\nother\n")
    (tmp_path / "items.csv").write_text(ITEMS)
    (tmp_path / "sellers.csv").write_text(SELLERS)
    market.write_requests(request("r1"), request("r2", "MY", channel="live"))
    return market
