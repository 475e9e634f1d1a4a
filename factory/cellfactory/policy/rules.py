"""What can be wrong with a policy run itself; the policy rules are in the catalogue."""

from __future__ import annotations

RULES = {
    "F720": "The waivers are malformed: a key is missing or unknown, or a reason or a day is none.",
    "F721": "A waiver has expired.",
    "F722": "A waiver waives nothing (a warning).",
    "F723": "A waiver names a rule that does not exist.",
    "F724": "A waiver lasts longer than our policy lets it.",
    "F725": "A document to check is not Terraform JSON.",
    "F726": "Nothing was checked.",
    "F727": "Checkov was not found, failed, or could not check everything.",
}
"""What each rule says; a number is never used again for something else."""
