"""Is everything that the console says also said in its other languages?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tools.catalogues import LANGUAGES, apps, catalogue_of, texts_of

WITH_CATALOGUES = [app for app in apps() if (app / "locale").exists()]
BASE = next(app for app in WITH_CATALOGUES if app.name == "base")
PAIRS = [pytest.param(app, language, id=f"{app.name}-{language}") for app in WITH_CATALOGUES for language in LANGUAGES]
_PLACES = re.compile(r"%\([a-z_]+\)[sd]|%[sd]|`[^`]+`")


def catalogue(app: Path, language: str) -> Catalog:
    with catalogue_of(app, language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def test_the_base_is_translated_and_has_much_to_say() -> None:
    assert len(texts_of(BASE)) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_base_is_translated(language: str) -> None:
    known = catalogue(BASE, language)
    missing = []
    for context, message in texts_of(BASE):
        entry = known.get(message if isinstance(message, str) else message[0], context=context)
        said = () if entry is None else entry.string if isinstance(entry.string, tuple) else (entry.string,)
        if not said or not all(said) or "fuzzy" in entry.flags:
            missing.append(message)
    assert not missing, f"run `make texts`, then translate: {missing}"


@pytest.mark.parametrize(("app", "language"), PAIRS)
def test_what_is_filled_in_and_what_is_typed_is_the_same_in_every_language(app: Path, language: str) -> None:
    for entry in catalogue(app, language):
        if not entry.id or not entry.string or isinstance(entry.id, tuple):
            continue  # what is not translated yet is said in English
        assert sorted(_PLACES.findall(entry.string)) == sorted(_PLACES.findall(entry.id)), entry.id


@pytest.mark.parametrize(("app", "language"), PAIRS)
def test_plurals_have_as_many_forms_as_the_language(app: Path, language: str) -> None:
    known = catalogue(app, language)
    for entry in known:
        if isinstance(entry.id, tuple):
            assert len(entry.string) == known.num_plurals, entry.id
