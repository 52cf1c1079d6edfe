"""Who keeps strategies in git goes on doing so: files out, files in, with a plan first."""

from __future__ import annotations

import pytest

from aedile.errors import AedileError, Errors

from .conftest import body


def files():
    from aedile.console.strategies import files as found

    return found


def text(id_="dear-demote", stage="live", **changes):
    from aedile.console.strategies.body import to_text

    return {f"{id_}.yaml": to_text(body(id_, **changes), stage)}


def test_what_is_pulled_is_what_runs_and_pushes_as_the_same(mall):
    mall.live()
    mall.draft("not-yet")
    pulled = files().pull(mall.author)
    assert list(pulled) == ["dear-demote.yaml"]
    assert "stage: live" in pulled["dear-demote.yaml"]
    found = files().plan(mall.author, pulled)
    assert [(step.id, step.does) for step in found.steps] == [("dear-demote", "same")]
    assert files().push(mall.author, pulled, found.stamp) == []


def test_files_become_drafts_and_nothing_more(mall, running):
    mall.live()
    texts = text(title="Other words") | text("brand-new")
    found = files().plan(mall.author, texts)
    assert [(step.id, step.does, step.stage) for step in found.steps] == [
        ("brand-new", "new", None), ("dear-demote", "version", "live"),
    ]  # fmt: skip
    made = files().push(mall.author, texts, found.stamp, "from git")
    assert [(str(v), v.stage) for v in made] == [("brand-new v1", "draft"), ("dear-demote v2", "draft")]
    assert set(running()) == {"dear-demote"}


def test_an_open_draft_is_changed_and_its_old_text_kept(mall):
    draft = mall.draft()
    texts = text(title="Better")
    found = files().plan(mall.author, texts)
    assert found.steps[0].does == "draft"
    (saved,) = files().push(mall.author, texts, found.stamp)
    assert saved.pk == draft.pk
    assert saved.saves.count() == 2


def test_a_stage_in_a_file_is_no_order(mall, running):
    mall.live()
    found = files().plan(mall.author, text(stage="paused"))
    assert found.steps[0].does == "same"
    assert "the file says paused, the console live" in found.steps[0].told


def test_what_runs_and_no_file_speaks_of_stays_and_is_told(mall, running):
    mall.live()
    found = files().plan(mall.author, text("brand-new"))
    assert found.here_only == ("dear-demote",)
    files().push(mall.author, text("brand-new"), found.stamp)
    assert set(running()) == {"dear-demote"}


def test_a_plan_that_is_out_of_date_is_not_carried_out(mall):
    texts = text()
    found = files().plan(mall.author, texts)
    mall.draft("another")
    with pytest.raises(AedileError, match="something changed"):
        files().push(mall.author, texts, found.stamp)


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_done(mall):
    texts = text("first", condition="item.prise > 1.0") | {
        "second.yaml": "id: [",
        "third.yaml": text()["dear-demote.yaml"],
    }
    with pytest.raises(Errors) as caught:
        files().plan(mall.author, texts)
    assert len(caught.value.errors) == 3
    assert {error.place.file for error in caught.value.errors} == {"first.yaml", "second.yaml", "third.yaml"}


def test_another_teams_files_are_not_pushed(mall, make_person, actor_for):
    other = actor_for(make_person("strategist", team="brand-protection"))
    found = files().plan(other, text())
    with pytest.raises(AedileError, match="may not write"):
        files().push(other, text(), found.stamp)


def test_what_one_may_not_see_is_not_pulled(mall, make_person, actor_for):
    mall.live()
    assert files().pull(actor_for(make_person("viewer", markets=["MY"]))) == {}
