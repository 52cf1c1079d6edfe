"""What speaks for a change, and what against it? All of it on one page, for whoever approves and whoever asks later."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from aedile.console.accounts.actor import Actor
from aedile.console.proving.actions import latest
from aedile.console.proving.models import Backtest
from aedile.console.strategies.body import ORDER
from aedile.console.strategies.lookup import acting_version
from aedile.console.strategies.models import Approval, Comment, Version
from aedile.console.strategies.proof import counts_of
from aedile.console.strategies.proving import Proof, prove
from aedile.console.strategies.world import text_of


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of the text that is otherwise than in the version that acts; None where it is not there."""

    key: str
    before: Any
    after: Any

    @property
    def before_text(self) -> str:
        return _written(self.before)

    @property
    def after_text(self) -> str:
        return _written(self.after)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A change with its evidence, as at a moment. acting: what it would replace. missing: approvals still needed.

    counts: what the running server counted of it; None where it does not run. backtest: the latest of this text.
    """

    version: Version
    text: str
    acting: Version | None
    differences: Sequence[Difference]
    proof: Proof
    counts: Mapping[str, int] | None
    approvals: Sequence[Approval]
    comments: Sequence[Comment]
    missing: int
    at: datetime
    backtest: Backtest | None = None

    @property
    def reach(self) -> list[str]:
        """What is known of its reach, in words."""
        proof, said = self.proof, []
        if proof.errors:
            return [_("The text has an error: %s") % proof.errors[0].message]
        if (found := proof.matches) is None or not found.total:
            said.append(_("The catalogue is empty: how far it reaches is not known."))
        else:
            told = {"count": f"{found.count:,}", "total": f"{found.total:,}", "unknown": f"{found.unknown_count:,}"}
            said.append(_("It fires for %(count)s of %(total)s entities; for %(unknown)s that is not known.") % told)
            if found.open:
                said.append(_("Only a request tells: %s.") % ", ".join(found.open))
        if (reach := proof.reach) is None or reach.touched is None or reach.share is None:
            said.append(_("The log holds too few decisions to say how many exposures it touches."))
        else:
            told = {"touched": f"{reach.touched:,.0f}", "share": f"{reach.share:.2%}"}
            said.append(_("It touches %(touched)s exposures a day, %(share)s of all.") % told)
        if reach is not None and reach.sellers is not None:
            said.append(
                _("It touches %(some)s of %(all)s sellers.") % {"some": reach.sellers, "all": reach.all_sellers}
            )
        return said

    @property
    def backtested(self) -> list[str]:
        """What the latest backtest of this text found, in words."""
        if self.backtest is None:
            return [_("This text has not been backtested.")]
        result = self.backtest.result
        if not result["total"]:
            return [_("Its backtest found no request to decide again.")]
        total, requests = result["total"], result["requests"]
        told = {
            "requests": f"{requests['requests']:,}", "changed": f"{requests['requests_changed']:,}",
            "excluded": f"{total['newly_excluded']:,}", "lost": f"{total['lost']:,}", "gained": f"{total['gained']:,}",
            "exposures": f"{total['exposures_at_stake']:,}", "clicks": f"{total['clicks_at_stake']:,}",
        }  # fmt: skip
        said = [
            _("%(changed)s of %(requests)s requests look otherwise.") % told,
            _("%(excluded)s candidates are newly excluded; no longer shown: %(lost)s, newly shown: %(gained)s.") % told,
            _("At stake by replay: %(exposures)s exposures, %(clicks)s clicks.") % told,
        ]
        estimate = total["off_policy"]
        if estimate["refused"] is None:
            clicks = {side: f"{estimate['clicks'][side]:,.0f}" for side in ("before", "after")}
            said.append(_("Off-policy, clicks go from %(before)s to %(after)s.") % clicks)
        return said

    @property
    def counted(self) -> str:
        """What the running server counted of it, in words."""
        if self.counts is None:
            return _("The server has not counted it: it does not run, or has not decided with it.")
        told = [f"{name} {count:,}" for name, count in self.counts.items() if count]
        return ", ".join(told) or _("The server decides with it, and it has not fired yet.")


def dossier_of(actor: Actor, version: Version) -> Dossier:
    """Compiled from what is known now; conflicts and matches are computed, the rest is read."""
    acting = acting_version(version.strategy_id)
    if acting is not None and acting.pk == version.pk:
        acting = None
    said = list(version.approvals.select_related("person"))
    counted = [one for one in said if one.approves and one.digest == version.digest]
    return Dossier(
        version, text_of(version), acting, differences(acting.body if acting else {}, version.body),
        prove(actor, version.body), counts_of(version), said, list(version.comments.select_related("person")),
        max(0, version.needed - len(counted)), timezone.now(), latest(actor, version),
    )  # fmt: skip


def _written(value: Any) -> str:
    """A part of a text as a file has it."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The keys whose values are otherwise, in the order of a file."""
    return [Difference(key, before.get(key), after.get(key)) for key in ORDER if before.get(key) != after.get(key)]
