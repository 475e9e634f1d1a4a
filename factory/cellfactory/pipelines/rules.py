"""What can be wrong about what is rendered; a number is never used again for something else."""

from __future__ import annotations

RULES = {
    "F735": "CI installs another version of cellfactory than the one that renders its workflows.",
    "F736": "The lock that CI installs cellfactory by does not hold it, or is missing (a warning).",
    "F737": "Nothing says that the pipeline runs on GitHub, so that there is none to render.",
    "F738": "A rendered workflow is stale, missing or left over.",
}
