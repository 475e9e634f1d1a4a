"""The Terraform of the shipped inventory: what it says, where, and what it can never say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cellfactory.sizing.ledger import size_cell
from cellfactory.tree.tree import read_tree
from tests.synth.conftest import Example
from tests.synth.provider_schema import unknown_attributes

pytestmark = pytest.mark.synth

HERE = Path(__file__).parent


def resources(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield kind, name and body of every resource and data source."""
    for kinds in (document.get("resource", {}), document.get("data", {})):
        for kind, named in kinds.items():
            for name, body in named.items():
                yield kind, name, body


def cluster(example: Example, cell: str) -> dict[str, Any]:
    found: dict[str, Any] = example.documents[f"{cell}-cluster"]["resource"]
    return found


def test_terraform_addresses_do_not_move(example: Example, request: pytest.FixtureRequest) -> None:
    """A changed line is a destroyed resource: write a `moved` block, or think again."""
    tree = read_tree(example.stacks, example.texts)
    lines = [f"{place.stack} {place.address}" for place, _ in tree.all_resources()]
    text = "\n".join(sorted(lines)) + "\n"
    golden = HERE / "addresses.txt"
    if request.config.getoption("--update-cases"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize(
    "stack",
    [
        *("moka-use1-b-network", "moka-use1-b-peering", "moka-use1-b-accept"),
        *("moka-use1-b-routes", "moka-use1-b-cluster", "moka-use1-b-platform"),
        *("moka-use1-c-account", "moka-usw2-a-network"),
    ],
)
def test_golden_stack(example: Example, stack: str, request: pytest.FixtureRequest) -> None:
    golden = HERE / "golden" / f"{stack}.tf.json"
    if request.config.getoption("--update-cases"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(example.texts[stack], "utf-8")
    assert example.texts[stack] == golden.read_text("utf-8")


def test_every_stack_of_the_plan_is_there_and_no_other(example: Example) -> None:
    assert sorted(example.texts) == sorted(stack.id.name for stack in example.stacks)


def test_variables_and_outputs_are_those_of_the_layers(example: Example) -> None:
    for stack in example.stacks:
        document = example.documents[stack.id.name]
        variables = {n: v["type"] for n, v in document.get("variable", {}).items()}
        assert variables == {name: given.type for name, given in stack.inputs.items()}, stack.id
        assert sorted(document.get("output", {})) == sorted(stack.outputs), stack.id
        assert not [v for v in document.get("variable", {}).values() if "default" in v]


def test_every_variable_is_used(example: Example) -> None:
    """But for a map that no stack has an entry for: it is there so that a first peer adds a key."""
    for stack in example.stacks:
        for variable, given in stack.inputs.items():
            used = f"var.{variable}" in example.texts[stack.id.name]
            assert used == bool(given.all_sources()), f"{stack.id} takes {variable} for nothing"


def test_one_provider_configuration_in_each_stack(example: Example) -> None:
    for name, document in example.documents.items():
        (kind,) = document["provider"]
        assert kind == ("helm" if name.endswith("-platform") else "aws")
        assert len(document["provider"][kind]) == 1


def test_a_stack_works_in_its_own_account_by_a_chain_of_roles(example: Example) -> None:
    (provider,) = example.documents["moka-use1-b-network"]["provider"]["aws"]
    assert provider["allowed_account_ids"] == ["555555555555"]
    assert [role["role_arn"] for role in provider["assume_role"]] == [
        "arn:aws:iam::111111111111:role/CellFactory",
        "arn:aws:iam::555555555555:role/OrganizationAccountAccessRole",
    ]
    (provider,) = example.documents["moka-use1-c-account"]["provider"]["aws"]
    assert provider["allowed_account_ids"] == ["222222222222"]
    assert [role["role_arn"] for role in provider["assume_role"]] == [
        "arn:aws:iam::222222222222:role/CellFactory"
    ]
    (provider,) = example.documents["moka-use1-c-network"]["provider"]["aws"]
    assert provider["allowed_account_ids"] == ["${var.account_id}"]


def test_every_stack_of_a_cell_goes_the_same_way_and_says_which_it_is(example: Example) -> None:
    """Terraform's provider and the token that Helm shows: one chain, the stack's name in both."""
    for stack in example.stacks:
        name = stack.id.name
        provider = example.documents[name]["provider"]
        if stack.id.row.by_bootstrap:  # by an administrator's keys, which no file names
            assert "assume_role" not in provider["aws"][0]
            continue
        if "helm" in provider:
            (helm,) = provider["helm"]
            told = helm["kubernetes"]["exec"]
            assert told["command"] == "cellfactory"
            words = told["args"]
            roles = [words[i + 1] for i, word in enumerate(words) if word == "--role"]
            sessions = {words[words.index("--session-name") + 1]}
        else:
            (aws,) = provider["aws"]
            roles = [role["role_arn"] for role in aws["assume_role"]]
            sessions = {role["session_name"] for role in aws["assume_role"]}
        assert roles == list(stack.access.roles), name
        assert sessions == {name}
    apart = {"account", "member"}  # in the management account, or by an administrator's keys
    ways = {(s.id.owner, s.access) for s in example.stacks if s.id.layer not in apart}
    assert len(ways) == len({owner for owner, _ in ways})


def test_everything_that_aws_can_tag_is_tagged_by_its_provider(example: Example) -> None:
    for name, document in example.documents.items():
        for provider in document["provider"].get("aws", ()):
            (tags,) = provider["default_tags"]
            owner, _, layer = name.rpartition("-")
            (kind,) = {stack.id.kind for stack in example.stacks if stack.id.name == name}
            assert tags["tags"] == {
                f"cellfactory:{kind}": owner,
                "cellfactory:layer": layer,
                "cellfactory:stack": name,
            }


def test_state_is_in_s3_with_its_own_lock_file(example: Example) -> None:
    keys = set()
    for document in example.documents.values():
        backend = document["terraform"]["backend"]["s3"]
        assert backend["use_lockfile"] is True
        assert backend["encrypt"] is True
        assert "dynamodb_table" not in backend
        keys.add(backend["key"])
    assert len(keys) == len(example.documents)


def test_every_attribute_exists_in_the_providers_of_the_bindings(example: Example) -> None:
    """The real 5.100.0 validates the stacks elsewhere; this is the other end of the range."""
    unknown = {name: unknown_attributes(document) for name, document in example.documents.items()}
    assert {name: found for name, found in unknown.items() if found} == {}


def test_nothing_of_this_machine_is_written(example: Example) -> None:
    forbidden = re.compile(r"/home/|/root|/tmp|/usr/|site-packages|\.py\b|20\d\d-\d\d-\d\dT|jsii")
    for name, text in example.texts.items():
        for line in text.splitlines():
            assert not forbidden.search(line), f"{name}: {line.strip()}"
        assert text.count('"//"') == 1  # what `cdktf synth` reads: backend and stack name


def test_nothing_is_admitted_from_everywhere(example: Example) -> None:
    rules = [
        (name, body)
        for document in example.documents.values()
        for kind, name, body in resources(document)
        if kind == "aws_vpc_security_group_ingress_rule"
    ]
    assert len(rules) > 20
    for name, body in rules:
        assert body.get("cidr_ipv4") != "0.0.0.0/0", name
        assert "cidr_ipv6" not in body


def test_the_private_api_is_open_to_the_hubs_and_to_no_other_block(example: Example) -> None:
    hub = example.design.inventory.hubs["shared-services"]
    for cell, hubs in (("moka-use1-b", hub.blocks), ("moka-usw2-a", ())):
        network = example.documents[f"{cell}-network"]["resource"]
        rules = [
            rule
            for rule in network["aws_vpc_security_group_ingress_rule"].values()
            if rule["security_group_id"] == "${aws_security_group.control-plane.id}"
        ]
        assert {(rule["from_port"], rule["to_port"]) for rule in rules} == {(443, 443)}
        from_hubs = [rule for rule in rules if rule.get("for_each") == "${local.hub_blocks}"]
        assert [rule for rule in rules if "cidr_ipv4" in rule] == from_hubs
        rows = example.documents[f"{cell}-network"].get("locals", {}).get("hub_blocks", {})
        assert [row["block"] for row in rows.values()] == [str(block) for block in hubs]
        assert len(from_hubs) == bool(hubs)
        planned = example.design
        sized = size_cell(planned.inventory, cell, planned.plan.cells[cell], planned.facts)
        (counted,) = (u.used for u in sized if u.bound == "rules-per-security-group")
        built = len(rules) - len(from_hubs) + len(rows)
        assert built == counted, "the sizing model counts what is built"


def test_nodes_are_static(example: Example) -> None:
    groups = cluster(example, "moka-use1-a")["aws_eks_node_group"]
    assert len(groups) == 18
    for group in groups.values():
        sizes = group["scaling_config"]
        assert sizes["min_size"] == sizes["max_size"] == sizes["desired_size"]
        assert "lifecycle" not in group  # a change of size must reach AWS
        assert len(group["subnet_ids"]) == 1
        assert {"ami_type", "release_version", "version", "instance_types"}.isdisjoint(group)
    assert sum(g["scaling_config"]["desired_size"] for g in groups.values()) == 1299


def test_the_cni_holds_six_prefixes_and_never_more(example: Example) -> None:
    addon = cluster(example, "moka-use1-a")["aws_eks_addon"]["addon-vpc-cni"]
    text = addon["configuration_values"]
    environment = json.loads(text[text.index("{", text.index("env")) : text.index(", eniConfig")])
    assert environment == {
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
        "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
        "ENABLE_PREFIX_DELEGATION": "true",
        "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
        "MAX_ENI": "2",
        "MINIMUM_IP_TARGET": "96",
        "WARM_IP_TARGET": "0",
        "WARM_PREFIX_TARGET": "1",
    }


def test_nodes_wait_for_the_cni_and_coredns_waits_for_nodes(example: Example) -> None:
    made = cluster(example, "moka-use1-a")
    for group in made["aws_eks_node_group"].values():
        assert "aws_eks_addon.addon-vpc-cni" in group["depends_on"]
    late = made["aws_eks_addon"]["addon-coredns"]["depends_on"]
    assert late == [f"aws_eks_node_group.group-driver-use1-az{n}" for n in (1, 2, 4)]


def test_pods_have_no_way_out_of_their_own(example: Example) -> None:
    """Peers never learn a pod's address: no route to or from the pod table leaves the VPC."""
    for name, document in example.documents.items():
        routes = document.get("resource", {}).get("aws_route", {})
        for route in routes.values():
            assert "table-pod" not in json.dumps(route), name
    network = example.documents["moka-use1-a-network"]["resource"]
    pods = example.design.plan.cells["moka-use1-a"].pod_blocks
    text = json.dumps(example.documents["moka-use1-b-peering"]["locals"])
    assert not [block for block in pods if str(block) in text]
    assert "aws_internet_gateway" not in network
    assert "aws_nat_gateway" not in network


def test_a_cell_with_egress_has_a_nat_gateway_in_each_zone(example: Example) -> None:
    network = example.documents["moka-usw2-a-network"]["resource"]
    assert len(network["aws_nat_gateway"]) == 3
    assert set(network["aws_route"]) == {
        "default-of-public",
        *(f"default-of-node-usw2-az{n}" for n in (1, 2, 3)),
    }


def test_pods_on_a_node_are_what_its_prefixes_hold(example: Example) -> None:
    templates = cluster(example, "moka-use1-a")["aws_launch_template"]
    for template in templates.values():
        assert '\\"maxPods\\": 96' in template["user_data"]
        assert '\\"maxPodsExpression\\": \\"96\\"' in template["user_data"]
        assert template["metadata_options"]["http_tokens"] == "required"
        disks = '\\"instance\\": {\\"localStorage\\": {\\"strategy\\": \\"RAID0\\"}}'
        assert disks in template["user_data"]
