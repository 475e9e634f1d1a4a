"""Network policies of our charts: what they let through, and that pods do not rewrite them."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.specs.charts import OWN_CHARTS
from tests.helm.conftest import of_kind
from tests.helm.test_platform import Releases, rendered_own

pytestmark = pytest.mark.helm


def test_policies_choose_pods_that_stay_and_never_all_of_them(releases: Releases) -> None:
    """AWS's controller writes a policy anew whenever a pod that it chooses comes or goes."""
    seen = 0
    for made in releases.values():
        for name in OWN_CHARTS.keys() & made:
            for policy in of_kind(rendered_own(made[name]), "NetworkPolicy").values():
                assert policy["spec"]["podSelector"]["matchLabels"]
                for peer in peers(policy["spec"]):
                    chosen = {k: v for k, v in peer.items() if k != "ipBlock"}
                    assert "ipBlock" in peer or chosen["podSelector"]["matchLabels"], policy
                seen += 1
    assert seen > 2


def test_the_gateways_policy_chooses_the_history_servers_pods(releases: Releases) -> None:
    for made in releases.values():
        if "spark-ui-gateway" not in made:
            continue
        (policy,) = of_kind(rendered_own(made["spark-ui-gateway"]), "NetworkPolicy").values()
        (server,) = of_kind(rendered_own(made["spark-history-server"]), "Deployment").values()
        labels = server["spec"]["template"]["metadata"]["labels"]
        home = {"kubernetes.io/metadata.name": made["spark-history-server"]["namespace"]}
        chosen = [
            peer
            for peer in peers(policy["spec"])
            if peer.get("podSelector", {}).get("matchLabels", {"": ""}).items() <= labels.items()
        ]
        assert [peer["namespaceSelector"]["matchLabels"] for peer in chosen] == [home]


def test_what_a_policy_lets_out_reaches_the_service_too(releases: Releases) -> None:
    """The agent sees a request before the Service's address becomes a pod's.

    So AWS's controller adds the addresses of Services whose selector holds all that the policy
    chooses by, at the Service's own port; where that differs from the pod's, it adds nothing.
    """
    seen = 0
    for made in releases.values():
        if not {"spark-ui-gateway", "spark-history-server"} <= made.keys():
            continue
        (policy,) = of_kind(rendered_own(made["spark-ui-gateway"]), "NetworkPolicy").values()
        server = rendered_own(made["spark-history-server"])
        (service,) = of_kind(server, "Service").values()
        (deployment,) = of_kind(server, "Deployment").values()
        (rule,) = [
            rule
            for rule in policy["spec"]["egress"]
            for peer in rule.get("to", [])
            if peer.get("podSelector", {}).get("matchLabels", {"": ""}).items()
            <= service["spec"]["selector"].items()
        ]
        (port,) = service["spec"]["ports"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        (open_port,) = [
            each["containerPort"]
            for each in container["ports"]
            if port["targetPort"] in (each["name"], each["containerPort"])
        ]
        assert [each["port"] for each in rule["ports"]] == [port["port"]] == [open_port]
        seen += 1
    assert seen


def peers(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """List whom a policy lets in or out to, rule by rule."""
    rules = [rule.get("from", []) for rule in policy.get("ingress", [])]
    rules += [rule.get("to", []) for rule in policy.get("egress", [])]
    return [peer for rule in rules for peer in rule]
