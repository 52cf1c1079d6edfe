"""Which 25 features do the strategies of the benchmark speak of, and how are their values spread?"""

from __future__ import annotations

from dataclasses import dataclass

MARKETS = ("ID", "MY", "US")
CHANNELS = (
    "shop_tab",
    "campaign",
    "shop_ads",
    "affiliate",
    "video",
    "live",
    "search",
    "mall_search",
    "recommendation",
)


@dataclass(frozen=True, slots=True)
class BenchFeature:
    """A feature of the workload; `missing` is the share of entities (or requests) without a value."""

    name: str
    type: str
    meaning: str
    unit: str | None = None
    missing: float = 0.0

    @property
    def entity(self) -> str:
        return self.name.split(".")[0]


FEATURES = (
    BenchFeature("item.price", "double", "price in the market's main currency", "currency"),
    BenchFeature("item.discount", "double", "share taken off the list price", "fraction"),
    BenchFeature("item.rating", "double", "mean of the reviews' stars", "stars", missing=0.05),
    BenchFeature("item.counterfeit_score", "double", "a model's belief that the item is counterfeit", "fraction"),
    BenchFeature("item.return_rate", "double", "share of orders that were returned", "fraction", missing=0.05),
    BenchFeature("item.late_rate", "double", "share of orders dispatched late", "fraction", missing=0.05),
    BenchFeature("item.quality", "double", "a model's grade of texts and pictures", "fraction"),
    BenchFeature("item.stock", "int", "pieces on hand", "pieces"),
    BenchFeature("item.reviews", "int", "number of reviews", "reviews", missing=0.05),
    BenchFeature("item.ship_days", "int", "days until delivery", "days"),
    BenchFeature("item.category", "string", "leaf of the category tree"),
    BenchFeature("item.brand", "string", "brand as the seller states it", missing=0.05),
    BenchFeature("item.colour", "string", "main colour", missing=0.05),
    BenchFeature("item.country", "string", "where it ships from, ISO 3166"),
    BenchFeature("item.condition", "string", "new, used and so on"),
    BenchFeature("item.official", "bool", "sold by the brand's own shop"),
    BenchFeature("item.video", "bool", "has a video"),
    BenchFeature("item.tags", "list(string)", "words the seller chose", missing=0.05),
    BenchFeature("item.listed_at", "timestamp", "when it was first listed"),
    BenchFeature("item.warranty", "duration", "how long the seller answers for it", missing=0.05),
    BenchFeature("request.budget", "double", "what the shopper usually spends", "currency"),
    BenchFeature("request.max_days", "int", "longest delivery the shopper accepts", "days"),
    BenchFeature("request.segment", "string", "the shopper's segment"),
    BenchFeature("request.favourite_brand", "string", "brand the shopper buys most", missing=0.05),
    BenchFeature("request.returning", "bool", "the shopper has bought before"),
)
"""20 features of the item and 5 of the request; `request.market`, `.channel` and `.time` are built in."""

TYPES: dict[str, str] = {f.name: f.type for f in FEATURES} | {
    "request.market": "string",
    "request.channel": "string",
    "request.time": "timestamp",
}
ITEM_FEATURES = tuple(f for f in FEATURES if f.entity == "item")
REQUEST_FEATURES = tuple(f for f in FEATURES if f.entity == "request")
MAY_BE_MISSING = frozenset(f.name for f in FEATURES if f.missing)

CATEGORIES = tuple(
    f"{group}-{i:02d}" for group in ("bags", "shoes", "phones", "toys", "beauty", "home") for i in range(10)
)
BRANDS = tuple(f"{line}-{i:04d}" for i in range(500) for line in ("acme", "borealis", "corvus", "dunlin"))
COLOURS = ("black", "white", "red", "blue", "green", "yellow", "brown", "grey", "pink", "purple", "orange", "gold")
COUNTRIES = ("CN", "ID", "MY", "US", "VN", "TH", "JP", "KR", "DE", "GB", "IN", "TR")
CONDITIONS = ("new", "open_box", "refurbished", "used", "for_parts")
TAGS = tuple(f"tag-{i:03d}" for i in range(200))
SEGMENTS = ("new", "bargain", "loyal", "premium", "gift", "business", "young", "dormant")
