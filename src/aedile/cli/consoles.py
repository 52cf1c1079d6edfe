"""How do verbs ask a console? By its API, with a key that acts as a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aedile.errors import ConsoleError

if TYPE_CHECKING:
    import httpx

#: Seconds for a call: thousands of files are planned in some of them.
PATIENCE = 120.0

ConsoleOption = Annotated[str, typer.Option("--url", metavar="URL", help="Where the console is.")]
ConsoleKeyOption = Annotated[
    Path,
    typer.Option(
        "--key-file", metavar="FILE", help="The file that holds your API key (Settings, My account).",
        show_default=False,
    ),
]  # fmt: skip


class Asking:
    """Calls of a console's API; what it refuses is raised as it was raised there."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, path: str, **said: Any) -> Any:
        return self._call("GET", path, params=said)

    def post(self, path: str, said: Mapping[str, Any]) -> Any:
        return self._call("POST", path, json=said)

    def put(self, path: str, said: Mapping[str, Any]) -> Any:
        return self._call("PUT", path, json=said)

    def text(self, path: str) -> str:
        """An answer that is a file."""
        return self._answer("GET", path).text

    def _call(self, method: str, path: str, **sent: Any) -> Any:
        answer = self._answer(method, path, **sent)
        try:
            return answer.json()
        except ValueError:
            raise _strange(answer) from None

    def _answer(self, method: str, path: str, **sent: Any) -> httpx.Response:
        import httpx

        from aedile.client.failure import told
        from aedile.console.api.codes import NO_CONSOLE
        from aedile.wire.errors import errors_in

        try:
            answer = self._http.request(method, f"/api/v1{path}", **sent)
        except httpx.HTTPError as error:
            raise ConsoleError(
                NO_CONSOLE, f"{self._http.base_url} does not answer: {str(error) or type(error).__name__}",
                hint="what was sent may have been done, or not", fix="check --url, and that the console runs",
            ) from None  # fmt: skip
        if answer.is_success:
            return answer
        entries = errors_in(answer.content)
        raise told(entries, answer.status_code) if entries else _strange(answer)


@contextmanager
def asking(url: str, key_file: Path) -> Iterator[Asking]:
    """A console at a URL, asked with the key in a file."""
    import httpx

    from aedile.cli.asking import key_in
    from aedile.cli.codes import BAD_URL
    from aedile.errors import UsageError

    headers = {"Authorization": f"Bearer {key_in(key_file)}"}
    try:
        http = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=PATIENCE, trust_env=False)
        is_web = http.base_url.scheme in ("http", "https") and bool(http.base_url.host)
    except httpx.InvalidURL:
        is_web = False
    if not is_web:
        raise UsageError(BAD_URL, f'"{url}" is no address of a console', fix="write https://console.example.com")
    with http:
        yield Asking(http)


def _strange(answer: httpx.Response) -> ConsoleError:
    from aedile.console.api.codes import STRANGE_ANSWER

    return ConsoleError(
        STRANGE_ANSWER, f"the answer has status {answer.status_code} and is none of a console",
        hint="something in between may have answered", fix="check --url",
    )  # fmt: skip
