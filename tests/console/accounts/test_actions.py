"""Do actions on people, teams and grants keep their rules, whoever calls them and however at once?"""

from __future__ import annotations

import threading

import pytest

from aedile.errors import ConsoleError
from tests.console.accounts.words import entries, whole


def refused(code, call, *args, **kwargs):
    with pytest.raises(ConsoleError) as caught:
        call(*args, **kwargs)
    assert caught.value.code.name == code
    return caught.value


def test_an_admin_adds_a_person_with_a_role_and_gets_a_link(make_person, actor_for):
    from aedile.console.accounts import actions
    from aedile.console.accounts.models import Person

    actor = actor_for(make_person("admin"))
    person, link = actions.add_person(
        actor, " Ayu@Example.com ", "Ayu  Lestari", zone="Asia/Jakarta", grants=[("strategist", ["ID"], None)]
    )
    assert (person.email, person.name) == ("ayu@example.com", "Ayu Lestari")
    assert link.startswith("http://localhost:8320/account/password/reset/key/")
    assert not Person.objects.get(pk=person.pk).has_usable_password()
    assert actor_for(person).may("strategy.write", markets=["ID"])
    noted = [entry for entry in entries() if entry.actor == actor.person.email]
    assert {(entry.subject, entry.action) for entry in noted} == {
        ("accounts_person", "person.manage"),
        ("accounts_grant", "person.manage"),
    }
    assert link.rsplit("/", 2)[1] not in str([entry.after for entry in noted])


def test_only_admins_manage_people(make_person, actor_for):
    from aedile.console.accounts import actions
    from aedile.console.accounts.models import Team
    from aedile.console.accounts.permissions import Role

    target = make_person("viewer", team="search")
    team = Team.objects.get()
    before = len(entries())
    people = [make_person(role.value) for role in Role if role is not Role.ADMIN]
    made = len(entries())
    for person in people:
        actor = actor_for(person)
        for call, args in (
            (actions.add_person, ("new@example.com", "New")),
            (actions.deactivate, (target,)),
            (actions.activate, (target,)),
            (actions.make_link, (target,)),
            (actions.end_sessions, (target,)),
            (actions.grant, (person, "admin", ["all"])),
            (actions.grant, (person, "approver", ["all"])),
            (actions.withdraw, (target.grants.get(),)),
            (actions.add_team, ("new", "New")),
            (actions.edit_team, (team, "Other", "")),
            (actions.remove_team, (team,)),
        ):
            refused("AED-CON-001", call, actor, *args)
        refused(
            "AED-CON-001", actions.edit_person, actor, person, email="x@example.com", name="X", zone="UTC", language=""
        )
    assert made - before == 2 * len(people)
    assert len(entries()) == made


def test_the_last_admin_stays(make_person, actor_for):
    from aedile.console.accounts import actions

    only = make_person("admin")
    actor = actor_for(only)
    refused("AED-CON-022", actions.deactivate, actor, only)
    refused("AED-CON-022", actions.withdraw, actor, only.grants.get())
    second = make_person("admin")
    actions.deactivate(actor, second)
    refused("AED-CON-022", actions.deactivate, actor, only)  # one who is deactivated is no admin
    actions.activate(actor, second)
    actions.withdraw(actor, only.grants.get())
    assert not actor_for(only).may("person.manage")
    refused("AED-CON-022", actions.deactivate, actor_for(second), second)


