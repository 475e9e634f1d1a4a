"""What can be wrong about a pipeline; a number is never used again for something else."""

from __future__ import annotations

RULES = {
    "F730": "The pipeline names both GitHub and GitLab, and has one account to be let into.",
    "F731": "Git or GitHub takes no branch of that name for the default branch.",
    "F732": "A ring bakes for as long as the session of an apply role lasts, or longer, so that "
    "nobody could ask its clusters afterwards.",
    "F733": "A runner is to have the same label twice.",
    "F734": "A job of GitHub's own runners ends before the session of an apply role does (a "
    "warning).",
    "F735": "CI installs another version of cellfactory than the one that renders its workflows.",
    "F736": "The lock that CI installs cellfactory by does not hold it, or is missing (a warning).",
    "F737": "Nothing says where the pipeline runs, so that there is none to render.",
    "F738": "A rendered workflow is stale, missing or left over.",
}
