"""The platform layer and what it needs of the cluster layer: one way in, logs, roles, order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.layers import StackId, list_stacks, order_stacks
from tests.synth.conftest import ROOT, Example, synthesize
from tests.synth.provider_schema import unknown_attributes
from tests.synth.test_stacks import cluster

pytestmark = pytest.mark.synth

WITH_UI = ("moka-use1-a", "moka-use1-b", "moka-use1-c")
WITHOUT = "moka-usw2-a"


def releases(example: Example, cell: str) -> dict[str, Any]:
    found: dict[str, Any] = example.documents[f"{cell}-platform"]["resource"]["helm_release"]
    return found


def values(release: dict[str, Any]) -> dict[str, Any]:
    (text,) = release["values"]
    made: dict[str, Any] = json.loads(text)
    return made


def test_the_load_balancer_its_rules_and_the_gateway_agree_on_one_port(example: Example) -> None:
    for cell in WITH_UI:
        ingress = example.design.inventory.type_of(cell).ingress
        assert ingress is not None
        made = cluster(example, cell)
        (target,) = made["aws_lb_target_group"].values()
        (listener,) = made["aws_lb_listener"].values()
        service = values(releases(example, cell)["spark-ui-gateway"])["service"]
        assert service == {"type": "NodePort", "nodePort": ingress.node_port}
        assert target["port"] == ingress.node_port
        assert target["health_check"]["path"] == "/readyz"
        assert listener["port"] == ingress.listener_port
        network = example.documents[f"{cell}-network"]["resource"]
        rules = network["aws_vpc_security_group_ingress_rule"]
        admitted = rules[f"node-from-ingress-{ingress.node_port}"]
        assert (admitted["from_port"], admitted["to_port"]) == (ingress.node_port,) * 2


def test_the_targets_are_all_nodes_of_the_ingress_group_and_no_other(example: Example) -> None:
    for cell in WITH_UI:
        made = cluster(example, cell)
        attached = {
            a["autoscaling_group_name"] for a in made["aws_autoscaling_attachment"].values()
        }
        drivers = [name for name in made["aws_eks_node_group"] if name.startswith("group-driver-")]
        assert len(attached) == len(drivers) == 3
        assert all(any(f".{name}." in text for text in attached) for name in drivers)


def test_routes_lead_into_the_cells_own_pod_blocks(example: Example) -> None:
    for cell in WITH_UI:
        blocks = [str(block) for block in example.design.plan.cells[cell].pod_blocks]
        assert values(releases(example, cell)["spark-ui-gateway"])["podBlocks"] == blocks


def test_the_bucket_of_the_logs_is_private_and_empties_itself(example: Example) -> None:
    for cell in WITH_UI:
        made = cluster(example, cell)
        bucket = made["aws_s3_bucket"]["event-logs"]
        assert bucket["bucket"].startswith(f"{cell}-spark-events-")
        private = made["aws_s3_bucket_public_access_block"]["event-logs-private"]
        assert all(value for key, value in private.items() if key != "bucket")
        policy = json.loads(
            made["aws_s3_bucket_policy"]["event-logs-encrypted-transport"]["policy"]
        )
        (statement,) = policy["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        rules = made["aws_s3_bucket_lifecycle_configuration"]["event-logs-expire"]["rule"]
        assert {rule["expiration"][0]["days"] for rule in rules} == {30}
        folder = made["aws_s3_object"]["event-logs-folder"]["key"]
        expired = [rule["filter"][0]["prefix"] for rule in rules]
        assert not [prefix for prefix in expired if folder.startswith(prefix)]
        assert all(prefix.startswith(f"{Path(folder).parent}/") for prefix in expired)


def test_the_server_reads_and_jobs_write_and_neither_may_more(example: Example) -> None:
    made = cluster(example, "moka-use1-a")
    may = {
        name: {
            action
            for statement in json.loads(policy["policy"])["Statement"]
            for action in statement["Action"]
        }
        for name, policy in made["aws_iam_role_policy"].items()
    }
    look = {"s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"}
    assert may["event-logs-of-history"] == look
    write = {"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"}
    assert may["event-logs-of-job"] == look | write | {"s3:ListMultipartUploadParts"}
    bound = {
        (a["namespace"], a["service_account"]): a["role_arn"]
        for a in made["aws_eks_pod_identity_association"].values()
    }
    assert bound == {
        ("spark-system", "spark-history-server"): "${aws_iam_role.role-spark-history.arn}",
        ("jobs", "spark-operator-spark"): '${aws_iam_role.role-spark-job["jobs"].arn}',
    }
    operator = values(releases(example, "moka-use1-a")["spark-operator"])
    assert operator["spark"]["serviceAccount"]["name"] == "spark-operator-spark"
    assert "spark-history-server" in releases(example, "moka-use1-a")


def test_the_bucket_is_handed_on_and_not_guessed(example: Example) -> None:
    history = values(releases(example, "moka-use1-c")["spark-history-server"])
    assert history["eventLogs"]["folder"] == "s3a://${var.event_log_bucket}/spark-events"
    stacks = {stack.id: stack for stack in example.stacks}
    assert "event_log_bucket" in stacks[StackId("moka-use1-c", "cluster")].outputs
    assert "event_log_bucket" not in stacks[StackId(WITHOUT, "cluster")].outputs


def test_releases_come_after_the_cluster_and_go_before_it(example: Example) -> None:
    """Destroying goes the other way round; see the runner's own tests."""
    order = order_stacks(example.stacks)
    for stack in example.stacks:
        if stack.id.layer == "platform":
            assert StackId(stack.id.owner, "cluster") in stack.waits_for
            assert order.index(StackId(stack.id.owner, "cluster")) < order.index(stack.id)
    for name, document in example.documents.items():
        kinds = set(document.get("resource", {}))
        assert ("helm_release" in kinds) == name.endswith("-platform")
        assert "helm_release" not in kinds or kinds == {"helm_release"}


