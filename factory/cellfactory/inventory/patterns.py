"""The forms that texts in `cells.yaml` take, each with the words that explain it.

ASCII only: `[0-9]` and never `\\d`, which takes the digits of every script there is.
"""

from __future__ import annotations

NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
ACCOUNT_ID = r"^[0-9]{12}$"
ROLE_NAME = r"^[A-Za-z0-9_+=,.@-]{1,64}$"
REGION = r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$"
ZONE_ID = r"^[a-z]+[0-9]-az[0-9]+$"
NAMESPACE = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
QUOTA_CODE = r"^L-[0-9A-F]{8}$"
BUCKET = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
BUCKET_KEPT = (
    r"^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$"
    r"|^[0-9]{1,3}(\.[0-9]{1,3}){3}$"
)
"""Names that S3 keeps for itself, or that look like an IP address.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""
VPC_ID = r"^vpc-[0-9a-f]{8}([0-9a-f]{9})?$"
ATTACHMENT_ID = r"^tgw-attach-[0-9a-f]{8}([0-9a-f]{9})?$"
ROUTE_TABLE = r"^rtb-[0-9a-f]{8}([0-9a-f]{9})?$"
LABEL_KEY = (
    r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*/)?"
    r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"
)
LABEL_VALUE = r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$"
INSTANCE_TYPE = r"^[a-z0-9-]+\.[a-z0-9-]+$"
CHART_VERSION = r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}$"
CHART_REPOSITORY = r"^(https|oci)://[^\s]+$"
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOST = rf"([a-z0-9]+(-+[a-z0-9]+)*\.)+[a-z0-9]+(-+[a-z0-9]+)*(:{_PORT})?"
_FOLDER = r"(/[a-z0-9]+([._-]+[a-z0-9]+)*)"
REGISTRY = rf"^{_HOST}{_FOLDER}*$"
IMAGE = rf"^{_HOST}{_FOLDER}+:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}(@sha256:[0-9a-f]{{64}})?$"
KUBERNETES_VERSION = r"^1\.[0-9]{2}$"
SPARK_VERSION = r"^[1-9]\.[0-9]{1,2}$"
NODE_IMAGE = r"^v20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
ADDON_VERSION = r"^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$"
POLICY = r"^(arn:aws:iam::aws:policy/)?([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,128}$"
RESOURCE_GROUP = r"^[A-Za-z0-9_.-]{1,300}$"
PRINCIPAL = r"^arn:aws:iam::[0-9]{12}:(role|user)/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}$"
HUB_ROLE = r"^arn:aws:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,60}$"
"""A role beside which there is room for the one that reads, whose name is four letters longer."""
EMAIL = (
    r"^[A-Za-z0-9!#$*+/=?^_`{}~-][A-Za-z0-9!#$*+/=?^_`{}~.-]*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$"
)
"""What AWS takes for a new account.

Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
"""
_KMS_ID = (
    r"([0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
)
KMS_KEY = (
    r"^(alias/[A-Za-z0-9/_-]{1,250}"
    rf"|arn:aws:kms:[a-z0-9-]+:[0-9]{{12}}:(alias/[A-Za-z0-9/_-]{{1,250}}|key/{_KMS_ID})"
    rf"|{_KMS_ID})$"
)
"""What AWS takes and the backend of Terraform, too, which looks closer at an id.

Source:
    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    https://github.com/hashicorp/terraform/blob/main/internal/backend/remote-state/s3/validate.go
