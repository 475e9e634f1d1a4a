"""What an inventory says of a stack, so that a rule can tell what is wanted from what is not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the inventory says of the owner of a stack, as far as a rule depends on it.

    The defaults are those of a tree that no inventory speaks for: nothing is wanted that a cell
    may do without.
    """

    internet: bool = False  # whether its VPC may have a way to the internet
    central_egress: bool = False  # whether its default route leads over a transit gateway
    ipv6_pods: bool = False  # whether its pods have IPv6 addresses
    open_endpoints: bool = False  # whether its endpoints may let everybody through
    shared_outside: bool = False  # whether its share has members in other organizations
    way_out: bool = False  # whether its gateway leads to the internet
    pod_blocks: tuple[str, ...] = ("100.64.0.0/10",)  # addresses that no other network routes to


NOTHING_EXPECTED = Expected()
