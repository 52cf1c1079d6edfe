"""What is a strategy's text, as data and as a file?

A body is the strategy as a mapping with the keys of its file, but for `stage` and `canary.share`, which a release
carries. Whatever is in the database or on a page is a body; whatever the engine reads is its text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import yaml

from aedile.documents import Located, parse_document
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import KNOWN, parse_strategy
from aedile.language.schema import Schema

Body = dict[str, Any]

#: In a file the keys stand in the order in which people read them.
ORDER = (
    "id", "title", "why", "owner", "policy", "tier", "rank", "applies_to", "markets", "channels", "condition", "params",
    "action", "stage", "canary", "starts", "expires", "budget", "overrides", "examples",
)  # fmt: skip
assert set(ORDER) == set(KNOWN)
#: What no reader of YAML takes for anything but a text.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class _Dumper(yaml.SafeDumper):
    """Writes YAML that versions 1.1 and 1.2 read alike."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the dumper's signature
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"')


_Dumper.add_representer(str, _text)


def to_text(body: Mapping[str, Any], stage: str, share: float | None = None) -> str:
    """The strategy's file in a stage. share: of the canary; where it is no canary, one that says nothing is written."""
    whole = {**body, "stage": str(stage)}
    if "canary" in body or stage == "canary":
        whole["canary"] = {**(body.get("canary") or {}), "share": share if share is not None else 1.0}
    known = [key for key in ORDER if key in whole]
    ordered = {key: whole[key] for key in (*known, *(key for key in whole if key not in ORDER))}
    return yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None)


def from_text(text: str, file: str) -> tuple[Body, str | None, float | None]:
    """Body, stage and canary's share of a file; an `AedileError` where it is no YAML. Nothing else is checked yet."""
    whole = plain(parse_document(text, file).root)
    if not isinstance(whole, dict):
        return {"id": None}, None, None
    stage = whole.pop("stage", None)
    share = None
    if isinstance(canary := whole.get("canary"), dict):
        share = canary.pop("share", None)
        if not canary or canary == {"unit": "shopper"}:
            del whole["canary"]
    return whole, stage, share


def plain(node: Located) -> Any:
    """The value without the places of its parts."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [plain(value) for value in node.value]
    return node.value


def read(
    body: Mapping[str, Any],
    schema: Schema,
    lists: Collection[str],
    *,
    stage: str = "shadow",
    share: float | None = None,
) -> Strategy:
    """The strategy as the engine has it; an `AedileError` with the field where it has an error."""
    return parse_strategy(to_text(body, stage, share), schema, f"{body.get('id')}.yaml", lists)
