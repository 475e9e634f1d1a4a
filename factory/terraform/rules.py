"""What can be wrong with Terraform, with what it is run on, and with what it hands on."""

from __future__ import annotations

RULES = {
    "F601": "No Terraform was found, or the one that was named cannot be run.",
    "F602": "What was found is no Terraform, or one that is too old.",
    "F603": "A file of the outputs registry is not a record of outputs.",
    "F604": "The outputs of a stack are not what its layer hands on, or not what the next takes.",
    "F605": "The outputs registry cannot be reached, read or written.",
    "F606": "A stack cannot be destroyed: another one still takes values from it.",
    "F607": "A plan would destroy or replace something, or make anew what it does not find, and "
    "`--allow-destroy` does not cover it.",
    "F608": "No emulated AWS is running here, or it no longer answers.",
    "F609": "The emulated AWS did not start, or ended by itself.",
    "F610": "Another run is at work on the same stack in the same folder.",
    "F611": "There is no provider lock where real AWS is at stake, or it lacks a provider that a "
    "stack needs.",
    "F612": "A provider is not the one that the provider lock holds, or cannot be had in "
    "that version.",
    "F613": "The provider lock is not what Terraform writes.",
    "F615": "A new account cannot be used in the time that it is given for that.",
    "F616": "A plan would take a control plane back to an older Kubernetes version, or up by more "
    "than one minor version at a time.",
    "F617": "A plan would take an add-on back to an older version (a warning).",
    "F618": "A private chart registry gives no login.",
    "F619": "Terraform tells nothing of a plan that it has just made.",
    "F620": "Terraform, or AWS through it, reports an error in a stack, in its own words; its "
    "warnings are warnings.",
    "F621": "A stack was not applied: what it takes values from does not exist yet.",
    "F622": "Credentials are missing, refused to assume a role, or of another account.",
    "F623": "Service Quotas cannot be reached, or refuses to tell a quota.",
    "F650": "A state could not be saved where it belongs; nothing is planned without it.",
    "F651": "`validate` left every stack out, so that nothing was validated.",
    "F652": "AWS cannot be asked what bears the tags of a stack, or a state cannot be read.",
    "F630": "Something that must be there before the first apply is not, as `doctor` sees it.",
    "F631": "Something that should be there is not, or `doctor` may not ask for it (a warning).",
    "F640": "A network is not destroyed: others left something in its VPC, which `--sweep` "
    "deletes.",
    "F641": "A network could not be destroyed, and what Terraform did not make still lies in its "
    "VPC.",
    "F642": "Something that was left in a VPC cannot be swept.",
}
"""What each rule says; a number is never used again for something else."""