"""
UNIT = r"^(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32})$"
SERVICE_IN_FULL = r"^(com\.amazonaws|aws\.api)\."
SERVICE = r"^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$"
DURATION = r"^(0|[1-9][0-9]{0,4})[smh]$"
REPOSITORY = (
    r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/([A-Za-z0-9_-]|\.[A-Za-z0-9_-])[A-Za-z0-9._-]{0,98}$"
)
PROJECT = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$"
SUBJECT = r"^repo:[A-Za-z0-9-]+(@[0-9]+)?/[A-Za-z0-9._-]+(@[0-9]+)?$"
SITE_URL = r"^https://([a-z0-9]+(-+[a-z0-9]+)*\.)+[a-z0-9]+(-+[a-z0-9]+)*(:[0-9]{1,5})?$"
BRANCH = r"^[A-Za-z0-9_]+([./-][A-Za-z0-9_]+)*$"
RUNNER = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
RELEASE = r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}((a|b|rc)[0-9]+)?$"

WORDS = {
    NAME: "a name: lower-case letters, digits and single hyphens, a letter first",
    ACCOUNT_ID: "an account id: twelve digits in quotes",
    ROLE_NAME: "a role name: letters, digits and _+=,.@- (no path, no ARN)",
    REGION: "a Region, such as us-east-1",
    ZONE_ID: "a zone id, such as use1-az1 (an id and not a name such as us-east-1a)",
    NAMESPACE: "a Kubernetes namespace: lower-case letters, digits and hyphens, at most 63",
    QUOTA_CODE: "a Service Quotas code, such as L-BB24F6E5",
    BUCKET: "a bucket name: lower-case letters, digits, hyphens and single dots, with a letter or "
    "digit at both ends and beside each dot",
    BUCKET_KEPT: "another name: S3 keeps those that begin with xn--, sthree- or amzn-s3-demo-, or "
    "end with -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3, and takes no IP address",
    ATTACHMENT_ID: "a transit gateway attachment, such as tgw-attach-0f00ba120f00ba120",
    VPC_ID: "a VPC id, such as vpc-0f00ba120f00ba120",
    ROUTE_TABLE: "a route table's id, such as rtb-0f00ba120f00ba120",
    LABEL_KEY: "a label key: at most 63 letters, digits and ._- after an optional domain and slash",
    LABEL_VALUE: "a label value: at most 63 letters, digits and ._-, none of ._- at either end",
    INSTANCE_TYPE: "an EC2 instance type, such as r6gd.8xlarge",
    CHART_VERSION: "a chart version, such as 2.5.2",
    CHART_REPOSITORY: "a chart repository: https://… or oci://…",
    IMAGE: "an image with its registry and tag, such as registry.example.com/spark:4.0.1",
    KUBERNETES_VERSION: 'an EKS version in quotes, such as "1.34"',
    SPARK_VERSION: 'a Spark version in quotes, such as "3.5"',
    NODE_IMAGE: "a release of the node image, which is a day, such as v20251103",
    ADDON_VERSION: "an add-on version, such as v1.20.4-eksbuild.1",
    POLICY: "a policy's name in the cell's account, with its path if it has one, or the ARN of one "
    "that AWS manages: a type's cells have accounts of their own",
    RESOURCE_GROUP: "the name of a resource group of capacity reservations (no ARN and no cr-…: a "
    "reservation lies in one zone of one account, the nodes in several)",
    PRINCIPAL: "the ARN of an IAM role or user, such as arn:aws:iam::123456789012:role/admins",
    HUB_ROLE: "the ARN of an IAM role, such as arn:aws:iam::123456789012:role/accept, whose "
    "name has at most 60 characters",
    EMAIL: "an e-mail address that AWS takes: ASCII, no dot first, and a domain of two parts",
    KMS_KEY: "a KMS key's id, ARN or alias, such as alias/tfstate",
    REGISTRY: "a registry without https://, such as registry.example.com/mirror",
    UNIT: "an organizational unit or root, such as ou-ab12-cdefgh34",
    SERVICE_IN_FULL: "the name of a service without com.amazonaws and Region, such as ecr.api",
    SERVICE: "the name of an endpoint service, such as ecr.api",
    DURATION: "a duration: a whole number and s, m or h, such as 30m",
    REPOSITORY: "a repository of GitHub: its owner and name, such as example-org/cells",
    PROJECT: "a project of GitLab: its groups and name, such as example-group/cells",
    SUBJECT: "how a token names the repository, such as repo:example-org@123/cells@456",
    SITE_URL: "the address of a site and nothing behind it, such as https://github.com",
    BRANCH: "a branch: letters, digits and single ._/- between them, such as main",
    RUNNER: "a label of runners: letters, digits and ._-, such as ubuntu-24.04",
    RELEASE: "a release of cellfactory, such as 0.1.0",
}
