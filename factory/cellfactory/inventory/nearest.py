"""What somebody probably meant: the nearest known name to one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

MOST_LENGTH = 64  # characters; longer words are no slip of the finger, and cost time
MOST_KNOWN = 500  # names that are compared


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known name that is most like a word.

    >>> nearest("node", ["nodes_per_zone", "labels"])
    'nodes_per_zone'
    >>> nearest("nodes_per_zon", ["nodes_per_zone", "labels"])
    'nodes_per_zone'
    >>> nearest("us-esat-1", ["us-west-1", "us-east-1"])
    'us-east-1'
    """
    if len(word) > MOST_LENGTH:
        return None
    names = list(islice(known, MOST_KNOWN))
    near = difflib.get_close_matches(word, names, cutoff=0.6)
    if near:  # two letters in the wrong order are likelier than two wrong letters
        return min(near, key=lambda name: sorted(name) != sorted(word))
    longer = [name for name in names if len(word) > 2 and name.startswith(word)]
    return longer[0] if len(longer) == 1 else None


def suggest(word: str, known: Iterable[str]) -> str:
    """Write the end of a message about an unknown name: a guess, or nothing.

    >>> suggest("exeutor", ["driver", "executor"])
    "; did you mean 'executor'?"
    """
    near = nearest(word, known)
    return "" if near is None else f"; did you mean {near!r}?"
