"""EKS, which the emulator brings itself."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.client import leftovers
from tests.sandbox.eks_cell import Cell
from tests.sandbox.emulators import REGION

pytestmark = pytest.mark.sandbox

ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


def test_a_cluster_answers_what_was_asked_for(cell: Cell) -> None:
    key = {"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:us-east-1:1:key/1"}}
    cell.create(
        kubernetesNetworkConfig={"serviceIpv4Cidr": "172.21.0.0/16"},
        encryptionConfig=[key],
        upgradePolicy={"supportType": "STANDARD"},
        logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        tags={"one": "1"},
    )
    cluster = cell.eks.describe_cluster(name="cell")["cluster"]
    assert (cluster["status"], cluster["version"]) == ("ACTIVE", "1.34")
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.21.0.0/16"
    assert cluster["encryptionConfig"] == [key]
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    enabled = [row["types"] for row in cluster["logging"]["clusterLogging"] if row["enabled"]]
    assert enabled == [["api", "audit"]]
    assert cluster["tags"] == {"one": "1"}
    assert cluster["identity"]["oidc"]["issuer"].startswith(f"https://oidc.eks.{REGION}.")
    assert b"CERTIFICATE" in base64.b64decode(cluster["certificateAuthority"]["data"])
    assert cluster["resourcesVpcConfig"]["vpcId"] == cell.vpc


def test_a_cluster_has_a_real_group_and_interfaces_in_its_subnets(cell: Cell) -> None:
    group_id = cell.create()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    (group,) = cell.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    assert group["VpcId"] == cell.vpc
    (rule,) = group["IpPermissions"]
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [group_id]
    interfaces = cell.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert {one["SubnetId"] for one in interfaces} == set(cell.subnets)
    with pytest.raises(ClientError, match="DependencyViolation"):
        cell.ec2.delete_subnet(SubnetId=cell.subnets[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "-cell"}, "does not match"),
        ({"roleArn": "arn:aws:iam::1:user/me"}, "Invalid Role Arn"),
        ({"resourcesVpcConfig": {"subnetIds": ["subnet-0aaaa"]}}, "does not exist"),
        ({"version": None}, "no default Kubernetes version"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(
    cell: Cell, changes: dict[str, Any], message: str
) -> None:
    if changes.get("version", "") is None:
        with pytest.raises(ClientError, match=message):
            cell.eks.create_cluster(
                name="cell",
                roleArn=cell.role("cluster"),
                resourcesVpcConfig={"subnetIds": cell.subnets},
            )
        return
    with pytest.raises(ClientError, match=message):
        cell.create(**changes)


def test_a_cluster_needs_two_zones_and_a_way_in(cell: Cell) -> None:
    with pytest.raises(ClientError, match="two different AZs"):
        cell.create(resourcesVpcConfig={"subnetIds": cell.subnets[:1]})
    closed = {"endpointPublicAccess": False, "endpointPrivateAccess": False}
    with pytest.raises(ClientError, match="cannot both be false"):
        cell.create(resourcesVpcConfig={"subnetIds": cell.subnets, **closed})
    with pytest.raises(ClientError, match="does not exist"):
        cell.create(
            resourcesVpcConfig={"subnetIds": cell.subnets, "securityGroupIds": ["sg-0aaaa"]}
        )
    assert cell.eks.list_clusters()["clusters"] == []
    groups = cell.ec2.describe_security_groups()["SecurityGroups"]
    assert [group["GroupName"] for group in groups] == ["default"]


def test_updates_are_seen_and_finished(cell: Cell) -> None:
    cell.create()
    update = cell.eks.update_cluster_config(
        name="cell", resourcesVpcConfig={"endpointPublicAccess": True}
    )["update"]
    seen = cell.eks.describe_update(name="cell", updateId=update["id"])["update"]
    assert (seen["status"], seen["type"]) == ("Successful", "VpcConfigUpdate")
    cell.eks.update_cluster_config(
        name="cell", logging={"clusterLogging": [{"types": ["api"], "enabled": True}]}
    )
    cell.eks.update_cluster_version(name="cell", version="1.35")
    cluster = cell.eks.describe_cluster(name="cell")["cluster"]
    assert cluster["version"] == "1.35"
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is True
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"] is True
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["api"], "enabled": True}
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cell.eks.describe_update(name="cell", updateId="none")


def test_a_control_plane_that_was_updated_goes_back_once(cell: Cell) -> None:
    cell.create()
    cell.eks.update_cluster_version(name="cell", version="1.35")
    update = cell.eks.update_cluster_version(name="cell", version="1.34")["update"]
    assert update["type"] == "VersionRollback"
    assert cell.eks.describe_cluster(name="cell")["cluster"]["version"] == "1.34"
    with pytest.raises(ClientError, match=r"minor version update from 1\.34 to 1\.33"):
        cell.eks.update_cluster_version(name="cell", version="1.33")


@pytest.mark.parametrize("version", ["1.33", "1.34", "1.36", "2.35"])
def test_a_control_plane_goes_up_by_one_minor_version_and_never_down(
    cell: Cell, version: str
) -> None:
    cell.create()
    said = f"Unsupported Kubernetes minor version update from 1.34 to {version}"
    with pytest.raises(ClientError, match=re.escape(said)):
        cell.eks.update_cluster_version(name="cell", version=version)
    assert cell.eks.describe_cluster(name="cell")["cluster"]["version"] == "1.34"


def test_a_node_group_has_a_scaling_group_without_instances(cell: Cell) -> None:
    cell.create()
    template = cell.template(InstanceType="r6g.4xlarge")
    repair, update = {"enabled": True}, {"maxUnavailablePercentage": 10}
    taint = {"key": "spark", "value": "executor", "effect": "NO_SCHEDULE"}
    cell.create_nodes(
        launchTemplate=template,
        labels={"pool": "node"},
        taints=[taint],
        nodeRepairConfig=repair,
        updateConfig=update,
    )
    group = cell.eks.describe_nodegroup(clusterName="cell", nodegroupName="node")["nodegroup"]
    assert group["launchTemplate"] == {**template, "name": "node"}
    assert (group["labels"], group["taints"]) == ({"pool": "node"}, [taint])
    assert (group["nodeRepairConfig"], group["updateConfig"]) == (repair, update)
    assert not {"remoteAccess", "diskSize", "instanceTypes"} & set(group)
    scaling = cell.emulator.client("autoscaling", cell.account)
    name = group["resources"]["autoScalingGroups"][0]["name"]
    answer = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    (made,) = answer["AutoScalingGroups"]
    assert (made["MinSize"], made["MaxSize"], made["DesiredCapacity"]) == (420, 420, 420)
    assert made["Instances"] == []
    assert cell.ec2.describe_instances()["Reservations"] == []


def test_a_template_with_an_image_makes_a_custom_group(cell: Cell) -> None:
    cell.create()
    group = cell.create_nodes(launchTemplate=cell.template(ImageId="ami-0aaaa"))
    assert (group["amiType"], group["releaseVersion"]) == ("CUSTOM", "ami-0aaaa")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"diskSize": 30}, "Disk size"),
        ({"remoteAccess": {"ec2SshKey": "key"}}, "Remote access"),
        ({"instanceTypes": ["r6g.large"]}, "Instance types"),
        ({"amiType": "AL2023_ARM_64_STANDARD"}, "AMI type"),
        ({"scalingConfig": {"minSize": 2, "maxSize": 3, "desiredSize": 1}}, "out of order"),
        ({"subnets": ["subnet-0aaaa"]}, "does not exist"),
        ({"launchTemplate": {"id": "lt-0aaaa", "version": "1"}}, "lt-0aaaa"),
    ],
)
def test_a_node_group_that_cannot_be_is_refused(
    cell: Cell, changes: dict[str, Any], message: str
) -> None:
    cell.create()
    template = cell.template(ImageId="ami-0aaaa", InstanceType="r6g.4xlarge")
    with pytest.raises(ClientError, match=message):
        cell.create_nodes(**({"launchTemplate": template} | changes))
    assert cell.eks.list_nodegroups(clusterName="cell")["nodegroups"] == []


def test_a_node_group_changes_in_place(cell: Cell) -> None:
    cell.create()
    template = cell.template(InstanceType="r6g.4xlarge")
    cell.create_nodes(launchTemplate=template, labels={"gone": "1", "kept": "1"})
    cell.ec2.create_launch_template_version(
        LaunchTemplateId=template["id"], LaunchTemplateData={"InstanceType": "r6g.8xlarge"}
    )
    here = {"clusterName": "cell", "nodegroupName": "node"}
    cell.eks.update_nodegroup_config(
        **here,
        scalingConfig={"minSize": 400, "maxSize": 400, "desiredSize": 400},
        labels={"addOrUpdateLabels": {"new": "1"}, "removeLabels": ["gone"]},
        taints={"addOrUpdateTaints": [{"key": "a", "effect": "NO_EXECUTE"}]},
    )
    cell.eks.update_nodegroup_version(**here, launchTemplate={**template, "version": "2"})
    group = cell.eks.describe_nodegroup(**here)["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 400
    assert group["labels"] == {"kept": "1", "new": "1"}
    assert group["taints"] == [{"key": "a", "effect": "NO_EXECUTE"}]
    assert group["launchTemplate"]["version"] == "2"
    scaling = cell.emulator.client("autoscaling", cell.account)
    (made,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert made["DesiredCapacity"] == 400


def test_a_cluster_goes_after_its_node_groups_and_leaves_nothing(cell: Cell) -> None:
    cell.create()
    cell.create_nodes()
    with pytest.raises(ClientError, match="ResourceInUse"):
        cell.eks.delete_cluster(name="cell")
    here = {"clusterName": "cell", "nodegroupName": "node"}
    cell.eks.delete_nodegroup(**here)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cell.eks.describe_nodegroup(**here)
    cell.eks.delete_cluster(name="cell")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cell.eks.describe_cluster(name="cell")
    left = leftovers(cell.emulator.endpoint, cell.account, REGION)
    assert left == sorted([f"vpc {cell.vpc}", *(f"subnet {one}" for one in cell.subnets)])


def test_access_entries_and_their_policies(cell: Cell) -> None:
    cell.create()
    here = {"clusterName": "cell", "principalArn": cell.role("operators/lead")}
    entry = cell.eks.create_access_entry(**here, kubernetesGroups=["operators"])["accessEntry"]
    session = f"arn:aws:sts::{cell.account}:assumed-role/lead/{{{{SessionName}}}}"
    assert (entry["type"], entry["username"]) == ("STANDARD", session)
    with pytest.raises(ClientError, match="ResourceInUse"):
        cell.eks.create_access_entry(**here)
    cell.eks.associate_access_policy(**here, policyArn=ADMIN, accessScope={"type": "cluster"})
    listed = cell.eks.list_associated_access_policies(**here)["associatedAccessPolicies"]
    assert [(row["policyArn"], row["accessScope"]["type"]) for row in listed] == [
        (ADMIN, "cluster")
    ]
    for changes, message in (
        ({"policyArn": ADMIN + "s"}, "could not be found"),
        ({"accessScope": {"type": "namespace"}}, "Namespaces"),
    ):
        named = {"policyArn": ADMIN, "accessScope": {"type": "cluster"}, **changes}
        with pytest.raises(ClientError, match=message):
            cell.eks.associate_access_policy(**here, **named)
    cell.eks.disassociate_access_policy(**here, policyArn=ADMIN)
    assert not cell.eks.list_associated_access_policies(**here)["associatedAccessPolicies"]
    cell.eks.delete_access_entry(**here)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cell.eks.describe_access_entry(**here)


def test_the_nodes_of_a_managed_group_get_an_entry(cell: Cell) -> None:
    cell.create()
    cell.create_nodes()
    here = {"clusterName": "cell", "principalArn": cell.role("node")}
    entry = cell.eks.describe_access_entry(**here)["accessEntry"]
    assert (entry["type"], entry["kubernetesGroups"]) == ("EC2_LINUX", ["system:nodes"])
    with pytest.raises(ClientError, match="type EC2_LINUX"):
        cell.eks.associate_access_policy(**here, policyArn=ADMIN, accessScope={"type": "cluster"})


def test_a_cluster_with_the_old_map_has_no_entries(cell: Cell) -> None:
    cell.create(accessConfig={"authenticationMode": "CONFIG_MAP"})
    cell.create_nodes()
    with pytest.raises(ClientError, match="authentication mode"):
        cell.eks.create_access_entry(clusterName="cell", principalArn=cell.role("one"))


@pytest.mark.parametrize("group", ["system:masters", "eks:one"])
def test_reserved_groups_are_refused(cell: Cell, group: str) -> None:
    cell.create()
    with pytest.raises(ClientError, match="reserved"):
        cell.eks.create_access_entry(
            clusterName="cell", principalArn=cell.role("one"), kubernetesGroups=[group]
        )


def test_an_addon_keeps_its_configuration_and_owns_its_identity(cell: Cell) -> None:
    cell.create()
    values = json.dumps({"env": {"ENABLE_PREFIX_DELEGATION": "true"}})
    here = {"clusterName": "cell", "addonName": "vpc-cni"}
    identity = {"serviceAccount": "aws-node", "roleArn": cell.role("cni")}
    cell.eks.create_addon(
        **here,
        addonVersion="v1.20.4-eksbuild.1",
        configurationValues=values,
        podIdentityAssociations=[identity],
    )
    addon = cell.eks.describe_addon(**here)["addon"]
    assert (addon["status"], addon["addonVersion"]) == ("ACTIVE", "v1.20.4-eksbuild.1")
    assert addon["configurationValues"] == values
    (listed,) = cell.eks.list_pod_identity_associations(clusterName="cell")["associations"]
    assert [listed["associationArn"]] == addon["podIdentityAssociations"]
    assert (listed["namespace"], listed["ownerArn"]) == ("kube-system", addon["addonArn"])
    with pytest.raises(ClientError, match="ResourceInUse"):
        cell.eks.create_addon(**here)
    cell.eks.update_addon(**here, podIdentityAssociations=[])
    assert not cell.eks.list_pod_identity_associations(clusterName="cell")["associations"]
    cell.eks.delete_addon(**here)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cell.eks.describe_addon(**here)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("{", "not valid"),
        ("[]", "not valid"),
        ('{"env": {"MINIMUM_IP_TARGET": 96}}', "string expected"),
        ('{"enableNetworkPolicy": true}', "enableNetworkPolicy: bool found, string expected"),
        ('{"eniConfig": {"create": true, "region": "us-east-1"}}', "eniConfig.subnets"),
        (
            '{"eniConfig": {"create": true, "region": "us-east-1", "subnets": {"us-east-1a": {}}}}',
            "us-east-1a.id",
        ),
    ],
)
def test_configuration_that_the_cni_refuses(cell: Cell, values: str, message: str) -> None:
    cell.create()
    with pytest.raises(ClientError, match=message):
        cell.eks.create_addon(clusterName="cell", addonName="vpc-cni", configurationValues=values)
    assert cell.eks.list_addons(clusterName="cell")["addons"] == []


def test_configuration_may_be_yaml(cell: Cell) -> None:
    cell.create()
    cell.eks.create_addon(
        clusterName="cell", addonName="coredns", configurationValues="replicaCount: 3\n"
    )


def test_a_service_account_has_one_identity(cell: Cell) -> None:
    cell.create()
    here = {"clusterName": "cell", "namespace": "jobs", "serviceAccount": "spark"}
    made = cell.eks.create_pod_identity_association(**here, roleArn=cell.role("job"))["association"]
    with pytest.raises(ClientError, match="already exists"):
        cell.eks.create_pod_identity_association(**here, roleArn=cell.role("other"))
    named = {"clusterName": "cell", "associationId": made["associationId"]}
    cell.eks.update_pod_identity_association(**named, roleArn=cell.role("other"))
    seen = cell.eks.describe_pod_identity_association(**named)["association"]
    assert seen["roleArn"] == cell.role("other")
    assert (
        cell.eks.list_pod_identity_associations(clusterName="cell", namespace="none")[
            "associations"
        ]
        == []
    )
    cell.eks.delete_pod_identity_association(**named)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cell.eks.describe_pod_identity_association(**named)


def test_everything_in_a_cluster_can_be_tagged(cell: Cell) -> None:
    cluster = cell.create()
    group = cell.create_nodes()
    here = {"clusterName": "cell"}
    addon = cell.eks.create_addon(**here, addonName="coredns")["addon"]
    for arn in (cluster["arn"], group["nodegroupArn"], addon["addonArn"]):
        cell.eks.tag_resource(resourceArn=arn, tags={"one": "1", "two": "2"})
        cell.eks.untag_resource(resourceArn=arn, tagKeys=["one"])
        assert cell.eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"two": "2"}
    with pytest.raises(ClientError, match="NotFound"):
        cell.eks.tag_resource(resourceArn=cluster["arn"] + "x", tags={"one": "1"})
