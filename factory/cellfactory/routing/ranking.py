"""A deterministic choice among weighted names, in which little moves when a name comes or goes.

Highest random weight (rendezvous) hashing: each name draws a number from the key and from itself
alone, so that a name that leaves gives up its own keys and no others, and one that comes takes its
share from all.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from math import log

_BITS = 52  # of the hash; with a half added they are exact in a double, and never 0 or 1


def rank(key: str, weights: Mapping[str, int]) -> tuple[str, ...]:
    """Order names for a key: the first is chosen, the next one when that fails, and so on.

    Over many keys each name comes first in proportion to its weight. Names of weight 0 are left
    out; of equal scores, which no one will live to see, the lower name goes first.

    Source:
        Thaler, Ravishankar: Using name-based mappings to increase hit rates (1998); the weights:
        Schindelhauer, Schomaker: Weighted distributed hash tables (2005)

    >>> rank("etl-1", {"a": 100, "b": 100, "c": 0})
    ('b', 'a')
    """
    scores = {name: score(key, name, weight) for name, weight in weights.items() if weight > 0}
    return tuple(sorted(scores, key=lambda name: (-scores[name], name)))


def score(key: str, name: str, weight: int) -> float:
    """Draw the score of a name for a key; the highest wins.

    SHA-256 of the name, a line feed and the key, in UTF-8; its first 8 bytes, big-endian, without
    their 12 lowest bits; half is added and 2^52 divided by: u, between 0 and 1. The score is
    weight / -ln(u).

    >>> round(score("etl-1", "moka-use1-a", 100), 6)
    107.366799
    """
    digest = sha256(f"{name}\n{key}".encode()).digest()
    drawn = (int.from_bytes(digest[:8], "big") >> (64 - _BITS)) + 0.5
    return weight / -log(drawn / 2**_BITS)
