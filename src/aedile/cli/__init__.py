"""What does a person at a terminal, or a script, ask of the project? The command `aedile`, one verb a module.

Exit codes of every verb: 0 done; 1 the input was refused, each reason listed; 2 the call itself was wrong; 3 there are
findings and `--strict` was given; 130 interrupted; 141 whoever read the output went away; 143 ended by SIGTERM.
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of this process, and end the process."""
    from aedile.cli.app import app, prepare_process

    prepare_process()
    app()
