"""What does an SQL `WHERE` mean as a condition?

SQL's three-valued logic is the language's own: NULL is unknown. Everything else that is read means what the language
means by it (NaN, exact numbers, code points; ILIKE ignores the case of A–Z alone); what SQL means otherwise is refused,
with the way to say it.
"""

from __future__ import annotations

from aedile.errors import LanguageError
from aedile.language import ir
from aedile.language.check import Environment, check_syntax
from aedile.language.sql_guard import TOO_LARGE, parse_sql, refuse
from aedile.language.sql_syntax import to_syntax


def from_sql(where: str, environment: Environment) -> ir.Node:
    """The condition an SQL text says, in DuckDB's dialect; parameters are `param.x` or `:x`, CEL is `cel('…')`.

    Raises LanguageError with the span in `where`: AED-LANG-080 to -089 for SQL, the checker's own for names and types.
    """
    try:
        return _read(where, environment)
    except RecursionError as error:
        raise refuse(TOO_LARGE, "The condition is nested too deeply.", (0, len(where))) from error
    except LanguageError as error:
        if error.fix is None or _is_readable(error.fix, environment):
            raise
        # The checker mends in CEL's words; in SQL only such a mend helps as SQL can say.
        raise LanguageError(error.code, error.message, place=error.place, hint=error.hint) from error


def _read(where: str, environment: Environment) -> ir.Node:
    return check_syntax(to_syntax(parse_sql(where), where, environment), where, environment)


def _is_readable(fix: str, environment: Environment) -> bool:
    try:
        _read(fix, environment)
    except LanguageError:
        return False
    return True
