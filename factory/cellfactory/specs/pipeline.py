"""The layer `pipeline`: the state bucket, its key, the way in for CI and the roles behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cellfactory.errors import Finding, InventoryError, Problem
from cellfactory.inventory.pipeline import Pipeline
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack
from cellfactory.layers.access import ring_roles
from cellfactory.layers.hub_rights import hub_roles
from cellfactory.naming import (
    PLAN,
    apply_environment,
    factory_policy_name,
    pipeline_role_name,
    reading_role_name,
    role_arn,
    state_key_alias,
)
from cellfactory.specs.packing import packed, roles_spec
from cellfactory.specs.parts import Parts
from cellfactory.specs.roles import (
    BucketSpec,
    KeySpec,
    PipelineSpec,
    ProviderSpec,
    RoleSpec,
    RolesSpec,
    Statements,
)
from cellfactory.specs.trust import federated_trust, issuer_of, provider_arn

REGISTRY = "registry"
KEY_ARN = "${aws_kms_key.state-key.arn}"
_PROVIDER_ARN = "${aws_iam_openid_connect_provider.ci.arn}"
_STATES = ("cells/*", "meshes/*", "hubs/*")
"""What the pipeline works with; below `bootstrap/` lies what says its rights."""

_LOOKS_AT_BUCKET = (
    *("s3:ListBucket", "s3:GetBucketLocation", "s3:GetBucketVersioning"),
    *("s3:GetBucketPublicAccessBlock", "s3:GetEncryptionConfiguration"),
)


def describe(parts: Parts, stack: Stack) -> PipelineSpec:
    """Collect what the account of the pipeline holds.

    Raises:
        InventoryError: when the inventory does not say where the pipeline runs (F716).
    """
    inventory, account = parts.inventory, stack.access.account
    pipeline = require_pipeline(inventory)
    issuer = issuer_of(pipeline)
    assert issuer is not None
    state, by_hand = inventory.state, pipeline.by_hand
    alias = state.kms_key if (state.kms_key or "").startswith("alias/") else None
    bucket = BucketSpec(
        name=state.bucket,
        key_arn=_key_arn(inventory, pipeline),
        policy=_bucket_policy(state.bucket, account),
        registry_prefix=f"{REGISTRY}/",
        registry_days=int(parts.facts.policy_value("registry-version-days")),
    )
    key = KeySpec(alias=alias or state_key_alias(state.bucket), policy=_key_policy(account))
    provider = ProviderSpec(url=issuer.url, audience=issuer.audience)
    return PipelineSpec(
        bucket=None if "bucket" in by_hand else bucket,
        key=None if "key" in by_hand else key,
        provider=None if "oidc_provider" in by_hand else provider,
        access=_roles(parts, pipeline),
    )


def require_pipeline(inventory: Inventory) -> Pipeline:
    """Return where the pipeline runs.

    Raises:
        InventoryError: when the inventory does not say (F716).
    """
    pipeline = inventory.pipeline
    if pipeline is not None and issuer_of(pipeline) is not None:
        return pipeline
    missing = "pipeline" if pipeline is None else "pipeline.github or pipeline.gitlab"
    finding = Finding(
        rule="F716",
        message=f"{missing} is missing: nothing says whose tokens the roles of CI are for",
        hint='add pipeline: {account: "…", github: {repository: owner/name}}, or gitlab: '
        "{project: group/name}; the account is to hold the state bucket and the roles of CI",
    )
    raise InventoryError([Problem(None, finding)])


def _key_arn(inventory: Inventory, pipeline: Pipeline) -> str:
    """The ARN of the key of the states, or the expression of one that is made.

    Raises:
        InventoryError: where somebody else made it, and its ARN is not told (F716).
    """
    if "key" not in pipeline.by_hand:
        return KEY_ARN
    key = inventory.state.kms_key or ""
    if ":key/" in key:
        return key
    finding = Finding(
        rule="F716",
        path=("state", "kms_key"),
        message=f"pipeline.by_hand leaves the key to others, and state.kms_key is {key or 'unset'}",
        hint="write the ARN of that key into state.kms_key, as arn:aws:kms:…:key/…; an alias is "
        "not what policies are about",
    )
    raise InventoryError([Problem(None, finding)])


def _provider_arn(pipeline: Pipeline) -> str:
    issuer = issuer_of(pipeline)
    if "oidc_provider" in pipeline.by_hand and issuer is not None:
        return provider_arn(pipeline.account, issuer)
    return _PROVIDER_ARN


def _roles(parts: Parts, pipeline: Pipeline) -> RolesSpec:
    inventory = parts.inventory
    key, provider = _key_arn(inventory, pipeline), _provider_arn(pipeline)
    bucket, region = inventory.state.bucket, inventory.state.region
    working, reading = _ways(inventory), _ways(inventory, reads=True)
    roles = {
        PLAN: RoleSpec(
            name=pipeline_role_name(PLAN),
            description="Plans cells: reads states and the registry, and changes nothing",
            trust=(federated_trust(pipeline, PLAN, provider),),
            policies=packed(
                factory_policy_name(PLAN),
                (*_reading_states(bucket, region, key), *_going(reading)),
                parts.facts,
            ),
        )
    }
    for ring in ring_roles(inventory):
        environment = apply_environment(ring)
        roles[environment] = RoleSpec(
            name=pipeline_role_name(environment),
            description=f"Applies the cells of ring {ring}",
            trust=(federated_trust(pipeline, environment, provider),),
            policies=packed(
                factory_policy_name(environment),
                (
                    *_writing_states(bucket, region, key),
                    *_going(working),
                ),
                parts.facts,
            ),
            session_hours=pipeline.session_hours,
        )
    boundary = (
        *_writing_states(bucket, region, key),
        *_going([*working, *reading]),
    )
    name = factory_policy_name("pipeline", "boundary")
    return roles_spec(name, boundary, roles, parts.facts)


def _ways(inventory: Inventory, *, reads: bool = False) -> list[str]:
    """The ARNs of the roles that lead into organizations, and straight to hubs."""
    found = [*hub_roles(inventory, None, reads=reads)]
    for organization in inventory.organizations.values():
        role = organization.provisioning_role
        role = reading_role_name(role) if reads else role
        found.append(role_arn(organization.management_account, role))
    return found


def _going(roles: Iterable[str]) -> Statements:
    named = sorted(roles)
    return (_allow("GoToOrganizations", ["sts:AssumeRole"], named),) if named else ()


def _reading_states(bucket: str, region: str, key: str) -> Statements:
    arn = f"arn:aws:s3:::{bucket}"
    objects = [f"{arn}/{part}" for part in (*_STATES, f"{REGISTRY}/*")]
    return (
        _allow("LookAtStates", _LOOKS_AT_BUCKET, [arn]),
        _allow("ReadStates", ["s3:GetObject"], objects),
        _by_s3("DecryptStates", ["kms:Decrypt"], key, region),
        _allow("LookAtKey", ["kms:DescribeKey"], [key]),
    )


def _writing_states(bucket: str, region: str, key: str) -> Statements:
    arn = f"arn:aws:s3:::{bucket}"
    objects = [f"{arn}/{part}" for part in (*_STATES, f"{REGISTRY}/*")]
    return (
        _allow("LookAtStates", _LOOKS_AT_BUCKET, [arn]),
        _allow("WorkWithStates", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], objects),
        _by_s3("EncryptStates", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], key, region),
        _allow("LookAtKey", ["kms:DescribeKey"], [key]),
    )


def _by_s3(sid: str, actions: Iterable[str], key: str, region: str) -> Mapping[str, Any]:
    """Allow the use of a key to whoever comes by way of S3."""
    via = {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}
    return {**_allow(sid, actions, [key]), "Condition": via}


def _allow(sid: str, actions: Iterable[str], resources: Iterable[str]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }


def _bucket_policy(bucket: str, account: str) -> Statements:
    """Refuse what does not come by TLS, and everybody of another account."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources}
    return (
        {
            **deny,
            "Sid": "EncryptedTransportOnly",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            **deny,
            "Sid": "ThisAccountOnly",
            "Condition": {
                "StringNotEquals": {"aws:PrincipalAccount": account},
                "Bool": {"aws:PrincipalIsAWSService": "false"},
            },
        },
    )


def _key_policy(account: str) -> Statements:
    """Leave it to policies of the account who uses the key, and let none but S3's way lead there.

    Without the account's own root nobody could ever change the policy again.
    """
    return (
        {
            "Sid": "OwnersOfTheKey",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
    )
