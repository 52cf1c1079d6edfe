"""Which engines do we measure ourselves against, each in the best form we found for it?"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bench.peers.base import Peer

PEERS: dict[str, tuple[str, str]] = {
    "numpy": ("bench.peers.numpy_columns", "NumpyPeer"),
    "polars": ("bench.peers.polars_frame", "PolarsPeer"),
    "duckdb": ("bench.peers.duckdb_sql", "DuckDbPeer"),
    "cel-expr-python": ("bench.peers.cel_cpp", "CelCppPeer"),
    "common-expression-language": ("bench.peers.cel_rust", "CelRustPeer"),
    "zen-engine": ("bench.peers.zen_engine", "ZenPeer"),
    "rule-engine": ("bench.peers.rule_engine", "RuleEnginePeer"),
}
"""Short name → module and class; imported only when asked for, after the threads have been limited."""


def load_peer(name: str) -> Peer[Any]:
    module, class_ = PEERS[name]
    peer: Peer[Any] = getattr(import_module(module), class_)()
    return peer
