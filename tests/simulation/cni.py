"""A small simulation of how the VPC CNI gives a node its addresses, apart from the model.

It knows interfaces, slots, pods and settings, and nothing of formulas: each step asks whether the
pool is too low or too high and takes or gives back as the CNI would. Written after what the CNI
does (https://github.com/aws/amazon-vpc-cni-k8s/blob/b5218838/pkg/ipamd/ipamd.go); timers other
than the rest of a freed address are left out, as they change the speed and not the outcome.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

PER_PREFIX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Environment of the CNI's daemon, and the kubelet's maxPods."""

    max_pods: int
    prefix_delegation: bool = True
    custom_networking: bool = True
    minimum_ip_target: int = 0  # 0 is unset, as in the CNI
    warm_ip_target: int = 0
    warm_prefix_target: int = 1
    warm_eni_target: int = 1
    max_eni: int = 0  # 0 leaves it to the instance type
    stops_at_max_pods: bool = True  # CNI 1.16.3 and later

    @property
    def has_targets(self) -> bool:
        return self.minimum_ip_target > 0 or self.warm_ip_target > 0


@dataclass(slots=True)
class Interface:
    """One network interface and what sits in its slots."""

    slots: int
    prefixes: int = 0
    singles: int = 0

    @property
    def free_slots(self) -> int:
        return self.slots - self.prefixes - self.singles

    @property
    def addresses(self) -> int:
        return PER_PREFIX * self.prefixes + self.singles


@dataclass(slots=True)
class Node:
    """A node of an instance type under given settings."""

    settings: Settings
    type_interfaces: int
    type_addresses: int
    interfaces: list[Interface] = field(default_factory=list)
    pods: int = 0
    resting: list[int] = field(default_factory=list)  # when each freed address may be used again
    now: int = 0
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.interfaces.append(Interface(slots=self.type_addresses - 1))

    # -- what it has ------------------------------------------------------------------------------

    @property
    def pool(self) -> list[Interface]:
        """Interfaces that pods may use."""
        return self.interfaces[1:] if self.settings.custom_networking else self.interfaces

    @property
    def total(self) -> int:
        return sum(interface.addresses for interface in self.pool)

    @property
    def subnet_addresses(self) -> int:
        """Single addresses of all its interfaces, their own included."""
        return sum(1 + interface.singles for interface in self.interfaces)

    @property
    def available(self) -> int:
        return self.total - self.pods

    @property
    def usable(self) -> int:
        """Addresses that a new pod may have now."""
        return self.available - sum(1 for until in self.resting if until > self.now)

    @property
    def most_interfaces(self) -> int:
        limit = self.settings.max_eni or self.type_interfaces
        return min(limit, self.type_interfaces)

    def nau(self) -> int:
        """Count what AWS counts: every address and prefix, every interface beyond the first."""
        own = len(self.interfaces)
        held = sum(interface.prefixes + interface.singles for interface in self.interfaces)
        return own + held + (len(self.interfaces) - 1)

    # -- what happens to it -----------------------------------------------------------------------

    def boot(self) -> None:
        self.calls["CreateTags"] += 1
        self.settle()

    def restart(self) -> None:
        """The daemon starts again: it finds what is attached and settles anew."""
        self.resting = []
        self.settle()

    def add_pod(self) -> bool:
        """Start a pod; False when the kubelet refuses it or no address is usable."""
        if self.pods >= self.settings.max_pods or self.usable < 1:
            return False
        self.pods += 1
        self.settle()
        return True

    def remove_pod(self, rest: int = 0) -> None:
        self.pods -= 1
        self.resting = [until for until in self.resting if until > self.now]
        self.resting.append(self.now + rest)
        self.settle()

    def settle(self) -> None:
        """Grow and shrink until the CNI is content."""
        for _ in range(1000):
            if not self._grow() and not self._shrink():
                return
        msg = "the pool never settles"
        raise AssertionError(msg)

    # -- the CNI ----------------------------------------------------------------------------------

    def _short(self) -> int:
        """Addresses that the targets miss."""
        wanted = self.settings.warm_ip_target - self.available
        return max(0, wanted, self.settings.minimum_ip_target - self.total)

    def _is_too_low(self) -> bool:
        settings = self.settings
        if settings.stops_at_max_pods and self.total >= settings.max_pods:
            return False
        if settings.has_targets:
            return self._short() > 0
        if settings.prefix_delegation:
            return self._free_prefixes() < settings.warm_prefix_target
        return self.available < settings.warm_eni_target * (self.type_addresses - 1)

    def _free_prefixes(self) -> int:
        """Prefixes without a pod, the pods packed into as few prefixes as hold them."""
        return sum(i.prefixes for i in self.pool) - -(-self.pods // PER_PREFIX)

    def _wanted_slots(self) -> int:
        """Slots to fill in this step; as many as there are when no target says less."""
        if self.settings.prefix_delegation:
            if self.settings.has_targets:
                return max(1, -(-self._short() // PER_PREFIX))
            return max(1, self.settings.warm_prefix_target - self._free_prefixes())
        return self._short() if self.settings.has_targets else self.type_addresses

    def _grow(self) -> bool:
        if not self._is_too_low():
            return False
        wanted = self._wanted_slots()
        for interface in self.pool:
            if interface.free_slots:
                self.calls["AssignPrivateIpAddresses"] += 1
                self._fill(interface, wanted)
                return True
        if len(self.interfaces) >= self.most_interfaces:
            return False
        interface = Interface(slots=self.type_addresses - 1)
        self._fill(interface, wanted)
        self.interfaces.append(interface)
        for call in (
            "CreateNetworkInterface",
            "AttachNetworkInterface",
            "ModifyNetworkInterfaceAttribute",
        ):
            self.calls[call] += 1
        return True

    def _fill(self, interface: Interface, wanted: int) -> None:
        count = min(wanted, interface.free_slots)
        if self.settings.prefix_delegation:
            interface.prefixes += count
        else:
            interface.singles += count

    def _shrink(self) -> bool:
        """Give back what is above the targets; without targets, idle prefixes beyond the warm."""
        settings = self.settings
        if not settings.prefix_delegation:
            return False
        if settings.has_targets:
            keep = max(self.pods + settings.warm_ip_target, settings.minimum_ip_target)
            surplus = sum(i.prefixes for i in self.pool) - -(-keep // PER_PREFIX)
        else:
            surplus = self._free_prefixes() - settings.warm_prefix_target
        for interface in reversed(self.pool):
            if surplus > 0 and interface.prefixes:
                interface.prefixes -= 1
                self.calls["UnassignPrivateIpAddresses"] += 1
                return True
        return False
