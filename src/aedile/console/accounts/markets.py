"""For which markets is a grant, as people write it?"""

from __future__ import annotations

import re
from collections.abc import Collection

from aedile.console.accounts.codes import BAD_GRANT
from aedile.engine.strategy import ALL
from aedile.errors import ConsoleError

_CODE = re.compile(r"[A-Z]{2}")


def markets_in(text: str) -> tuple[str, ...]:
    """The codes of `ID, VN`, sorted; `("all",)` for `all`. A `ConsoleError` where the text has none, or others."""
    codes = tuple(sorted({word.upper() for word in re.split(r"[\s,;]+", text) if word}))
    if codes == (ALL.upper(),):
        return (ALL,)
    wrong = [code for code in codes if _CODE.fullmatch(code) is None]
    if not codes or wrong:
        raise ConsoleError(
            BAD_GRANT,
            f'"{wrong[0][:20]}" is not a market' if wrong else "no market is named",
            hint="markets are codes of two letters; all stands for every one, and alone",
            fix="write all, or for example ID, VN",
        )
    return codes


def shown(markets: Collection[str]) -> str:
    return ", ".join(markets)
