"""The move from cdktf to its successor cdktn, made on a copy: `python3 dev.py cdktn` proves it.

The program names the bindings in few files. `move` copies the package and writes the new names
over the old, and that is all that the move takes (docs/decisions/0015-cdktf-or-cdktn.md). The copy
runs with cdktn in front of Python's path; it must write the Terraform that the program writes.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

IMPORTS = (
    ("cdktf_cdktf_provider_", "cdktn_provider_"),
    ("from cdktf import", "from cdktn import"),
    ('"cdktf"', '"cdktn"'),
)
DISTRIBUTIONS = (("cdktf-cdktf-provider-", "cdktn-provider-"), ('"cdktf"', '"cdktn"'))

RENAMED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "constructs/_bindings.py": IMPORTS,
    "constructs/_imports.py": IMPORTS,
    "constructs/cdk.py": IMPORTS,
    "constructs/synthesized.py": DISTRIBUTIONS,
    "stacks/stencil_store.py": DISTRIBUTIONS,
}
"""The files that change, below the package, with what is written over what."""


def move(folder: Path) -> Path:
    """Copy the package and its charts into a folder, with cdktn where cdktf was.

    Returns:
        The folder to put on Python's path.
    """
    package = folder / "factory" / "cellfactory"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "factory" / "cellfactory", package, ignore=ignored)
    shutil.copytree(ROOT / "modules", folder / "modules", ignore=ignored)
    for name, pairs in RENAMED.items():
        text = (package / name).read_text("utf-8")
        for old, new in pairs:
            text = text.replace(old, new)
        (package / name).write_text(text, "utf-8")
    return package.parent
