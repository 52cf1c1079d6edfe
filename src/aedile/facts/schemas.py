"""Which kinds of facts are there, and what stands in each?

Money is in minor units of its currency. An entity is named by `kind` and `entity` where it may be of several kinds, and
by its kind alone (`item`, `seller`, `creator`) where it may not.
"""

from __future__ import annotations

from collections.abc import Mapping

from aedile.errors import DataError, Place, define
from aedile.facts.kinds import FLAG, MOMENT, REAL, TEXT, TEXTS, WHOLE, FactKind, Field
from aedile.fields import listing, suggestion
from aedile.language.features import CANDIDATE_KINDS

NO_SUCH_KIND = define("AED-DATA-070", "There is no such kind of facts.", "POST /v1/facts/impressions")

SHOPPER = Field("shopper", TEXT, "Who shops; kept as a pseudonym.", hashed=True)
SESSION = Field("session_id", TEXT, "One visit of a shopper; kept as a pseudonym.", hashed=True)
REQUEST = Field("request_id", TEXT, "The request for decisions that it came from.")
QUERY = Field("query_id", TEXT, "The search that it came from.")
KIND = Field("kind", TEXT, "Of which kind the entity is.", required=True, values=tuple(CANDIDATE_KINDS))
ENTITY = Field("entity", TEXT, "The entity's id.", required=True)
ITEM = Field("item", TEXT, "The item's id.", required=True)
SELLER = Field("seller", TEXT, "Who sells it.")
CREATOR = Field("creator", TEXT, "Through whose content it came.")
POSITION = Field("position", WHOLE, "The place in the slate, from 1.", required=True, least=1)
CURRENCY = Field("currency", TEXT, "A code of ISO 4217.", required=True)
ORDER = Field("order_id", TEXT, "The order.", required=True)
TEXT_SAID = Field("text", TEXT, "What was written, as it was written.")
LANGUAGE = Field("language", TEXT, "Of the text: a tag of BCP 47.")

#: A shopper sees, looks and buys.
SHOPPING = (
    FactKind(
        "exposures", 1, "One showing of one candidate to one shopper.",
        (SHOPPER, SESSION, REQUEST, QUERY, KIND, ENTITY, POSITION,
         Field("examined", REAL, "How likely the place was looked at, where the caller knows.", least=0)),
    ),
    FactKind(
        "clicks", 1, "A shopper opens what was shown.",
        (SHOPPER, SESSION, REQUEST, QUERY, KIND, ENTITY,
         Field("position", WHOLE, "The place in the slate, from 1; null where it was not in one.", least=1)),
    ),
    FactKind(
        "carts", 1, "An item goes into a shopper's cart, or out of it.",
        (SHOPPER, SESSION, REQUEST, ITEM, SELLER, CREATOR,
         Field("quantity", WHOLE, "How many; below 0 where they were taken out.", required=True),
         Field("amount", WHOLE, "Price of all of them.", unit="minor units", least=0),
         Field("currency", TEXT, "A code of ISO 4217.")),
    ),
    FactKind(
        "orders", 1, "One line of an order, as it was placed.",
        (SHOPPER, SESSION, REQUEST, QUERY, ORDER,
         Field("line", WHOLE, "The line in its order, from 1.", required=True, least=1),
         ITEM, SELLER, CREATOR,
         Field("quantity", WHOLE, "How many.", required=True, least=1),
         Field("amount", WHOLE, "What the line costs in all.", required=True, unit="minor units", least=0), CURRENCY),
    ),
    FactKind(
        "order_steps", 1, "What became of an order, or of one of its lines.",
        (ORDER, Field("line", WHOLE, "The line; null for all of them.", least=1),
         Field("step", TEXT, "What happened.", required=True,
               values=("paid", "dispatched", "delivered", "cancelled", "returned", "refunded")),
         SELLER,
         Field("due_at", MOMENT, "By when it was promised."),
         Field("quantity", WHOLE, "Of how many.", least=1),
         Field("amount", WHOLE, "The money that moved.", unit="minor units", least=0),
         Field("currency", TEXT, "A code of ISO 4217."),
         Field("by", TEXT, "Who did it.", values=("shopper", "seller", "carrier", "marketplace")),
         Field("reason", TEXT, "Why, by a code of the marketplace.")),
    ),
)  # fmt: skip

#: Searches follow User Behavior Insights 1.3.0: its queries and its events.
SEARCHING = (
    FactKind(
        "searches", 1, "A shopper's query and what it found (a query of User Behavior Insights).",
        (Field("query_id", TEXT, "The search.", required=True),
         Field("application", TEXT, "Which application asked."),
         Field("client_id", TEXT, "The device or browser; kept as a pseudonym.", hashed=True),
         SHOPPER, SESSION, REQUEST,
         Field("user_query", TEXT, "What the shopper typed.", required=True),
         Field("query_attributes", TEXT, "More about it, as the text of a JSON object."),
         Field("object_id_field", TEXT, "Which field of an item its results name."),
         Field("query_response_id", TEXT, "The answer."),
         Field("query_response_hit_ids", TEXTS, "What was found, best first."),
         Field("hits", WHOLE, "How many were found in all.", least=0), LANGUAGE),
    ),
    FactKind(
        "search_actions", 1, "What a shopper did after a search (an event of User Behavior Insights).",
        (Field("action_name", TEXT, "What was done: click, add_to_cart, purchase, …", required=True),
         QUERY,
         Field("application", TEXT, "Which application saw it."),
         Field("client_id", TEXT, "The device or browser; kept as a pseudonym.", hashed=True),
         SHOPPER, SESSION,
         Field("message_type", TEXT, "Groups what is alike."), Field("message", TEXT, "For people to read."),
         Field("object_id", TEXT, "On what it was done."),
         Field("object_id_field", TEXT, "Which field of an item names it."),
         Field("ordinal", WHOLE, "The place in the results, from 1.", least=1),
         Field("event_attributes", TEXT, "More about it, as the text of a JSON object.")),
    ),
)  # fmt: skip

