"""Which addresses a route may point to.

A pod's address is data that others can write, so it is proven before NGINX may dial it:
it must lie in the cell's pod blocks and must not be a special address, however spelt.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Block = ipaddress.IPv4Network | ipaddress.IPv6Network

# Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
# The IPv6 instance metadata and Pod Identity endpoints live in this unique local block;
# the IPv4 ones are link-local and refused as such.
AWS_LOCAL_IPV6 = ipaddress.IPv6Network("fd00:ec2::/32")
IPV4_LOCAL = ipaddress.IPv4Network("127.0.0.0/8")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """The pod blocks of a cell; `loopback` admits 127.0.0.0/8 for runs on one machine."""

    blocks: tuple[Block, ...]
    loopback: bool = False

    def admits(self, address: Address) -> bool:
        """Say whether a route may point to this address."""
        if _is_special(address) and not (self.loopback and address in IPV4_LOCAL):
            return False
        return any(address in block for block in self.blocks)


def parse_address(text: object) -> Address | None:
    """Read one pod address; nothing else than its plain spelling is accepted.

    >>> parse_address("10.0.0.7")
    IPv4Address('10.0.0.7')
    >>> parse_address("fe80::1%eth0"), parse_address("10.0.0.7 "), parse_address(7)
    (None, None, None)
    """
    if not isinstance(text, str) or "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def parse_blocks(texts: Sequence[str]) -> tuple[Block, ...]:
    """Read pod blocks.

    Raises:
        ValueError: a text is not a block, has host bits set, or is a default route.

    >>> [str(block) for block in parse_blocks(["100.64.0.0/16", "2001:db8::/56"])]
    ['100.64.0.0/16', '2001:db8::/56']
    """
    blocks = tuple(ipaddress.ip_network(text) for text in texts)
    for block in blocks:
        if block.prefixlen == 0:
            msg = f"{block} is every address; name the cell's pod blocks"
            raise ValueError(msg)
    return blocks


def render_backend(address: Address, port: int) -> str:
    """Spell an address and a port as NGINX dials them.

    >>> render_backend(ipaddress.ip_address("2001:db8::7"), 4040)
    '[2001:db8::7]:4040'
    """
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def _is_special(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or address in AWS_LOCAL_IPV6
        if hidden:
            return True
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
    )