def test_two_admins_who_remove_each_other_at_once_leave_one(make_person, actor_for):
    from django.db import connections

    from aedile.console.accounts import actions
    from aedile.console.accounts.models import Grant

    one, two = make_person("admin"), make_person("admin")
    ready, codes = threading.Barrier(2), []

    def remove(actor, other):
        ready.wait(20)
        try:
            actions.deactivate(actor, other)
            codes.append("done")
        except ConsoleError as error:
            codes.append(error.code.name)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((actor_for(one), two), (actor_for(two), one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(codes) == ["AED-CON-022", "done"]
    assert Grant.objects.filter(role="admin", person__is_active=True).count() == 1


def test_who_is_deactivated_is_out_at_the_next_request_with_keys_and_links(make_person, actor_for, browse):
    from aedile.console.accounts import actions, keys
    from aedile.console.accounts.key_auth import actor_of_key

    admin, person = actor_for(make_person("admin")), make_person("strategist")
    client, text = browse(person), keys.make_key(actor_for(person), ["read"], 30)[0]
    link = actions.make_link(admin, person).partition("8320")[2]
    assert client.get("/settings/account/").status_code == 200
    assert actor_of_key(text, "read").person == person
    actions.deactivate(admin, person, "left the company")
    assert client.get("/settings/account/").status_code == 302
    refused("AED-CON-020", actor_of_key, text, "read")
    assert "works no more" in browse().get(link, follow=True).content.decode()
    refused("AED-CON-023", actions.make_link, admin, person)
    actions.activate(admin, person)  # what was ended stays ended
    assert client.get("/settings/account/").status_code == 302
    refused("AED-CON-020", actor_of_key, text, "read")
    assert "works no more" in browse().get(link, follow=True).content.decode()
    assert any(entry.why == "left the company" for entry in entries())


def test_a_role_holds_from_the_next_request_on(make_person, actor_for, browse):
    from aedile.console.accounts import actions

    admin, person = actor_for(make_person("admin")), make_person("viewer")
    client = browse(person)
    assert client.get("/settings/history/").status_code == 403
    given = actions.grant(admin, person, "auditor", ["all"])
    assert client.get("/settings/history/").status_code == 200
    actions.withdraw(admin, given)
    assert client.get("/settings/history/").status_code == 403


def test_a_role_given_again_changes_its_markets(make_person, actor_for):
    from aedile.console.accounts import actions

    admin, person = actor_for(make_person("admin")), make_person()
    actions.grant(admin, person, "strategist", ["ID"])
    actions.grant(admin, person, "strategist", ["ID", "VN"])
    assert person.grants.get().markets == ["ID", "VN"]


def test_admins_are_for_everything(make_person, actor_for):
    from aedile.console.accounts import actions

    admin, person = actor_for(make_person("admin")), make_person()
    refused("AED-CON-024", actions.grant, admin, person, "admin", ["ID"])
    refused("AED-CON-024", actions.grant, admin, person, "emperor", ["all"])
    assert not person.grants.exists()


def test_an_old_address_signs_nobody_in(make_person, actor_for):
    from allauth.account.models import EmailAddress

    from aedile.console.accounts import actions
    from aedile.console.base.acting import noted

    admin, person, other = actor_for(make_person("admin")), make_person("viewer"), make_person("viewer")
    with noted("aedile", "cli", "test"):
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    told = {"name": person.name, "zone": "UTC", "language": ""}
    actions.edit_person(admin, person, email="New@Example.com", **told)
    assert not EmailAddress.objects.filter(user=person).exists()
    assert person.email == "new@example.com"
    refused("AED-CON-023", actions.edit_person, admin, person, email=other.email.upper(), **told)
    refused("AED-CON-023", actions.edit_person, admin, person, email="no address", **told)


def test_a_team_that_owns_something_stays(make_person, actor_for):
    from aedile.console.accounts import actions
    from aedile.console.accounts.models import Team
    from aedile.console.base.acting import noted
    from aedile.console.lists.models import NamedList

    admin = actor_for(make_person("admin"))
    team = actions.add_team(
        admin, "brand-protection", "Brand protection", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    )
    refused("AED-CON-025", actions.add_team, admin, "brand-protection", "Again")
    refused("AED-CON-025", actions.add_team, admin, "Brand Protection", "Wrong")
    with noted("aedile", "cli", "test"):
        fields = {field.name for field in NamedList._meta.get_fields()}
        assert {"name", "team"} <= fields
        NamedList.objects.create(name="brands", team=team)
    refused("AED-CON-025", actions.remove_team, admin, team)
    with noted("aedile", "cli", "test"):
        NamedList.objects.all().delete()
    actions.remove_team(admin, Team.objects.get())
    assert not Team.objects.exists()
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in str([(entry.before, entry.after) for entry in entries()])
    whole()


def test_markets_are_read_as_people_write_them():
    from aedile.console.accounts.markets import markets_in

    assert markets_in(" vn, ID;id ") == ("ID", "VN")
    assert markets_in("ALL") == ("all",)
    for wrong in ("", "all, ID", "IDN", "I", "1D", "id' or 1=1"):
        refused("AED-CON-024", markets_in, wrong)
