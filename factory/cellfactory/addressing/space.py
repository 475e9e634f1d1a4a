"""Free room in a list of blocks, handed out first fit and aligned."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network

BITS = 32


class Space:
    """What is free in some blocks. Changes as blocks are taken; lives inside one plan only.

    Room is given from the first block that has it, at its lowest address: the order in which
    blocks are listed, and the order of asking, decide alone.
    """

    __slots__ = ("_free",)

    def __init__(self, blocks: Iterable[IPv4Network], taken: Iterable[IPv4Network] = ()) -> None:
        self._free: list[tuple[int, int]] = [_range(block) for block in blocks]
        for block in taken:
            self.mark(block)

    def mark(self, block: IPv4Network) -> None:
        """Say that a block is not free; parts of it that never were are no matter."""
        start, end = _range(block)
        if any(low < end and start < high for low, high in self._free):
            self._free = [
                part
                for low, high in self._free
                for part in ((low, min(high, start)), (max(low, end), high))
                if part[0] < part[1]
            ]

    def take(self, prefix_length: int) -> IPv4Network | None:
        """Take the first aligned block of a size; None when there is none."""
        size = 1 << (BITS - prefix_length)
        for low, high in self._free:
            start = -(-low // size) * size
            if start + size <= high:
                block = IPv4Network((start, prefix_length))
                self.mark(block)
                return block
        return None

    def take_all(self, prefix_lengths: Iterable[int]) -> tuple[IPv4Network, ...] | None:
        """Take a block of each size, or none of them."""
        before = self._free
        blocks = []
        for length in prefix_lengths:
            block = self.take(length)
            if block is None:
                self._free = before
                return None
            blocks.append(block)
        return tuple(blocks)

    def addresses(self) -> int:
        """Count the addresses that are free, in blocks of whatever size (addresses)."""
        return sum(high - low for low, high in self._free)

    def count(self, prefix_length: int) -> int:
        """Count the aligned blocks of a size that are free."""
        size = 1 << (BITS - prefix_length)
        return sum(max(0, high // size - -(-low // size)) for low, high in self._free)


def _range(block: IPv4Network) -> tuple[int, int]:
    start = int(block.network_address)
    return start, start + (1 << (BITS - block.prefixlen))
