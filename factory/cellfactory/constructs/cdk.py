# mypy: implicit-reexport
# ruff: noqa: F401 - the names are here to be imported from here
"""The one door to the CDK for Terraform: nothing else imports cdktf, jsii or a provider's bindings.

To offer one more class, add its line below. The import lines are the table: type checkers read
them as they stand, and at run time `__getattr__` looks a name up in them and imports its module
when it is first asked for. So importing this module starts nothing; asking for a class starts
Node. How that is made fast is told in `cellfactory.constructs._bindings`.

A module costs time and room in the slim copy, so each one here is in use; its names cost nothing
until they are asked for, and stand here whole. What we build from them is in
`cellfactory.constructs.stack`.

The environment variable CELLFACTORY_CDK chooses the way in:
    fast    (default) only the modules that are used, generated type checks off
    checked           the same, with the type checks of the bindings on (the tests use it)
    plain             what `import cdktf_cdktf_provider_aws` does, with nothing of ours (benchmarks)
All three give the same Terraform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellfactory.constructs import _bindings
from cellfactory.constructs._bindings import table

if TYPE_CHECKING:
    from cdktf import (
        App,
        Fn,
        ITerraformDependable,
        LocalBackend,
        Postcondition,
        Precondition,
        S3Backend,
        S3BackendAssumeRoleConfig,
        TerraformDataSource,
        TerraformElement,
        TerraformLocal,
        TerraformOutput,
        TerraformProvider,
        TerraformResource,
        TerraformResourceLifecycle,
        TerraformStack,
        TerraformVariable,
        TerraformVariableValidationConfig,
        Token,
    )
    from cdktf_cdktf_provider_aws.account_region import (
        AccountRegion,
        AccountRegionTimeouts,
    )
    from cdktf_cdktf_provider_aws.autoscaling_attachment import AutoscalingAttachment
    from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
    from cdktf_cdktf_provider_aws.data_aws_ami import (
        DataAwsAmi,
        DataAwsAmiFilter,
    )
    from cdktf_cdktf_provider_aws.data_aws_vpc_peering_connection import (
        DataAwsVpcPeeringConnection,
    )
    from cdktf_cdktf_provider_aws.default_route_table import DefaultRouteTable
    from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
    from cdktf_cdktf_provider_aws.ec2_subnet_cidr_reservation import Ec2SubnetCidrReservation
    from cdktf_cdktf_provider_aws.ec2_transit_gateway import Ec2TransitGateway
    from cdktf_cdktf_provider_aws.ec2_transit_gateway_peering_attachment import (
        Ec2TransitGatewayPeeringAttachment,
        Ec2TransitGatewayPeeringAttachmentOptions,
    )
    from cdktf_cdktf_provider_aws.ec2_transit_gateway_peering_attachment_accepter import (
        Ec2TransitGatewayPeeringAttachmentAccepter,
    )
    from cdktf_cdktf_provider_aws.ec2_transit_gateway_route import Ec2TransitGatewayRoute
    from cdktf_cdktf_provider_aws.ec2_transit_gateway_route_table import (
        Ec2TransitGatewayRouteTable,
    )
    from cdktf_cdktf_provider_aws.ec2_transit_gateway_route_table_association import (
        Ec2TransitGatewayRouteTableAssociation,
    )
    from cdktf_cdktf_provider_aws.ec2_transit_gateway_vpc_attachment import (
        Ec2TransitGatewayVpcAttachment,
    )
    from cdktf_cdktf_provider_aws.ec2_transit_gateway_vpc_attachment_accepter import (
        Ec2TransitGatewayVpcAttachmentAccepter,
    )
    from cdktf_cdktf_provider_aws.egress_only_internet_gateway import EgressOnlyInternetGateway
    from cdktf_cdktf_provider_aws.eip import (
        Eip,
        EipTimeouts,
    )
    from cdktf_cdktf_provider_aws.eks_access_entry import (
        EksAccessEntry,
        EksAccessEntryTimeouts,
    )
    from cdktf_cdktf_provider_aws.eks_access_policy_association import (
        EksAccessPolicyAssociation,
        EksAccessPolicyAssociationAccessScope,
        EksAccessPolicyAssociationTimeouts,
    )
    from cdktf_cdktf_provider_aws.eks_addon import (
        EksAddon,
        EksAddonPodIdentityAssociation,
        EksAddonTimeouts,
    )
    from cdktf_cdktf_provider_aws.eks_cluster import (
        EksCluster,
        EksClusterAccessConfig,
        EksClusterComputeConfig,
        EksClusterControlPlaneScalingConfig,
        EksClusterEncryptionConfig,
        EksClusterEncryptionConfigProvider,
        EksClusterKubernetesNetworkConfig,
        EksClusterKubernetesNetworkConfigElasticLoadBalancing,
        EksClusterStorageConfig,
        EksClusterStorageConfigBlockStorage,
        EksClusterTimeouts,
        EksClusterUpgradePolicy,
        EksClusterVpcConfig,
        EksClusterZonalShiftConfig,
    )
    from cdktf_cdktf_provider_aws.eks_node_group import (
        EksNodeGroup,
        EksNodeGroupLaunchTemplate,
        EksNodeGroupNodeRepairConfig,
        EksNodeGroupNodeRepairConfigNodeRepairConfigOverrides,
        EksNodeGroupRemoteAccess,
        EksNodeGroupScalingConfig,
        EksNodeGroupTaint,
        EksNodeGroupTimeouts,
        EksNodeGroupUpdateConfig,
    )
    from cdktf_cdktf_provider_aws.eks_pod_identity_association import EksPodIdentityAssociation
    from cdktf_cdktf_provider_aws.flow_log import (
        FlowLog,
        FlowLogDestinationOptions,
    )
    from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
    from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
    from cdktf_cdktf_provider_aws.iam_role import IamRole
    from cdktf_cdktf_provider_aws.iam_role_policies_exclusive import IamRolePoliciesExclusive
    from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
    from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
    from cdktf_cdktf_provider_aws.iam_role_policy_attachments_exclusive import (
        IamRolePolicyAttachmentsExclusive,
    )
    from cdktf_cdktf_provider_aws.internet_gateway import (
        InternetGateway,
        InternetGatewayTimeouts,
    )
    from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
    from cdktf_cdktf_provider_aws.kms_key import (
        KmsKey,
        KmsKeyTimeouts,
    )
    from cdktf_cdktf_provider_aws.launch_template import (
        LaunchTemplate,
        LaunchTemplateBlockDeviceMappings,
        LaunchTemplateBlockDeviceMappingsEbs,
        LaunchTemplateCapacityReservationSpecification,
        LaunchTemplateCapacityReservationSpecificationCapacityReservationTarget,
        LaunchTemplateCpuOptions,
        LaunchTemplateCreditSpecification,
        LaunchTemplateEnclaveOptions,
        LaunchTemplateHibernationOptions,
        LaunchTemplateIamInstanceProfile,
        LaunchTemplateMaintenanceOptions,
        LaunchTemplateMetadataOptions,
        LaunchTemplateMonitoring,
        LaunchTemplateNetworkInterfaces,
        LaunchTemplateNetworkInterfacesConnectionTrackingSpecification,
        LaunchTemplatePlacement,
        LaunchTemplatePrivateDnsNameOptions,
        LaunchTemplateTagSpecifications,
    )
    from cdktf_cdktf_provider_aws.lb import (
        Lb,
        LbAccessLogs,
        LbConnectionLogs,
        LbHealthCheckLogs,
        LbIpamPools,
        LbMinimumLoadBalancerCapacity,
        LbSubnetMapping,
        LbTimeouts,
    )
    from cdktf_cdktf_provider_aws.lb_listener import (
        LbListener,
        LbListenerDefaultAction,
        LbListenerDefaultActionFixedResponse,
        LbListenerDefaultActionForward,
        LbListenerDefaultActionForwardStickiness,
        LbListenerDefaultActionForwardTargetGroup,
        LbListenerDefaultActionRedirect,
        LbListenerMutualAuthentication,
        LbListenerTimeouts,
    )
    from cdktf_cdktf_provider_aws.lb_target_group import (
        LbTargetGroup,
        LbTargetGroupHealthCheck,
        LbTargetGroupStickiness,
        LbTargetGroupTargetFailover,
        LbTargetGroupTargetGroupHealth,
        LbTargetGroupTargetGroupHealthDnsFailover,
        LbTargetGroupTargetGroupHealthUnhealthyStateRouting,
        LbTargetGroupTargetHealthState,
    )
    from cdktf_cdktf_provider_aws.nat_gateway import (
        NatGateway,
        NatGatewayTimeouts,
    )
    from cdktf_cdktf_provider_aws.organizations_account import (
        OrganizationsAccount,
        OrganizationsAccountTimeouts,
    )
    from cdktf_cdktf_provider_aws.provider import (
        AwsProvider,
        AwsProviderAssumeRole,
        AwsProviderAssumeRoleWithWebIdentity,
        AwsProviderDefaultTags,
        AwsProviderEndpoints,
        AwsProviderIgnoreTags,
    )
    from cdktf_cdktf_provider_aws.ram_principal_association import RamPrincipalAssociation
    from cdktf_cdktf_provider_aws.ram_resource_association import RamResourceAssociation
    from cdktf_cdktf_provider_aws.ram_resource_share import RamResourceShare
    from cdktf_cdktf_provider_aws.ram_resource_share_accepter import RamResourceShareAccepter
    from cdktf_cdktf_provider_aws.route import (
        Route,
        RouteTimeouts,
    )
    from cdktf_cdktf_provider_aws.route_table import (
        RouteTable,
        RouteTableTimeouts,
    )
    from cdktf_cdktf_provider_aws.route_table_association import (
        RouteTableAssociation,
        RouteTableAssociationTimeouts,
    )
    from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
    from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
        S3BucketLifecycleConfiguration,
        S3BucketLifecycleConfigurationRule,
        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
        S3BucketLifecycleConfigurationRuleExpiration,
        S3BucketLifecycleConfigurationRuleFilter,
        S3BucketLifecycleConfigurationRuleFilterAnd,
        S3BucketLifecycleConfigurationRuleFilterTag,
        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
        S3BucketLifecycleConfigurationRuleNoncurrentVersionTransition,
        S3BucketLifecycleConfigurationRuleTransition,
        S3BucketLifecycleConfigurationTimeouts,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
        S3BucketOwnershipControls,
        S3BucketOwnershipControlsRule,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
    from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
    from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
        S3BucketServerSideEncryptionConfigurationA,
        S3BucketServerSideEncryptionConfigurationRuleA,
        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
        S3BucketVersioningA,
        S3BucketVersioningVersioningConfiguration,
    )
    from cdktf_cdktf_provider_aws.s3_object import S3Object
    from cdktf_cdktf_provider_aws.security_group import (
        SecurityGroup,
        SecurityGroupTimeouts,
    )
    from cdktf_cdktf_provider_aws.subnet import (
        Subnet,
        SubnetTimeouts,
    )
    from cdktf_cdktf_provider_aws.vpc import Vpc
    from cdktf_cdktf_provider_aws.vpc_endpoint import (
        VpcEndpoint,
        VpcEndpointDnsOptions,
        VpcEndpointSubnetConfiguration,
        VpcEndpointTimeouts,
    )
    from cdktf_cdktf_provider_aws.vpc_ipv4_cidr_block_association import (
        VpcIpv4CidrBlockAssociation,
        VpcIpv4CidrBlockAssociationTimeouts,
    )
    from cdktf_cdktf_provider_aws.vpc_peering_connection import (
        VpcPeeringConnection,
        VpcPeeringConnectionTimeouts,
    )
    from cdktf_cdktf_provider_aws.vpc_peering_connection_accepter import (
        VpcPeeringConnectionAccepterA,
        VpcPeeringConnectionAccepterTimeouts,
    )
    from cdktf_cdktf_provider_aws.vpc_peering_connection_options import (
        VpcPeeringConnectionOptions,
        VpcPeeringConnectionOptionsAccepter,
        VpcPeeringConnectionOptionsRequester,
    )
    from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
    from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
    from cdktf_cdktf_provider_helm.provider import (
        HelmProvider,
        HelmProviderKubernetes,
        HelmProviderKubernetesExec,
    )
    from cdktf_cdktf_provider_helm.release import (
        Release,
        ReleaseSet,
        ReleaseSetSensitive,
        ReleaseTimeouts,
    )
else:

    def __getattr__(name: str) -> Any:
        """Import the class of that name, and with the first one start Node."""
        if name.startswith("__") or name not in _bindings.table():
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = _bindings.load(name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_bindings.table()})
