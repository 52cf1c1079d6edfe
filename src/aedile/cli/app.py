"""Which verbs are there, and how does a call of one of them end?"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from aedile import __version__
from aedile.cli import (
    backtest,
    backup,
    bench,
    candidates,
    check,
    config,
    conflicts,
    controls,
    decide,
    diff,
    doctor,
    entities,
    explain,
    facts,
    facts_check,
    facts_keep,
    features,
    history,
    import_,
    key,
    marketplace,
    person,
    pull,
    push,
    query,
    release,
    replay,
    serve,
    simulate,
    up,
    why,
)
from aedile.cli import eval as eval_
from aedile.cli.codes import WRONG_CALL
from aedile.cli.extras import not_installed
from aedile.cli.report import INTERRUPTED, READER_GONE, listed, report
from aedile.errors import AedileError, Errors, UsageError

_TERMINATED = 143


class Verbs(TyperGroup):
    """All verbs. Whatever a verb raises becomes a report and an exit code here, and nowhere else."""

    as_json = False

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        self.as_json = wants_json(words)
        try:
            code = super().main(words, prog_name, complete_var, False, windows_expand_args, **extra) or 0
        except typer.TyperException as error:
            code = report([_wrong_call(error)], as_json=self.as_json)
        if standalone_mode:
            sys.exit(code)
        return code

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (AedileError, Errors) as error:
            raise typer.Exit(report(listed(error), as_json=self.as_json)) from None
        except ModuleNotFoundError as error:
            raise typer.Exit(report([not_installed(error)], as_json=self.as_json)) from None
        except KeyboardInterrupt:
            print("interrupted; no output was written", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _forget_stdout()
            raise typer.Exit(READER_GONE) from None
        return result


def wants_json(words: Sequence[str]) -> bool:
    """Whether a call asks for JSON, even one that is too wrong to be understood."""
    return "--format=json" in words or any(pair == ("--format", "json") for pair in pairwise(words))


def _wrong_call(error: typer.TyperException) -> UsageError:
    message = error.format_message().strip().rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "aedile"
    return UsageError(WRONG_CALL, message[:1].lower() + message[1:], fix=f"see `{path} --help`")


def _forget_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not complain once more while it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def prepare_process() -> None:
    """Settle what concerns the whole process: signals, and what happens to characters a terminal cannot show.

    SIGTERM ends it as an exception does, so that no file written aside is left behind.
    """

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(_TERMINATED)

    signal.signal(signal.SIGTERM, end)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _version(asked: bool) -> None:
    if asked:
        print(f"aedile {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="aedile",
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help starts in a third of the time
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@app.callback()
def aedile(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = (
        False
    ),
) -> None:
    """Write, prove, run and audit every strategy that decides what shoppers see.

    Results go to stdout, notes and errors to stderr; with --format json stdout is one JSON document.

    \b
    Exit codes
      0    done
      1    the input was refused; every reason is listed
      2    the call was wrong
      3    there are findings, and --strict was given
      130  interrupted
      141  whoever read the output went away
      143  ended by SIGTERM

    \b
    Examples
      aedile check --schema schema.yaml --strategies strategies
      aedile decide --schema schema.yaml --strategies strategies
        --entities item=products.parquet --requests requests.ndjson
      echo '{"condition": "item.price > 3.0", "features": {"item.price": "double"},
        "row": {"item.price": 3.5}}' | aedile eval
    """


app.command("up")(up.up)
app.command("check")(check.check)
app.command("decide")(decide.decide)
app.command("explain")(explain.explain)
app.command("conflicts")(conflicts.conflicts)
app.command("diff")(diff.diff)
app.command("eval")(eval_.eval_)
app.add_typer(release.release, name="release")
app.command("candidates")(candidates.candidates)
simulate.simulate.command("marketplace")(marketplace.marketplace)
simulate.simulate.command("world")(marketplace.world)
app.add_typer(simulate.simulate, name="simulate")
app.command("bench")(bench.bench)
app.add_typer(entities.entities, name="entities")
app.command("import")(import_.import_)
facts.facts.command("check")(facts_check.check)
facts.facts.command("compact")(facts_keep.compact)
facts.facts.command("forget")(facts_keep.forget)
facts.facts.command("forgotten")(facts_keep.forgotten)
facts.facts.add_typer(facts_keep.snapshot, name="snapshot")
app.add_typer(facts.facts, name="facts")
app.add_typer(features.features, name="features")
app.command("why")(why.why)
app.command("replay")(replay.replay)
app.command("query")(query.query)
app.command("backtest")(backtest.backtest)
app.command("serve")(serve.serve)
app.add_typer(key.key, name="key")
app.add_typer(person.person, name="person")
app.command("pull")(pull.pull)
app.command("push")(push.push)
app.add_typer(history.history, name="history")
app.command("kill")(controls.kill)
app.add_typer(controls.freeze, name="freeze")
app.command("config")(config.config)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
