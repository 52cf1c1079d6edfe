"""Which entities match a query best, by the words they share with it?

BM25 as Lucene scores it (Robertson & Zaragoza 2009, with Lucene's idf, which is never negative), over stemmed words.
The candidates of an example or a test, not a search engine: for that the marketplace has its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from aedile.errors import UsageError, define
from aedile.search.words import words_of

NO_SEARCH = define(
    "AED-USE-060", "Candidates need packages that are not installed.", "aedile candidates after `pip install aedile`"
)

#: Scores are rounded, so that sums in another order on another machine do not change the order of candidates.
DIGITS = 5


def bm25_candidates(
    ids: Sequence[str], texts: Sequence[str], queries: Sequence[str], *, limit: int = 100
) -> Iterator[list[tuple[str, float]]]:
    """For each query its best `limit` entities as (id, score), the best first, ties by id.

    ids, texts: n each, the text being all by which an entity may be found. Scores are finite and above 0: an entity
    that shares no word with the query is no candidate, so there may be fewer than `limit`, or none.
    Raises `UsageError` where the extra `search` is not installed.
    """
    bm25s, stemmer, stop_words = _packages()

    def stems(text: str) -> list[str]:
        return list(stemmer.stemWords([word for word in words_of(text) if word not in stop_words]))

    corpus = [stems(text) for text in texts]
    if not any(corpus):  # nothing to be found by: the index would not take it
        yield from ([] for _ in queries)
        return
    index = bm25s.BM25(method="lucene", dtype="float64", backend="numpy")
    index.index(corpus, show_progress=False)
    by_id = np.argsort(np.argsort(np.array(ids, dtype=object), kind="stable"), kind="stable")
    for query in queries:
        known = index.get_tokens_ids(stems(query))
        scores = np.round(index.get_scores_from_ids(known), DIGITS) if known else np.zeros(len(ids))
        matching = np.flatnonzero(scores > 0)
        best = matching[np.lexsort((by_id[matching], -scores[matching]))][:limit]
        yield [(ids[row], float(scores[row])) for row in best.tolist()]


def _packages() -> tuple[ModuleType, Any, frozenset[str]]:
    """bm25s, an English stemmer and English stop words; imported only here, for deciding needs none of them."""
    try:
        import bm25s
        import Stemmer
        from bm25s.stopwords import STOPWORDS_EN
    except ImportError as error:
        raise UsageError(
            NO_SEARCH,
            f"the package `{error.name}` is not installed",
            hint="candidates of queries are found by BM25, which deciding does not need",
            fix="run `pip install aedile[search]`",
        ) from None
    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it tells how far it is at every step
    return bm25s, Stemmer.Stemmer("english"), frozenset(STOPWORDS_EN)
