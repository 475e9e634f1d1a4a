"""What AWS has where: endpoint services, and the zones that offer an instance type.

Both are copies of long lists of AWS's, each as of one day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointKind:
    """What kind of endpoint a service has.

    Attributes:
        name: last part of the service name, such as `ecr.api`.
        gateway: whether cells reach it through route tables; such an endpoint takes no address.
        private_names: whether clients find its interfaces by the service's usual names.
        zones_without: zone ids in which it has no interface.
        source: the page that says so.
    """

    name: str
    gateway: bool = False
    private_names: bool = True
    zones_without: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCatalogue:
    """Every endpoint service that is known, and how old that knowledge is."""

    kinds: Mapping[str, EndpointKind]  # by name
    source: str
    checked: str  # a day

    def kind(self, name: str) -> EndpointKind:
        """Return the kind of a service; one that is not known is taken for a usual one."""
        return self.kinds.get(name) or EndpointKind(name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offerings:
    """What AWS answered to DescribeInstanceTypeOfferings, in the Regions that were asked."""

    zones: Mapping[str, frozenset[str]]  # by instance type, the zone ids that offer it
    checked: str  # a day

    def lacks(self, instance_type: str, zone: str) -> bool:
        """Whether a zone of a Region that was asked does not offer a type that is known."""
        return instance_type in self.zones and zone not in self.zones[instance_type]

    def beside(self, instance_type: str, zone: str) -> tuple[str, ...]:
        """List the zones of the same Region that offer a type, sorted."""
        stem = zone.rpartition("-")[0]
        return tuple(sorted(z for z in self.zones[instance_type] if z.rpartition("-")[0] == stem))
