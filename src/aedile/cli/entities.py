"""`aedile entities`: tell a server what is known of items, sellers, queries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aedile.cli.asking import connected
from aedile.cli.codes import NO_WORLD
from aedile.cli.options import EntitiesOption, FormatOption, KeyOption, SchemaOption, UrlOption
from aedile.cli.screen import Format, note, print_json, progress, say
from aedile.errors import UsageError

entities = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Tell a server what is known of entities.")


@entities.command("put")
def put(
    schema: SchemaOption = None,
    entities: EntitiesOption = None,
    url: UrlOption = "http://localhost:8321",
    key_file: KeyOption = None,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Entities in one call.")] = 5_000,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Put the entities of files: known to all workers within a second, and kept.

    Columns that the schema does not speak of are left out. What is put with an older `as_of` than is known already
    changes nothing.

    \b
    Example
      aedile entities put --schema schema.yaml --entities item=products.parquet --key-file key
    """
    from aedile.cli.world import entity_files, note_ignored, read_all_entities
    from aedile.engine.entity_batches import batches_of
    from aedile.language.schema import load_schema

    if schema is None or not entities:
        missing = "--schema" if schema is None else "--entities"
        raise UsageError(NO_WORLD, f"{missing} is missing", fix="add --schema FILE --entities KIND=FILE")
    read = read_all_entities(entity_files(entities), load_schema(schema))
    counts: dict[str, int] = {}
    sequence = 0
    with connected(url, key_file, deadline=5.0) as client, progress("batches") as step:
        for some in read:
            for table in batches_of(some, batch):
                taken = client.put_entities(some.kind, table)
                counts[some.kind] = counts.get(some.kind, 0) + taken["accepted"]
                sequence = taken["sequence"]
                step()
    if format_ is Format.JSON:
        print_json({"accepted": counts, "sequence": sequence, "ignored": {s.kind: list(s.ignored) for s in read}})
        return
    note_ignored(read)
    for kind, count in counts.items():
        say(f"{count:,} entities of the kind {kind} were put.")


@entities.command("withdraw")
def withdraw(
    kind: Annotated[str, typer.Option("--kind", help="The kind of entity.", show_default=False)],
    ids: Annotated[Path, typer.Option("--ids", metavar="FILE", help="Their ids, one a line.", show_default=False)],
    url: UrlOption = "http://localhost:8321",
    key_file: KeyOption = None,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Entities in one call.")] = 5_000,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Forget entities: nothing is known of them from then on.

    \b
    Example
      aedile entities withdraw --kind item --ids gone.txt --key-file key
    """
    from aedile.documents import unreadable

    try:
        named = [line for line in ids.read_text("utf-8").splitlines() if line]
    except OSError as error:
        raise unreadable(ids, error) from None
    with connected(url, key_file, deadline=5.0) as client:
        for start in range(0, len(named), batch):
            client.withdraw_entities(kind, named[start : start + batch])
    if format_ is Format.JSON:
        print_json({"withdrawn": len(named)})
    else:
        (say if named else note)(f"{len(named):,} entities of the kind {kind} were withdrawn.")
