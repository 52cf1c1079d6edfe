"""Which candidates does a query bring, and what would a request with them look like?"""

from aedile.search.bm25 import bm25_candidates
from aedile.search.queries import read_queries
from aedile.search.requests import make_requests

__all__ = ["bm25_candidates", "make_requests", "read_queries"]
