"""What a synthesis makes: the texts of an output folder. Nothing here starts Node."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

TERRAFORM_VERSION = ">= 1.10.0"
"""The first Terraform with the S3 backend's native lockfile.

Source:
    https://developer.hashicorp.com/terraform/language/backend/s3
"""

VERSIONS_FILE = "versions.tf"
VERSIONS = f'terraform {{\n  required_version = "{TERRAFORM_VERSION}"\n}}\n'
"""Which Terraform may run a stack, in a file beside it: Checkov reads no JSON that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesized:
    """What one synthesis made.

    `stacks` maps a stack's name to its normalised Terraform JSON, in order of name; `manifest` is
    the text that `cdktf` reads beside them.
    """

    stacks: Mapping[str, str]
    manifest: str

    def files(self) -> dict[str, str]:
        """The output folder: path inside it (with `/`) to text."""
        texts = {f"stacks/{name}/cdk.tf.json": text for name, text in self.stacks.items()}
        versions = {f"stacks/{name}/{VERSIONS_FILE}": VERSIONS for name in self.stacks}
        return {"manifest.json": self.manifest, **texts, **versions}


def manifest_of(stacks: Iterable[str]) -> str:
    """Write what `cdktf` reads beside the stacks, as the bindings write it.

    Args:
        stacks: their names.
    """
    entries = {
        name: {
            "annotations": [],
            "constructPath": name,
            "dependencies": [],
            "name": name,
            "stackMetadataPath": f"stacks/{name}/metadata.json",
            "synthesizedStackPath": f"stacks/{name}/cdk.tf.json",
            "workingDirectory": f"stacks/{name}",
        }
        for name in stacks
    }
    manifest = {"stacks": entries, "version": version("cdktf")}
    return json.dumps(manifest, indent=2, sort_keys=True) + "\n"
