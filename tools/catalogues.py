"""Which texts does the console show, and how do other languages say them?

`python -m tools.catalogues` reads every text of an app from its Python and its templates, writes it into the app's
catalogues (`<app>/locale/<language>/LC_MESSAGES/django.po`), keeps what is translated, drops what is no longer said,
and compiles all of them. `--compile` only compiles. No gettext needs to be installed.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
CONSOLE = ROOT / "src" / "aedile" / "console"
LANGUAGES = ("id", "zh_Hans", "ar")
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
Key = tuple[str | None, str | tuple[str, str]]


def apps() -> list[Path]:
    return sorted(path.parent for path in CONSOLE.glob("*/apps.py"))


def texts_of(app: Path) -> dict[Key, list[tuple[str, int]]]:
    """Each text of an app, by context and text (or both forms), with the places it stands at."""
    found: dict[Key, list[tuple[str, int]]] = {}
    for path in sorted([*app.rglob("*.py"), *app.rglob("*.html"), *app.rglob("*.txt")]):
        if "migrations" in path.parts:
            continue
        for line, message, context in _read(path):
            key: Key = (context, message)
            found.setdefault(key, []).append((path.relative_to(CONSOLE).as_posix(), line))
    return found


def _read(path: Path) -> Iterator[tuple[int, str | tuple[str, str], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        from django.utils.translation.template import templatize

        # How a template is indented means nothing; in the Python that stands for it, it would.
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).split("\n"))
    for line, message, _comments, context in extract("python", io.BytesIO(text.encode()), keywords=_KEYWORDS):
        yield line, message, context


def catalogue_of(app: Path, language: str) -> Path:
    return app / "locale" / language / "LC_MESSAGES" / "django.po"


def update(app: Path, language: str) -> None:
    """Bring one catalogue up to what the app says now."""
    path, texts = catalogue_of(app, language), texts_of(app)
    old = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as file:
            old = read_po(file, locale=language)
    new = Catalog(locale=language, project="aedile", copyright_holder="The aedile authors", charset="utf-8")
    new.header_comment = "# The console's texts. Licensed under the Apache License, Version 2.0."
    new.mime_headers = [pair for pair in new.mime_headers if pair[0] in _HEADERS]
    for (context, message), places in texts.items():
        known = old.get(message if isinstance(message, str) else message[0], context=context)
        new.add(
            message, known.string if known else None, context=context, locations=[(name, None) for name, _ in places]
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    write_po(written, new, sort_output=True, width=110, include_lineno=False, omit_header=True)
    path.write_bytes(_header(new).encode() + written.getvalue())


_HEADERS = ("Content-Type", "Plural-Forms")


def _header(catalogue: Catalog) -> str:
    return (
        f"{catalogue.header_comment}\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalogue.locale}\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )


def compile_all() -> list[Path]:
    """Write the form that is read at run time beside each catalogue."""
    made = []
    for path in sorted(CONSOLE.glob("*/locale/*/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3], abort_invalid=True)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
        made.append(path.with_suffix(".mo"))
    return made


def main() -> None:
    if "--compile" not in sys.argv:
        for app in apps():
            if texts_of(app):
                for language in LANGUAGES:
                    update(app, language)
    compile_all()


if __name__ == "__main__":
    main()
