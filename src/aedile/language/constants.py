"""Are the constants of a call in order: patterns, times, zones, buckets, names of lists, texts that are normalized?"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from aedile.errors import LanguageError
from aedile.language import faults, ir
from aedile.language.faults import Span, closest, fault, mend, shorten
from aedile.language.quoting import quote
from aedile.language.text import normalize
from aedile.language.types import DURATION, DURATION_MAX, STRING, TIMESTAMP
from aedile.language.values import format_duration, parse_duration, parse_timestamp
from aedile.language.zones import zone, zone_names

MAX_PATTERN = 1_000
"""Characters of a pattern."""

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?", re.ASCII)
_LENGTH = re.compile(
    r"\s*(\d{1,9})\s*(d|days?|w|weeks?|h|hours?|hrs?|m|min|mins|minutes?|s|secs?|seconds?)\s*", re.ASCII
)
_PARTS = re.compile(r"[+-]?(?:[0-9.]{1,40}(?:h|ms|m|s|us|ns)){1,9}")
_FINER = re.compile(r"ns|\.0*[1-9]0*us|\.\d{3,}ms|\.\d{6,}")
_SECONDS = {"d": 86_400, "w": 604_800, "h": 3_600, "m": 60, "s": 1}


def check_call(node: ir.Call, text: str) -> ir.Node:
    """The call, or the constant it is where it names a time; a constant argument that can never serve is refused."""
    check = _CHECKS.get(node.function)
    if check is not None:
        return check(node, text)
    if len(node.args) == 2 and node.function.startswith("get"):
        _check_zone(node.args[1], text)
    return node


def _timestamp(node: ir.Call, text: str) -> ir.Node:
    (arg,) = node.args
    if not isinstance(arg, ir.Const) or arg.type != STRING:
        return node
    value = parse_timestamp(arg.value)
    if value is not None:
        return ir.Const(TIMESTAMP, value, span=node.span)
    span = _span(arg)
    mended = as_timestamp(arg.value)
    finer = re.search(r"\.\d{6}\d*[1-9]", arg.value) is not None
    reason = "is finer than a microsecond" if finer else "is no RFC 3339 time from year 1 to 9999"
    raise fault(
        faults.BAD_TIMESTAMP,
        f"{quote(shorten(arg.value))} {reason}.",
        span,
        hint='A timestamp is written "2026-11-25T00:00:00Z", or with an offset such as +07:00 in place of Z.',
        fix=mend(text, span, quote(mended)) if mended else None,
    )


def as_timestamp(text: str) -> str | None:
    """The text as an RFC 3339 time where only its time of day or its zone is missing (UTC is taken)."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    whole = f"{match[1]}T{match[2] or '00:00'}{match[3] or ':00'}Z"
    return whole if parse_timestamp(whole) is not None else None


def _duration(node: ir.Call, text: str) -> ir.Node:
    (arg,) = node.args
    if not isinstance(arg, ir.Const) or arg.type != STRING:
        return node
    value = parse_duration(arg.value)
    if value is not None:
        return ir.Const(DURATION, value, span=node.span)
    span = _span(arg)
    mended = as_duration(arg.value)
    limit = format_duration(DURATION_MAX)
    reason = f"is no duration from -{limit} to {limit}"
    if _PARTS.fullmatch(arg.value) and _FINER.search(arg.value):
        reason = "is finer than a microsecond"
    raise fault(
        faults.BAD_DURATION,
        f"{quote(shorten(arg.value))} {reason}.",
        span,
        hint='A duration is written "90s", "1h30m" or "250ms"; hours are the largest unit, a day is 24h.',
        fix=mend(text, span, quote(mended)) if mended else None,
    )


