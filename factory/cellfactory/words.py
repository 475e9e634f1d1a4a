"""Words that several areas put together in the same way."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Write a number with what it counts.

    >>> counted(1, "cell"), counted(1461, "node")
    ('1 cell', '1,461 nodes')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
