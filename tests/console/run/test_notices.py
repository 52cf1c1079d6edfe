"""What people are told goes out once, to the outside world alone, and its addresses stay secret."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aedile.errors import ConsoleError

INWARD = [
    "json://127.0.0.1/hook", "json://localhost/hook", "json://[::1]/hook", "json://0x7f000001/hook",
    "json://2130706433/hook", "json://127.1/hook", "json://0177.0.0.1/hook", "json://169.254.169.254/latest/meta-data",
    "json://10.1.2.3/hook", "json://172.16.0.1/hook", "json://192.168.1.1/hook", "json://100.64.0.1/hook",
    "json://0.0.0.0/hook", "json://[::ffff:127.0.0.1]/hook", "json://[::ffff:10.0.0.1]/hook",
    "json://[fd00::1]/hook", "json://[fe80::1]/hook", "json://[64:ff9b::7f00:1]/hook", "json://[2002:7f00:1::]/hook",
    "json://public.example@127.0.0.1/hook", "json://user:hush@127.0.0.1/hook", "json://127.0.0.1:80#@public.example/",
    "json://224.0.0.1/hook", "jsons://127.0.0.1/hook", "forms://127.0.0.1/x", "xml://127.0.0.1/x",
    "mmosts://127.0.0.1/token", "ntfys://127.0.0.1/topic", "mailtos://u:p@127.0.0.1?from=a@b.example&to=c@d.example",
    "mailtos://u:p@mail.example?smtp=127.0.0.1&from=a@b.example&to=c@d.example",
]  # fmt: skip
#: Apprise takes these for no host at all.
UNREADABLE = ("json://127.1/hook", "json://0177.0.0.1/hook")
NONE = [
    "file:///etc/passwd", "http://127.0.0.1/", "syslog://", "dbus://", "exec://ls", "json://", "slack://", "nonsense",
    "json://public.example/\r\nHost: other", "json://" + "a" * 400,
]  # fmt: skip


@pytest.mark.parametrize("address", INWARD)
def test_an_address_in_the_own_network_is_refused_when_it_is_entered(address):
    from aedile.console.base.addresses import require_address

    with pytest.raises(ConsoleError) as caught:
        require_address(address)
    assert caught.value.code.name == ("AED-CON-126" if address in UNREADABLE else "AED-CON-127")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("address", NONE)
def test_what_is_no_address_of_a_known_service_is_refused(address):
    from aedile.console.base.addresses import require_address

    with pytest.raises(ConsoleError) as caught:
        require_address(address)
    assert caught.value.code.name == "AED-CON-126"


def test_services_and_mail_and_allowed_hosts_are_taken():
    from aedile.console.base.addresses import require_address

    for address in (
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "team@shop.example",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "jsons://8.8.8.8/hook",
    ):  # fmt: skip
        require_address(address)
    require_address("json://127.0.0.1/hook", ("127.0.0.1",))


def test_an_address_is_shown_without_its_secrets():
    from aedile.console.base.addresses import shown

    assert shown("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ") == "slack://…"
    assert shown("jsons://user:hush@hooks.example/token") == "jsons://hooks.example/…"
    assert shown("mailtos://u:hush@mail.example?to=a@b.example") == "mailtos://mail.example/…"
    assert shown("file:///secret") == "…"
    assert shown("") == ""


def test_a_team_is_told_nothing_inward(console, make_person, actor_for, browse):
    from aedile.console.accounts.actions import add_team

    admin = make_person("admin")
    with pytest.raises(ConsoleError) as caught:
        add_team(actor_for(admin), "ads", "Ads", "json://user:hush@169.254.169.254/latest")
    assert caught.value.code.name == "AED-CON-127"
    form = {"slug": "ads", "name": "Ads", "channel": "json://user:hush@127.0.0.1/x"}
    answer = browse(admin).post("/settings/teams/add/", form)
    assert answer.status_code < 500
    assert "hush" not in answer.content.decode()
    assert not team_exists("ads")


def team_exists(slug):
    from aedile.console.accounts.models import Team

    return Team.objects.filter(slug=slug).exists()


class Receiver(ThreadingHTTPServer):
    """Takes what is posted to it; the first `failing` calls are answered with 500, `/away` leads elsewhere."""

    failing = 0
    away = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str]]] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append((self.path, json.loads(body) if body else {}))
        self.send_response(307 if self.server.away else 500 if len(self.server.got) <= self.server.failing else 200)
        if self.server.away:
            self.send_header("Location", self.server.away)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sends(console, monkeypatch):
    """Lets notices be sent, and to hosts of the own network as given."""
    from dataclasses import replace

    from django.conf import settings

    def set_(allow: str | None = None, mail: str | None = None) -> None:
        notices = replace(settings.AEDILE.notices, send=True, allow=allow, mail=mail)
        monkeypatch.setattr(settings, "AEDILE", replace(settings.AEDILE, notices=notices))

    set_()
    return set_


def tell(to, subject="Approve me", text="", link="/strategies/x/"):
    from aedile.console.base.acting import noted
    from aedile.console.base.notices import notify

    with noted("aedile", "job", "test"):
        return notify(to, "approval", subject, text, link)


def team(channel="", slug="search-quality"):
    from aedile.console.accounts.models import Team
    from aedile.console.base.acting import noted

    with noted("aedile", "job", "test"):
        return Team.objects.update_or_create(slug=slug, defaults={"name": "Search quality", "channel": channel})[0]


def after(notice):
    from aedile.console.base.models import Outbox

    return Outbox.objects.get(pk=notice.pk)


def hurry():
    """As if the waits were over."""
    from django.utils import timezone

    from aedile.console.base.models import Outbox

    Outbox.objects.filter(state="waiting").update(next_try=timezone.now())


def test_a_notice_reaches_its_team_once(sends, receiver):
    from aedile.console.base.notices import send_due

    sends(allow="127.0.0.1")
    notice = tell(team(f"json://127.0.0.1:{receiver.server_port}/hook"), text="Two lines\nof text")
    send_due()
    send_due()
    assert len(receiver.got) == 1
    path, sent = receiver.got[0]
    assert path == "/hook"
    assert sent["title"] == "Approve me"
    assert "Two lines" in sent["message"]
    assert "/strategies/x/" in sent["message"]
    assert after(notice).state == "sent"


def test_what_is_rolled_back_is_told_to_nobody(console):
    from aedile.console.base.acting import noted
    from aedile.console.base.models import Outbox
    from aedile.console.base.notices import notify

    def fail() -> None:
        with noted("aedile", "job", "test"):
            notify(whose, "approval", "Never")
            raise RuntimeError

    whose = team()
    with pytest.raises(RuntimeError):
        fail()
    assert not Outbox.objects.exists()
    with pytest.raises(RuntimeError, match="transaction"):
        notify(whose, "approval", "Never")


def test_what_fails_is_tried_again_later_and_given_up_in_the_end(sends, receiver, make_person, browse):
    from aedile.console.base.notices import TRIES, send_due

    sends(allow="127.0.0.1")
    receiver.failing = TRIES
    notice = tell(team(f"json://127.0.0.1:{receiver.server_port}/hook"))
    send_due()
    found = after(notice)
    assert (found.state, found.tries, found.trouble) == ("waiting", 1, "the other side answered 500")
    send_due()
    assert len(receiver.got) == 1, "it waits"
    waits = [(found.next_try - found.made).total_seconds()]
    for _ in range(TRIES - 1):
        hurry()
        send_due()
        waits.append((after(notice).next_try - found.made).total_seconds())
    assert waits == sorted(waits)
    assert waits[-1] > 1_000
    assert after(notice).state == "dead"
    hurry()
    send_due()
    assert len(receiver.got) == TRIES
    assert browse(make_person("compliance")).post(f"/settings/outbox/{notice.pk}/again").status_code == 403
    assert browse(make_person("admin")).post(f"/settings/outbox/{notice.pk}/again").status_code == 302
    send_due()
    assert after(notice).state == "sent"


def test_nothing_is_sent_inward_although_the_name_was_public_when_it_was_entered(sends, receiver):
    """Nobody checked these when they were entered: it is the connection itself that is refused."""
    from aedile.console.base import notices

    for host in ("127.0.0.1", "localhost", "0x7f000001", "[::1]"):
        notice = tell(team(f"json://{host}:{receiver.server_port}/hook"))
        notices.send_due()
        assert after(notice).trouble == "the address leads into the own network", host
    assert receiver.got == []


def test_no_redirect_is_followed(sends, receiver):
    from aedile.console.base.notices import send_due

    other = Receiver()
    thread = threading.Thread(target=other.serve_forever)
    thread.start()
    try:
        sends(allow="127.0.0.1")
        receiver.away = f"http://127.0.0.1:{other.server_port}/inward"
        notice = tell(team(f"json://127.0.0.1:{receiver.server_port}/hook?redirect=yes"))
        send_due()
        assert len(receiver.got) == 1
        assert other.got == []
        assert after(notice).state == "waiting"
    finally:
        other.shutdown()
        thread.join()
        other.server_close()


def test_a_person_gets_mail_by_the_installations_own_server(sends, make_person):
    from django.conf import settings

    from aedile.console.base.notices import message_of

    sends(mail="mailto://user:hush@10.0.0.5?from=aedile@shop.example")
    person = make_person("approver")
    message = message_of(after(tell(person)), settings.AEDILE.notices, "https://aedile.example")
    assert message.address == (
        f"mailto://user:hush@10.0.0.5?from=aedile@shop.example&to={person.email.replace('@', '%40')}"
    )
    assert list(message.allow) == ["10.0.0.5"]
    assert message.text == "https://aedile.example/strategies/x/"


def test_where_there_is_no_address_a_notice_is_kept(sends, make_person):
    from aedile.console.base.notices import send_due

    notices = [tell(team()), tell(make_person("approver"))]
    send_due()
    assert [after(notice).state for notice in notices] == ["kept", "kept"]


def test_nothing_leaves_the_machine_unless_it_is_said_so(console, receiver, make_person, browse):
    from aedile.console.base.notices import send_due

    notice = tell(team(f"json://127.0.0.1:{receiver.server_port}/hook"))
    send_due()
    assert receiver.got == []
    assert after(notice).state == "kept"
    page = browse(make_person("admin")).get("/settings/outbox/").content.decode()
    assert "Nothing leaves this machine" in page
    assert "Approve me" in page


def test_the_outbox_shows_no_secret_and_is_not_for_all(console, make_person, browse):
    tell(team("jsons://user:hush@hooks.example/token"))
    page = browse(make_person("admin")).get("/settings/outbox/").content.decode()
    assert "jsons://hooks.example/…" in page
    assert "hush" not in page
    assert "token" not in page.replace("csrfmiddlewaretoken", "").replace("csrf-token", "")
    assert browse(make_person("approver")).get("/settings/outbox/").status_code == 403
    assert browse(make_person("admin")).get("/settings/outbox/?state=kept").status_code == 200
    assert browse(make_person("admin")).get("/settings/outbox/?state=x").status_code == 400
    assert browse(make_person("admin")).get("/settings/outbox/?before=x").status_code == 400


def test_i_am_told_what_my_teams_are_told_and_nobody_elses(console, make_person, actor_for, browse):
    from aedile.console.base.notices import mine, unseen

    member, other = make_person("strategist", team="search-quality"), make_person("strategist", team="ads")
    tell(team(), "For the team")
    tell(member, "For me")
    tell(other, "For somebody else")
    assert [notice.subject for notice in mine(actor_for(member))] == ["For me", "For the team"]
    assert unseen(actor_for(member), None) == 2
    client = browse(member)
    page = client.get("/notices/").content.decode()
    assert "For the team" in page
    assert "For somebody else" not in page
    assert page.count("bg-primary-lt") == 2
    assert unseen(actor_for(member), client.session["notices_seen"]) == 0
    assert "bg-primary-lt" not in client.get("/notices/").content.decode()


def test_a_sender_that_hangs_is_taken_away(console):
    import socket

    from aedile.console.base.sender import Message, Sender

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with Sender(patience=2.0) as sender:
            told = sender.send(Message(f"json://127.0.0.1:{port}/x", "Hello", "", ["127.0.0.1"]))
            assert told == "sending it took too long"
            told = sender.send(Message("json://127.0.0.1:1/x", "Hello", "", ["127.0.0.1"]))
            assert told == "the other side cannot be reached"