def as_duration(text: str) -> str | None:
    """The text as a duration where it is a number of days, weeks, hours, minutes or seconds in words."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        return None
    seconds = int(match[1]) * _SECONDS[match[2][0]]
    written = f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{seconds}s"
    return written if parse_duration(written) is not None else None


def _matches(node: ir.Call, _text: str) -> ir.Node:
    pattern = node.args[1]
    span = _span(pattern)
    if not isinstance(pattern, ir.Const):
        raise fault(
            faults.BAD_PATTERN,
            "The pattern of matches() must be a constant.",
            span,
            hint="Text that is not known beforehand is found by x.contains(y).",
        )
    if len(pattern.value) > MAX_PATTERN:
        raise fault(
            faults.BAD_PATTERN,
            f"The pattern has {len(pattern.value):,} characters; {MAX_PATTERN:,} are allowed.",
            span,
            hint='Many words are better looked up: x in ["a", "b"], or in_list(x, "words").',
        )
    complaint = _pattern_error(pattern.value)
    if complaint is not None:
        raise fault(
            faults.BAD_PATTERN,
            f"The pattern is no RE2 regular expression: {shorten(complaint, 200)}",
            span,
            hint="RE2 has no look-around and no back-references." if "invalid perl operator" in complaint else None,
        )
    return node


@lru_cache(maxsize=4096)
def _pattern_error(pattern: str) -> str | None:
    """What RE2 says against a pattern, None where it takes it."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern=pattern)
    except pa.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return None


def _check_zone(arg: ir.Node, text: str) -> None:
    if not isinstance(arg, ir.Const) or zone(arg.value) is not None:
        return
    span = _span(arg)
    near = closest(arg.value, zone_names())
    raise fault(
        faults.BAD_ZONE,
        f"{quote(shorten(arg.value))} is no time zone." + (f" Did you mean {quote(near)}?" if near else ""),
        span,
        hint='A zone is an IANA name such as "Asia/Jakarta" or an offset such as "+07:00".',
        fix=mend(text, span, quote(near)) if near else None,
    )


def _bucket(node: ir.Call, text: str) -> ir.Node:
    count = node.args[2]
    if isinstance(count, ir.Const) and count.value <= 0:
        raise fault(
            faults.BAD_BUCKET,
            f"There cannot be {count.value} buckets; the number must be above 0.",
            _span(count),
            hint="bucket(id, salt, 100) gives a number from 0 to 99.",
            fix=mend(text, _span(count), str(-count.value) if count.value else "100"),
        )
    return node


def list_name(name: str | None, span: Span, known: Collection[str] | None, text: str) -> LanguageError:
    """The error for a list that does not exist, or whose name (None) is not written as a string."""
    if name is None:
        return fault(
            faults.BAD_LIST_NAME,
            "The name of a list is written as a string.",
            span,
            hint='For instance in_list(item.gtin, "recalled-gtin").',
        )
    near = closest(name, known or ())
    listed = ", ".join(sorted(known or ())[:5])
    return fault(
        faults.BAD_LIST_NAME,
        f"There is no list {quote(shorten(name))}." + (f" Did you mean {quote(near)}?" if near else ""),
        span,
        hint=f"The lists are {listed}." if listed else "There are no lists; each is a file lists/<name>.txt.",
        fix=mend(text, span, quote(near)) if near else None,
    )


def check_normalized(node: ir.Node, text: str) -> None:
    """Refuse a comparison of normalized(x) with a constant that normalized() never gives: it could not come true."""
    if not isinstance(node, ir.Call):
        return
    for side, other in ((node.args[0], node.args[1]), (node.args[1], node.args[0])):
        if isinstance(side, ir.Call) and side.function == "normalized" and isinstance(other, ir.Const):
            items = other.value if other.type.element is not None else (other.value,)
            plain = tuple(_normal(node.function, item) for item in items)
            if plain != items:
                _refuse_unnormalized(items, plain, other, text)


def _normal(function: str, literal: str) -> str:
    """The literal as it would stand in normalized text. A part of a text may begin or end in one space."""
    plain = normalize(literal)
    if function in ("contains", "endsWith") and literal[:1] == " " and plain:
        plain = " " + plain
    if function in ("contains", "startsWith") and literal[-1:] == " ":
        plain += " "
    return plain


def _refuse_unnormalized(items: tuple[str, ...], plain: tuple[str, ...], constant: ir.Const, text: str) -> None:
    wrong = next(i for i, item in enumerate(items) if item != plain[i])
    span = _span(constant)
    written = quote(plain[0]) if constant.type == STRING else f"[{', '.join(dict.fromkeys(map(quote, plain)))}]"
    raise fault(
        faults.NOT_NORMALIZED,
        f"normalized() never gives {quote(items[wrong])}, so this could not come true.",
        span,
        hint=f"It is {quote(plain[wrong])} once normalized.",
        fix=mend(text, span, written),
    )


def _span(node: ir.Node) -> Span:
    assert node.span is not None  # every node of the checker has one
    return node.span


_CHECKS = {"timestamp": _timestamp, "duration": _duration, "matches": _matches, "bucket": _bucket}
