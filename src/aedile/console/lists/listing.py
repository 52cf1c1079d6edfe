"""Which lists are there? The table of all, with what each holds and who asks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from aedile.console.accounts.models import Team
from aedile.console.base.figures import number
from aedile.console.base.tables import Column, Filter, Table
from aedile.console.base.templatetags.states import entity_link, when
from aedile.console.lists.effects import Use
from aedile.console.lists.models import NamedList, Revision


def rows() -> QuerySet[NamedList]:
    """All lists, each with what its newest revision says."""
    newest = Revision.objects.filter(list=OuterRef("pk")).order_by("-number")
    fields = {"number": "number", "entries": "entries", "expiring": "expiring", "at": "at", "author": "author__name"}
    return NamedList.objects.select_related("team").annotate(
        **{name: Subquery(newest.values(field)[:1]) for name, field in fields.items()}
    )


def table_of(used: Mapping[str, Sequence[Use]]) -> Table:
    """The table. used: by list, the running versions that ask it."""

    def strategies(row: Any) -> list[str]:
        return sorted({use.strategy for use in used.get(row.name, ())})

    def users(row: Any) -> Any:
        names = strategies(row)
        if not names:
            return format_html('<span class="text-secondary">{}</span>', _("nothing that runs"))
        more = len(names) - 1
        shown = entity_link("strategy", names[0])
        return format_html("{} {}", shown, ngettext("and %d more", "and %d more", more) % more) if more else shown

    return Table(
        "lists",
        columns=(
            Column("list", _("List"), _name, sort="name", plain=lambda row: row.name),
            Column("meaning", _("Meaning"), shown=False),
            Column("entries", _("Entries"), lambda row: number(row.entries), sort="entries", numeric=True),
            Column("expiring", _("With an expiry"), lambda row: number(row.expiring), sort="expiring", numeric=True),
            Column("revision", _("Revision"), plain=lambda row: row.number, numeric=True),
            Column("used", _("Asked by"), users, plain=strategies),
            Column("team", _("Owner"), plain=lambda row: row.team.name),
            Column("author", _("Last changed by"), sort="author"),
            Column("changed", _("Last changed"), lambda row: when(row.at), sort="at", plain=lambda row: row.at),
        ),
        filters=(
            Filter(
                "q",
                _("Find in name and meaning"),
                lambda found, q: found.filter(Q(name__icontains=q) | Q(meaning__icontains=q)),
            ),
            Filter("team", _("Owner"), lambda found, team: found.filter(team_id=team), _teams),
            Filter("state", _("State"), _by_state, [("kept", _("kept")), ("retired", _("retired"))]),
        ),
        order="list",
        nothing=(
            "list-details",
            _("No list yet"),
            _("It holds what conditions ask with in_list: ids, brands, GTINs."),
        ),
    )


def _name(row: Any) -> Any:
    retired = format_html(' <span class="badge bg-secondary-lt">{}</span>', _("retired")) if row.retired else ""
    link = entity_link("list", row.name)
    return format_html(
        '{}{}<div class="text-secondary d-none d-sm-block"><bdi>{}</bdi></div>', link, retired, row.meaning
    )


def _by_state(found: QuerySet[Any], state: str) -> QuerySet[Any]:
    return found.filter(retired__isnull=state == "kept")


def _teams() -> Sequence[tuple[str, str]]:
    return list(Team.objects.values_list("slug", "name"))
