"""What Terraform must never destroy by itself, whoever runs it.

A VPC, a cluster, a key, a bucket or an account that is replaced is lost with all that stands on
it. Only `cellfactory destroy` lifts this guard, and for accounts nothing does.
"""

from __future__ import annotations

from collections.abc import Sequence

from cellfactory.constructs.cdk import TerraformResourceLifecycle


def replaced_before() -> TerraformResourceLifecycle:
    """Make what takes a resource's place before the old one goes: something still leads there."""
    return TerraformResourceLifecycle(create_before_destroy=True)


def kept(ignore: Sequence[str] = ()) -> TerraformResourceLifecycle:
    """Refuse every plan that would destroy or replace the resource.

    Args:
        ignore: attributes whose change is left alone, because AWS cannot change them.
    """
    return TerraformResourceLifecycle(prevent_destroy=True, ignore_changes=list(ignore) or None)
