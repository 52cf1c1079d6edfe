"""What does the OpenAPI document say beside what each call says of itself? Of keys, groups, and examples of bodies."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

_SCHEMES = {
    "Key": "An API key, `aedile_c_…`, made in Settings, My account. It acts as the person who made it: what they may "
    "not do, it may not. A key for `read` is for GET; all other calls take one for `write`.",
    "Session": "A page of the console, signed in; what writes brings `X-CSRFToken` as well.",
}
_GROUPS = {
    "strategies": "Strategies from draft to live, files, the schema, releases, kill switch and freezes.",
    "backtests": "What a version would have done to the requests that were logged.",
    "lists": "Named lists and their revisions.",
    "decisions": "What was decided and why; what acts on an entity now.",
    "jobs": "Long work.",
    "notices": "What people were told.",
    "people": "People, roles and teams.",
    "keys": "API keys, and those of the decision server.",
    "history": "All writes, chained by hashes.",
}
_BODY = {
    "id": "dear-demote", "title": "What is dear is shown later", "why": "Nobody buys it.", "owner": "search-quality",
    "tier": "quality", "applies_to": "item", "markets": ["ID"], "channels": ["search"],
    "condition": "item.price > 100.0", "action": {"demote": {"factor": 0.5}},
}  # fmt: skip
_WHY = {"why": "Prices were wrong."}
_FILES = {"dear-demote.yaml": "id: dear-demote\ntitle: What is dear is shown later\n…\n"}
_FREEZE = {"why": "12.12", "start": "2026-12-11T17:00:00Z", "end": "2026-12-12T17:00:00Z"}
_PERSON = {"email": "ayu@example.com", "name": "Ayu Lestari", "zone": "Asia/Jakarta", "language": "id"}
_GRANT = {"role": "strategist", "markets": ["ID"], "team": "search-quality"}
#: Of each call that takes JSON, by the name of its function.
EXAMPLES: dict[str, Any] = {
    "strategies.create": {"body": _BODY, "note": "a first draft"},
    "strategies.save": {"body": _BODY, "note": "milder", "revision": 1},
    "strategies.act": {"why": "It proved itself in shadow.", "share": 0.05},
    "strategies.check": {"body": _BODY},
    "backtests.begin": {"hours": 24},
    "strategies.plan": {"files": _FILES},
    "strategies.push": {"files": _FILES, "stamp": "0" * 64, "note": "Thresholds of November"},
    "strategies.enter_schema": {
        "text": "entities:\n  item:\n    meaning: A product listing.\n    features:\n"
        "      price: {type: double, unit: USD, meaning: What it costs.}\n",
        "note": "prices",
    },
    "strategies.rollback": _WHY,
    "strategies.freeze": _FREEZE,
    "strategies.thaw": _FREEZE,
    "strategies.kill": {**_WHY, "below": "quality"},
    "desk.drop_move": _WHY,
    "lists.make": {"name": "recalled-gtin", "team": "brand-protection", "meaning": "GTINs that were recalled."},
    "lists.describe": {"team": "brand-protection", "meaning": "GTINs that were recalled."},
    "lists.retire": {"why": "Nothing asks it any more."},
    "lists.bring_back": {"note": "It is needed again."},
    "lists.change": {"how": "put", "seen": 1, "lines": ["4006381333931"], "note": "recall of 3 November"},
    "people.add_person": {**_PERSON, "grants": [_GRANT]},
    "people.edit_person": _PERSON,
    "people.deactivate": {"why": "left"},
    "people.grant": _GRANT,
    "people.add_team": {"slug": "search-quality", "name": "Search quality"},
    "people.edit_team": {"name": "Search quality"},
    "people.add_server_key": {"scopes": ["decide"], "days": 90, "limit": 500, "note": "search service"},
}


def name_of(operation: Operation) -> str:
    """Module and function: unique, and stable when addresses are not."""
    view = operation.view_func
    return f"{view.__module__.rpartition('.')[2]}.{view.__name__}"


class Document(OpenAPISchema):
    """ninja's document, with an example of each body, and words about keys and groups."""

    def request_body(self, operation: Operation) -> dict[str, Any]:
        found: dict[str, Any] = super().request_body(operation)
        for media in found.get("content", {}).values():
            media["example"] = EXAMPLES[name_of(operation)]
        return found

    def get_components(self) -> dict[str, Any]:
        found: dict[str, Any] = super().get_components()
        for name, words in _SCHEMES.items():
            found["securitySchemes"][name]["description"] = words
        return found


class Documented(NinjaAPI):
    """An API whose document is `Document`."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        found = Document(self, prefix)
        found["tags"] = [{"name": name, "description": words} for name, words in _GROUPS.items()]
        return found

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return name_of(operation).replace(".", "_")
