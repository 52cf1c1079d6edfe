"""Is everything that the console says also said in its other languages, with nothing lost on the way?"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tools.catalogues import LANGUAGES, Key, apps, catalogue_of, texts_of

SPEAKING = [app for app in apps() if texts_of(app)]
PAIRS = [pytest.param(app, language, id=f"{app.name}-{language}") for app in SPEAKING for language in LANGUAGES]
_PLACES = re.compile(r"%\([a-z_]+\)[sd]|%[sd%]|\{[a-z_]*\}|`[^`]+`|[a-z]+://")
_HTML = re.compile(r"</?[a-z][^>]*>|&(?:[a-z]+|#\d+);")
_SCRIPTS = {"zh_Hans": re.compile("[\u4e00-\u9fff]"), "ar": re.compile("[\u0600-\u06ff]")}
_ENGLISH = re.compile("[a-z]{3}")
#: Forms of a plural that stand for one number alone, so that a word may say it: none, one, two.
_EXACT = {"ar": 3}

texts = cache(texts_of)


@cache
def catalogue(app: Path, language: str) -> Catalog:
    with catalogue_of(app, language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def forms_of(entry: Message) -> tuple[str, ...]:
    return entry.string if isinstance(entry.string, tuple) else (entry.string,)


def entries(app: Path, language: str) -> list[Message]:
    return [entry for entry in catalogue(app, language) if entry.id]


def untranslated(known: Catalog, said: dict[Key, list[tuple[str, int]]]) -> list[object]:
    """Texts that the catalogue lacks, leaves empty or is not sure of."""
    missing: list[object] = []
    for context, message in said:
        entry = known.get(message if isinstance(message, str) else message[0], context=context)
        if entry is None or not all(forms_of(entry)) or "fuzzy" in entry.flags:
            missing.append(message)
    return missing


def lost(entry: Message, language: str, pattern: re.Pattern[str]) -> bool:
    """Whether a form lacks what stands in the English text, or has more of it."""
    plural = isinstance(entry.id, tuple)
    wanted = Counter(pattern.findall(entry.id[1] if plural else entry.id))
    for number, form in enumerate(forms_of(entry)):
        missing, more = wanted - Counter(pattern.findall(form)), Counter(pattern.findall(form)) - wanted
        may_say_it = plural and number < _EXACT.get(language, 0)
        if more or (missing and not (may_say_it and _is_the_number(entry, missing))):
            return True
    return False


def _is_the_number(entry: Message, missing: Counter[str]) -> bool:
    """Only the number itself goes without saying: it comes first in every English plural."""
    first = _PLACES.search(entry.id[1])
    return first is not None and first[0].startswith("%(") and missing == Counter([first[0]])


def test_every_desk_has_much_to_say() -> None:
    assert {app.name for app in SPEAKING} >= {"base", "accounts", "strategies", "lists", "decisions"}
    assert all(len(texts(app)) > 50 for app in SPEAKING)


@pytest.mark.parametrize(("app", "language"), PAIRS)
def test_every_text_is_translated(app: Path, language: str) -> None:
    missing = untranslated(catalogue(app, language), texts(app))
    assert not missing, f"run `make texts`, then translate: {missing}"


@pytest.mark.parametrize(("string", "flags"), [("", ()), ("Tutup", ("fuzzy",))], ids=["empty", "fuzzy"])
def test_a_text_that_is_empty_or_fuzzy_counts_as_untranslated(string: str, flags: tuple[str, ...]) -> None:
    known, said = Catalog(locale="id"), {(None, "Close"): [("base", 1)]}
    known.add("Close", "Tutup")
    assert untranslated(known, said) == []
    known.delete("Close")
    known.add("Close", string, flags=flags)
    assert untranslated(known, said) == ["Close"]


@pytest.mark.parametrize(("app", "language"), PAIRS)
def test_no_catalogue_holds_what_is_no_longer_said(app: Path, language: str) -> None:
    said = {(context, message if isinstance(message, str) else message[0]) for context, message in texts(app)}
    held = {(entry.context, entry.id if isinstance(entry.id, str) else entry.id[0]) for entry in entries(app, language)}
    assert held <= said, f"run `make texts`: {held - said}"


@pytest.mark.parametrize(("app", "language"), PAIRS)
def test_what_is_filled_in_and_what_is_typed_is_the_same_in_every_language(app: Path, language: str) -> None:
    assert [entry.id for entry in entries(app, language) if lost(entry, language, _PLACES)] == []


@pytest.mark.parametrize(("app", "language"), PAIRS)
def test_no_html_is_broken(app: Path, language: str) -> None:
    assert [entry.id for entry in entries(app, language) if lost(entry, language, _HTML)] == []


@pytest.mark.parametrize(
    ("english", "other", "language"),
    [
        ("%(who)s saved", "disimpan", "id"),
        ("%s of it", "منها", "ar"),
        ("at most (%%)", "على الأكثر (%)", "ar"),
        ("asked by `log`", "ditanya oleh `catatan`", "id"),
        (("%(n)s of %(all)s is bad", "%(n)s of %(all)s are bad"), ("لا", *["%(n)s %(all)s"] * 5), "ar"),
        (("and %d more", "and %d more"), ("وغيرها", *["و%d غيرها"] * 5), "ar"),
        (("%(n)s row", "%(n)s rows"), ("baris",), "id"),
        (("%(n)s row", "%(n)s rows"), (*["%(n)s صفوف"] * 5, "صف"), "ar"),
    ],
)
def test_a_lost_place_is_found(english: str | tuple[str, str], other: str | tuple[str, ...], language: str) -> None:
    assert lost(Message(english, other), language, _PLACES)


def test_none_one_and_two_may_be_said_in_words_where_a_language_has_forms_for_them() -> None:
    rows = Message(("%(n)s row", "%(n)s rows"), ("لا صفوف", "صف واحد", "صفان", *["%(n)s صفوف"] * 3))
    assert not lost(rows, "ar", _PLACES)


@pytest.mark.parametrize(("app", "language"), PAIRS)
def test_plurals_have_as_many_forms_as_the_language(app: Path, language: str) -> None:
    known = catalogue(app, language)
    for entry in entries(app, language):
        if isinstance(entry.id, tuple):
            assert len(entry.string) == known.num_plurals, entry.id


@pytest.mark.parametrize("language", _SCRIPTS)
@pytest.mark.parametrize("app", SPEAKING, ids=lambda app: app.name)
def test_no_english_is_left_where_the_language_has_a_script_of_its_own(app: Path, language: str) -> None:
    left = [
        entry.id
        for entry in entries(app, language)
        for form in forms_of(entry)
        if _ENGLISH.search(_PLACES.sub("", form)) and not _SCRIPTS[language].search(form)
    ]
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_said_the_same_way_by_every_desk(language: str) -> None:
    """All catalogues become one when the console runs: of two translations, one would be lost."""
    said: defaultdict[tuple[str | None, str], set[tuple[str, ...]]] = defaultdict(set)
    for app in SPEAKING:
        for entry in entries(app, language):
            said[entry.context, entry.id if isinstance(entry.id, str) else entry.id[0]].add(forms_of(entry))
    assert {key: ways for key, ways in said.items() if len(ways) > 1} == {}