#: What shoppers say.
VOICES = (
    FactKind(
        "reviews", 1, "A shopper judges an item, a content or a seller.",
        (SHOPPER, KIND, ENTITY, Field("order_id", TEXT, "The order that it is about."), SELLER,
         Field("stars", WHOLE, "From 1 to 5.", required=True, least=1), TEXT_SAID, LANGUAGE,
         Field("is_verified", FLAG, "Whether the shopper bought it.")),
    ),
    FactKind(
        "survey_answers", 1, "An answer to one question of a survey.",
        (SHOPPER, SESSION,
         Field("survey", TEXT, "The survey and its version.", required=True),
         Field("measure", TEXT, "What it measures.", required=True, values=("nps", "csat", "ces", "other")),
         Field("score", WHOLE, "From 0 to 10 for NPS, 1 to 5 for CSAT, 1 to 7 for CES.", required=True, least=0),
         Field("about_kind", TEXT, "What it is about.", values=tuple(CANDIDATE_KINDS)),
         Field("about", TEXT, "The entity that it is about."), TEXT_SAID, LANGUAGE),
    ),
    FactKind(
        "complaints", 1, "A shopper complains of an order.",
        (SHOPPER, Field("order_id", TEXT, "The order."), Field("item", TEXT, "The item."), SELLER,
         Field("topic", TEXT, "Of what, by a code of the marketplace.", required=True), TEXT_SAID, LANGUAGE,
         Field("resolved_at", MOMENT, "When it was settled."),
         Field("outcome", TEXT, "How it was settled.", values=("refunded", "replaced", "rejected", "other"))),
    ),
    FactKind(
        "reports", 1, "Somebody reports an entity to the marketplace.",
        (SHOPPER, KIND, ENTITY, SELLER, CREATOR,
         Field("policy", TEXT, "What it is said to break."),
         Field("reason", TEXT, "Why, by a code of the marketplace.", required=True), TEXT_SAID, LANGUAGE),
    ),
)  # fmt: skip

#: What the marketplace judges, and what follows.
JUDGEMENTS = (
    FactKind(
        "moderation_labels", 1, "A judgement whether an entity breaks a policy.",
        (KIND, ENTITY,
         Field("policy", TEXT, "The policy.", required=True),
         Field("is_violation", FLAG, "Whether it breaks the policy.", required=True),
         Field("by", TEXT, "Who judges.", required=True, values=("model", "person", "brand", "authority")),
         Field("judge", TEXT, "The model and its version, or the pseudonym of the person."),
         Field("score", REAL, "How sure the model is.", least=0), Field("reason", TEXT, "Why.")),
    ),
    FactKind(
        "penalties", 1, "What the marketplace did to an entity that broke a policy.",
        (KIND, ENTITY, SELLER, CREATOR, Field("policy", TEXT, "The policy.", required=True),
         Field("penalty", TEXT, "What was done.", required=True,
               values=("warning", "removal", "points", "restriction", "suspension", "fine")),
         Field("points", WHOLE, "Points of the ledger.", least=0),
         Field("until", MOMENT, "When it ends; null for never."),
         Field("strategy", TEXT, "The strategy that led to it."),
         Field("reversed_at", MOMENT, "When it was taken back.")),
    ),
)  # fmt: skip

#: What was known.
KNOWLEDGE = (
    FactKind(
        "feature_updates", 1, "A feature of an entity takes a value. The market is where it was learnt.",
        (KIND, ENTITY, Field("feature", TEXT, "The feature's name, without its kind.", required=True),
         Field("value", TEXT, "The value as JSON; null where it is no longer known.")),
    ),
)  # fmt: skip

#: All kinds that are taken in. `decisions` are facts too, which the decision server itself writes: `aedile.store`.
KINDS: Mapping[str, FactKind] = {kind.name: kind for kind in (*SHOPPING, *SEARCHING, *VOICES, *JUDGEMENTS, *KNOWLEDGE)}


def kind_of(name: str) -> FactKind:
    """The kind of that name; a `DataError` where there is none."""
    if name in KINDS:
        return KINDS[name]
    near = suggestion(name, KINDS)
    raise DataError(
        NO_SUCH_KIND,
        f"there is no kind of facts called `{name[:60]}`",
        place=Place(field="kind"),
        hint=near or f"there are {listing(KINDS, 20)}",
        fix="name one of them",
    )
