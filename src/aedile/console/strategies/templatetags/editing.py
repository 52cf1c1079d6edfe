"""What does the editor call things? Names of actions, tiers and conflicts, and the words of its scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aedile.console.base.figures import share
from aedile.console.strategies.exposed import Exposures
from aedile.console.strategies.forms import given_lines
from aedile.console.strategies.proving import Sample
from aedile.engine.action_read import TIERS

register = template.Library()
_l = gettext_lazy

_TIERS = {
    "legal": _l("legal"), "safety": _l("safety"), "quality": _l("quality"), "experience": _l("experience"),
    "growth": _l("growth"),
}  # fmt: skip
_ACTIONS: Mapping[str, tuple[Promise, Promise]] = {
    "exclude": (_l("exclude: keep it out"), _l("The candidate is not in the slate.")),
    "demote": (_l("demote: show it later"), _l("Its score is multiplied; all that fire multiply.")),
    "boost": (_l("boost: show it earlier"), _l("Its score is multiplied; all that fire multiply.")),
    "pin": (_l("pin: give it a place"), _l("It takes that place, unless it is excluded.")),
    "cap": (
        _l("cap: limit how many"),
        _l("The surplus moves back and is never dropped. Either of the first places with one key, or per shopper or "
           "entity over a window."),
    ),
    "reserve": (_l("reserve: keep places"), _l("At least so many of the first places are theirs, best first.")),
    "badge": (_l("badge: mark it"), _l("The caller is told to show a text.")),
    "refer": (_l("refer: let people look"), _l("Sent to a queue once; the slate is untouched.")),
    "exempt": (_l("exempt: spare it"), _l("The named strategies, or a tier and all below, do not act on it.")),
}  # fmt: skip
_CONFLICTS = {
    "contradiction": _l("contradiction"), "pin_collision": _l("same place"), "cap_reserve": _l("cap against reserve"),
    "shadowed": _l("never matters"), "dead": _l("never fires"), "duplicate": _l("duplicate"),
}  # fmt: skip
_KINDS = {
    "number": _l("number"), "text": _l("text"), "truth": _l("true or false"), "duration": _l("time span"),
    "time": _l("moment"), "numbers": _l("numbers"), "texts": _l("texts"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Acting:
    """A parameter of an action, as the form asks for it."""

    name: str
    label: Promise
    example: str = ""
    hint: Promise | str = ""
    options: tuple[str, ...] = ()


_COUNT = _l("A whole number counts places; with a point it is a share of them.")
_ACTING: Mapping[str, tuple[Acting, ...]] = {
    "exclude": (),
    "demote": (Acting("factor", _l("Factor"), "0.5", _l("Between 0 and 1.")),),
    "boost": (Acting("factor", _l("Factor"), "1.5", _l("Above 1, at most 10.")),),
    "pin": (Acting("position", _l("Place"), "1", _l("1 is the first.")),),
    "cap": (
        Acting("max", _l("At most"), "2", _COUNT),
        Acting("key", _l("With one value of"), "item.seller_id"),
        Acting("first_n", _l("Of the first places"), "10"),
        Acting("per", _l("Or for each"), options=("shopper", "entity")),
        Acting("window", _l("Within"), "24h"),
    ),
    "reserve": (Acting("min", _l("At least"), "0.2", _COUNT), Acting("first_n", _l("Of the first places"), "10")),
    "badge": (Acting("key", _l("Key of the text"), "official-shop"),),
    "refer": (
        Acting("queue", _l("Queue"), "brand-protection"),
        Acting("share", _l("Share of them"), "0.1", _l("Above 0, at most 1.")),
    ),
    "exempt": (
        Acting("from", _l("From strategies"), "old-hold, new-hold", _l("Their ids.")),
        Acting("from_tier", _l("Or from a tier and all below"), options=TIERS),
    ),
}


@register.filter
def entry(mapping: Any, key: str) -> Any:
    """What stands under a key, else nothing."""
    return mapping.get(key, "") if isinstance(mapping, Mapping) else ""


@register.filter
def field_root(field: str | None) -> str:
    """The field of the form in which a part of a strategy stands: `action.demote` is in `action`."""
    return (field or "").split(".")[0].split("[")[0]


@register.filter
def tier_name(tier: str) -> Promise | str:
    return _TIERS.get(tier, tier)


@register.filter
def action_name(action: str) -> Promise | str:
    return _ACTIONS[action][0] if action in _ACTIONS else action


@register.filter
def action_meaning(action: str) -> Promise | str:
    return _ACTIONS[action][1] if action in _ACTIONS else ""


@register.filter
def acting_fields(action: str) -> tuple[Acting, ...]:
    return _ACTING.get(action, ())


@register.filter
def param_kind(kind: str) -> Promise | str:
    return _KINDS.get(kind, kind)


@register.filter
def conflict_kind(kind: str) -> str:
    return str(_CONFLICTS.get(kind, kind))


@register.filter
def shown_value(value: Any) -> str:
    """A value as JSON has it, without quotes; unknown is said."""
    if value is None:
        return _("unknown")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def as_given(sample: Sample) -> str:
    """The entity as an example gives it: one feature a line, those that are known."""
    return given_lines({name: value for name, value in sample.values if value is not None})


@register.filter
def diff_class(line: str) -> str:
    return {"+": "edit-plus", "-": "edit-minus", "@": "edit-at"}.get(line[:1], "edit-context")


@register.filter
def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f}"


@register.filter
def basis(exposures: Exposures) -> str:
    """From what the exposures a day were counted."""
    hours = exposures.seconds / 3600
    span = _("%(days)d days") % {"days": hours // 24} if hours >= 48 else _("%(hours)d hours") % {"hours": hours}
    if exposures.read < 1:
        return _("From %(span)s of the log, of which %(share)s was read.") % {
            "span": span, "share": share(exposures.read),
        }  # fmt: skip
    return _("From %(span)s of the log of decisions.") % {"span": span}


@register.simple_tag
def editor_words() -> dict[str, Any]:
    """What the scripts of the editor say, in the viewer's language."""
    return {
        "add_row": _("Add a row"),
        "add_group": _("Add a group"),
        "add_cel": _("Add a row of CEL"),
        "remove_row": _("Remove the row"),
        "remove_group": _("Remove the group"),
        "remove": _("Remove"),
        "all": _("all of these hold"),
        "any": _("any of these holds"),
        "none": _("none of these holds"),
        "not_all": _("not all of these hold"),
        "group": _("A group"),
        "feature": _("Feature"),
        "op": _("Comparison"),
        "value": _("Value"),
        "view": _("What is compared"),
        "as_value": _("a value"),
        "as_param": _("a parameter"),
        "as_feature": _("another feature"),
        "source": _("Compare with"),
        "cel": _("Written in CEL"),
        "choose": _("choose a feature"),
        "add_value": _("add a value, then Enter"),
        "condition": _("Condition"),
        "fix": _("Use this fix"),
        "checking": _("checking…"),
        "fits": _("The condition is well-formed."),
        "empty": _("There is no condition yet."),
        "no_answer": _("No answer came. It is asked again when you type."),
        "mend_first": _("This face opens when what is written has no error."),
        "not_taken": _("What is written here has an error, so the strategy keeps the condition from before it."),
        "panel_failed": _("The check did not answer; it is tried again when you type."),
        "unknown": _("unknown for %s"),
        "from_request": _("It comes with the request."),
        "nothing": _("no entity has it"),
        "spread": _("half of them between %s and %s; the middle is %s"),
        "sure": _("Save it all the same?"),
        "itself": _("the feature itself"),
        "normalized": _("its normalized text"),
        "lowerAscii": _("its text in small letters"),
        "size": _("its length, or number"),
        "as_written": _("as written"),
        "otherwise": _("otherwise"),
        "ops": {
            "==": _("is"),
            "!=": _("is not"),
            "<": _("is less than"),
            "<=": _("is at most"),
            ">": _("is more than"),
            ">=": _("is at least"),
            "in": _("is one of"),
            "not in": _("is none of"),
            "startsWith": _("begins with"),
            "endsWith": _("ends with"),
            "contains": _("contains"),
            "matches": _("matches the pattern"),
            "has element": _("has the element"),
            "has no element": _("lacks the element"),
            "in list": _("is in the list"),
            "not in list": _("is not in the list"),
            "is true": _("is true"),
            "is false": _("is false"),
            "has value": _("is known"),
            "has no value": _("is not known"),
        },
    }
