"""Which signals tell a process of the server to stop?"""

from __future__ import annotations

import signal


def stopping() -> tuple[signal.Signals, ...]:
    """SIGTERM; SIGINT of Ctrl-C and SIGHUP of a terminal that is closed, unless whoever started us has them ignored, as
    `nohup` does."""
    asked = (signal.SIGINT, signal.SIGHUP)
    return (signal.SIGTERM, *(one for one in asked if signal.getsignal(one) is not signal.SIG_IGN))