def test_a_cell_that_asks_for_nothing_more_gets_the_operator_alone(example: Example) -> None:
    assert set(releases(example, WITHOUT)) == {"spark-namespaces", "spark-operator"}
    made = cluster(example, WITHOUT)
    assert "aws_s3_bucket" not in made
    assert "aws_lb" not in made


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The shipped inventory with YuniKorn, three job namespaces, a History Server without a UI,
    and a UI without a History Server."""
    data = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    types = data["cell_types"]
    types["spark"]["spark"]["scheduler"] = {
        "yunikorn": {"chart_version": "1.8.0", "image_registry": "registry.example.com/mirror"}
    }
    types["spark"]["spark"]["namespaces"] = ["jobs", "notebooks", "etl"]
    types["spark"]["spark"]["ui"]["max_drivers"] = 50_000
    pinned = "r.example.com/spark:4@sha256:" + "0" * 64
    types["spark-small-usw2"]["spark"]["history"] = {"image": pinned}
    types["spark-small-usw2"]["spark"]["scheduler"] = {"yunikorn": {"chart_version": "1.8.0"}}
    del types["spark-small"]["spark"]["history"]
    folder = tmp_path_factory.mktemp("changed")
    (folder / "cells.yaml").write_text(render_data(data), "utf-8")
    (folder / "cells.lock.yaml").write_bytes((ROOT / "cells.lock.yaml").read_bytes())
    return synthesize(folder / "cells.yaml")


def test_every_attribute_of_the_other_shapes_exists_too(changed: Example) -> None:
    unknown = {name: unknown_attributes(document) for name, document in changed.documents.items()}
    assert {name: found for name, found in unknown.items() if found} == {}


def test_the_operator_is_guaranteed_placed_and_brings_its_crds_up_to_date(
    example: Example,
) -> None:
    """As far as its values go; `tests/helm` renders the chart itself where there is one."""
    for cell in (*WITH_UI, WITHOUT):
        told = values(releases(example, cell)["spark-operator"])
        assert told["hook"]["upgradeCrd"] is True
        for pods in (told["controller"], told["webhook"]):
            assert pods["resources"]["requests"] == pods["resources"]["limits"]
            assert {"cpu", "memory"} == set(pods["resources"]["limits"])
            assert pods["priorityClassName"] == "system-cluster-critical"
            assert pods["topologySpreadConstraints"]


def test_yunikorn_is_there_before_the_operator_that_names_it(changed: Example) -> None:
    made = releases(changed, "moka-use1-a")
    assert "helm_release.yunikorn" in made["spark-operator"]["depends_on"]
    assert made["yunikorn"]["version"] == "1.8.0"
    told = values(made["yunikorn"])
    assert told["embedAdmissionController"] is False
    assert told["image"] == {"repository": "registry.example.com/mirror/apache/yunikorn"}
    assert told["web"]["image"] == told["image"]
    batch = values(made["spark-operator"])["controller"]["batchScheduler"]
    assert batch == {"enable": True, "default": "yunikorn"}
    plain = values(releases(changed, WITHOUT)["yunikorn"])
    assert plain == {
        "embedAdmissionController": False,
        "priorityClassName": "system-cluster-critical",
    }
    off = values(releases(changed, "moka-use1-b")["spark-operator"])
    assert "batchScheduler" not in off["controller"]


def test_jobs_of_every_namespace_write_their_logs(changed: Example) -> None:
    bound = cluster(changed, "moka-use1-a")["aws_eks_pod_identity_association"]
    jobs = {
        a["namespace"] for a in bound.values() if a["service_account"] == "spark-operator-spark"
    }
    assert jobs == {"jobs", "notebooks", "etl"}


def test_a_ui_without_history_and_a_history_without_ui(changed: Example) -> None:
    gateway = releases(changed, "moka-use1-b")
    assert "spark-history-server" not in gateway
    assert "historyServer" not in values(gateway["spark-ui-gateway"])
    assert gateway["spark-ui-gateway"]["depends_on"] == ["helm_release.spark-namespaces"]
    history = releases(changed, WITHOUT)
    assert "spark-ui-gateway" not in history
    assert values(history["spark-history-server"])["image"] == {
        "repository": "r.example.com/spark",
        "tag": "4",
        "digest": "sha256:" + "0" * 64,
    }


def test_more_drivers_take_more_memory(example: Example, changed: Example) -> None:
    def limit(made: Example) -> int:
        told = values(releases(made, "moka-use1-a")["spark-ui-gateway"])
        return int(told["sidecar"]["resources"]["limits"]["memory"].removesuffix("Mi"))

    assert limit(example) == 96 + 98  # 10,000 drivers of 10 KiB
    assert limit(changed) == 96 + 489


def test_stacks_of_a_plan_come_in_an_order_that_can_be_applied(changed: Example) -> None:
    seen: set[StackId] = set()
    for stack in list_stacks(changed.design.inventory, changed.design.facts):
        assert set(stack.waits_for) <= seen
        seen.add(stack.id)
