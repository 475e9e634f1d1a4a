"""Who inside a cell may speak to whom; nothing is ever admitted from everywhere.

Pods and nodes of a cell trust each other, as Spark needs (drivers and executors listen on ports
they choose). Peers are not admitted here: which flows cross the mesh is declared elsewhere. Hubs
reach the load balancer and the Kubernetes API, which has no other way in: whoever installs the
platform layer works from one of them. Pods with IPv6 addresses share the interface of their node,
and its group.
"""

from __future__ import annotations

from cellfactory.constructs.cdk import (
    SecurityGroup,
    TerraformLocal,
    TerraformStack,
    VpcSecurityGroupEgressRule,
    VpcSecurityGroupIngressRule,
)
from cellfactory.constructs.stack import for_each
from cellfactory.naming import name_tag, security_group_name
from cellfactory.specs.layers import NetworkSpec

_HTTPS = 443
_KUBELET = 10250

_USES = {
    "node": "Nodes",
    "pod": "Pods",
    "control-plane": "EKS control plane",
    "endpoint": "Interface endpoints",
    "ingress": "Network load balancer",
}
_NAMED = {"control-plane": "the Kubernetes API", "ingress": "the network load balancer"}


class CellSecurityGroups:
    """The security groups of a cell, by use, and the rules between them."""

    def __init__(self, stack: TerraformStack, cell: NetworkSpec, vpc_id: str) -> None:
        self._stack = stack
        missing = {*(() if cell.ingress else ("ingress",)), *(("pod",) if cell.ipv6_pods else ())}
        self.groups = {u: self._group(cell, u, vpc_id) for u in _USES if u not in missing}
        workers = [use for use in ("node", "pod") if use in self.groups]
        for use in workers:
            for other in workers:
                self._admit(use, other)
            self._admit("control-plane", use, port=_HTTPS)
            self._admit("endpoint", use, port=_HTTPS)
            self._allow_out(use)
        if cell.ipv6_pods:
            self._allow_ipv6_out("node")
        else:
            self._admit("node", "control-plane", port=_KUBELET)
            self._admit("node", "control-plane", port=_HTTPS)
        self._admit(workers[-1], "control-plane")  # webhooks listen on ports they choose
        for use in workers:
            self._allow_out("control-plane", to=use)
        if cell.hub_blocks:
            TerraformLocal(stack, "hub_blocks", _hub_rows(cell))
            self._admit_hubs("control-plane", port=_HTTPS)
        if cell.ingress:
            self._admit("node", "ingress", port=cell.ingress.node)
            self._allow_out("ingress", to="node")
        if cell.ingress and cell.hub_blocks:
            self._admit_hubs("ingress", port=cell.ingress.listener)

    def _group(self, cell: NetworkSpec, use: str, vpc_id: str) -> SecurityGroup:
        return SecurityGroup(
            self._stack,
            use,
            name=security_group_name(cell.name, use),
            description=f"{_USES[use]} of cell {cell.name}",
            vpc_id=vpc_id,
            tags=name_tag(cell.name, use),
        )

    def _admit(self, group: str, source: str, port: int | None = None) -> None:
        name = f"{group}-from-{source}" + (f"-{port}" if port else "")
        VpcSecurityGroupIngressRule(
            self._stack,
            name,
            security_group_id=self.groups[group].id,
            referenced_security_group_id=self.groups[source].id,
            description=f"{_USES[source]} to {_USES[group]}",
            ip_protocol="tcp" if port else "-1",
            from_port=port,
            to_port=port,
        )

    def _allow_out(self, group: str, to: str | None = None) -> None:
        VpcSecurityGroupEgressRule(
            self._stack,
            f"{group}-to-{to or 'anywhere'}",
            security_group_id=self.groups[group].id,
            referenced_security_group_id=self.groups[to].id if to else None,
            cidr_ipv4=None if to else "0.0.0.0/0",
            description=f"{_USES[group]} to {_USES[to] if to else 'anywhere that has a route'}",
            ip_protocol="-1",
        )

    def _allow_ipv6_out(self, group: str) -> None:
        """Let IPv6 go wherever a route leads: within the VPC, and out where there is egress."""
        VpcSecurityGroupEgressRule(
            self._stack,
            f"{group}-to-anywhere-ipv6",
            security_group_id=self.groups[group].id,
            cidr_ipv6="::/0",
            description=f"{_USES[group]} to anywhere that has an IPv6 route",
            ip_protocol="-1",
        )

    def _admit_hubs(self, group: str, port: int) -> None:
        """Admit every block of every hub: rows, so that no block stands in an address by itself."""
        rule = VpcSecurityGroupIngressRule(
            self._stack,
            f"{group}-from-hubs",
            security_group_id=self.groups[group].id,
            cidr_ipv4="${each.value.block}",
            description=f"Hub ${{each.value.hub}} to {_NAMED[group]}",
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )
        for_each(rule, "${local.hub_blocks}")


def _hub_rows(cell: NetworkSpec) -> dict[str, dict[str, str]]:
    """One row for each block of each hub, keyed by both."""
    return {
        f"{hub} {block}": {"block": str(block), "hub": hub}
        for hub, blocks in cell.hub_blocks.items()
        for block in blocks
    }
