"""What can be wrong with Terraform, with what it is run on, and with what it hands on."""

from __future__ import annotations

RULES = {
    "F601": "Terraform was not found, or cannot be run.",
    "F602": "The program found is not Terraform, or is too old.",
    "F603": "A file in the outputs registry is malformed.",
    "F604": "A stack's outputs are not those its layer promises, or not those the next layer "
    "needs.",
    "F605": "The outputs registry cannot be reached, read or written.",
    "F606": "A stack cannot be destroyed, because another one still uses its outputs.",
    "F607": "A plan would destroy, replace or re-create something that `--allow-destroy` does not"
    " cover.",
    "F608": "No sandbox is running here, or it no longer answers.",
    "F609": "The sandbox did not start, or stopped unexpectedly.",
    "F610": "Another run is working on the same stack in the same folder.",
    "F611": "The provider lock is missing, which real AWS requires, or lacks a provider that a "
    "stack needs.",
    "F612": "A provider does not match the provider lock, or is not available in that version.",
    "F613": "The provider lock is malformed.",
    "F615": "A new account was not usable in time.",
    "F616": "A plan would take a control plane back to an older Kubernetes version, or up by more "
    "than one minor version at a time.",
    "F617": "A plan would take an add-on back to an older version (a warning).",
    "F618": "A private chart registry gives no login.",
    "F619": "Terraform cannot show a plan that it has just made.",
    "F620": "Terraform, or AWS through it, reports an error in a stack; its warnings are warnings.",
    "F621": "A stack was not applied, because its inputs do not exist yet.",
    "F622": "Credentials are missing, cannot assume a role, or belong to another account.",
    "F623": "Service Quotas cannot be reached, or does not return a quota.",
    "F630": "Something the first apply needs does not exist, as `doctor` found.",
    "F631": "Something recommended does not exist, or `doctor` is not allowed to look (a warning).",
    "F649": "AWS does not show which peering requests of an account wait to be accepted.",
    "F650": "A state could not be saved where it belongs; nothing is planned without it.",
    "F651": "`validate` skipped every stack, so nothing was validated.",
    "F652": "AWS cannot list what has the tags of a stack, or a state cannot be read.",
    "F653": "A plan goes beyond what was reviewed.",
    "F654": "A reviewed file is malformed, or was edited by hand.",
    "F655": "A reviewed file was written by another release, in another format.",
    "F656": "What was reviewed is another inventory than the one to be applied.",
    "F657": "What was reviewed is another place: a sandbox, or another state bucket.",
    "F658": "A stack was not reviewed, or its plan had failed.",
    "F659": "A stack was synthesized from something else than was reviewed.",
    "F660": "A ring would get ahead of an earlier one, which does not have yet what the later one "
    "would get.",
    "F661": "A cluster of a ring does not do well: it, a node group or an add-on is not active, or "
    "EKS reports an issue.",
    "F662": "A `--check` of a ring failed, or could not be run.",
    "F663": "A ring had not baked when the run was interrupted.",
    "F664": "A resumed run would have a program run that only its journal names.",
    "F665": "Another run, here or on another machine, is working on a stack that this one needs.",
    "F666": "A run that may have died still holds a stack; `unlock` releases it.",
    "F667": "A run cannot be resumed, because it has not ended.",
    "F668": "Another run wrote the record of a stack while this one worked on it.",
    "F669": "A run or stack is not unlocked, because its holder is alive or may be.",
    "F680": "What a run keeps beside the outputs registry is malformed.",
    "F686": "A cell is not what was applied to it: somebody changed it in AWS (a warning).",
    "F640": "A network is not destroyed, because others left something in its VPC; `--sweep` "
    "deletes it.",
    "F641": "A network could not be destroyed, because something Terraform did not make is still "
    "in its VPC.",
    "F642": "Something left in a VPC cannot be swept.",
    "F643": "The plan of a peer does more than letting go of the cell that leaves.",
    "F644": "Jobs still run in a cell that is to be decommissioned, or nobody knows.",
    "F645": "A cell cannot be decommissioned: it stands in the inventory, or is joined to another "
    "one that left, or its blocks are unknown.",
    "F646": "AWS Organizations does not move or close an account.",
    "F647": "A bucket that is to be deleted cannot be emptied.",
    "F682": "A plan would replace something whose creation was interrupted, which an apply refuses "
    "(a warning).",
    "F687": "The last cell of a mesh would leave, whose gateway is still peered with another.",
    "F683": "`bootstrap` would narrow or widen a member role by its own keys, and nothing else "
    "leads into its account, or what would trusts others, too.",
    "F685": "`bootstrap` makes no member role in the account of a cell.",
    "F684": "A plan of imports would do more than import.",
    "F716": "The inventory does not say where the pipeline runs, or which key somebody else made.",
    "F717": "What `bootstrap` would make exists already, and `--adopt` was not given.",
    "F718": "A state of `bootstrap` is none, or two of them do not fit together.",
    "F719": "`bootstrap` has no credentials for an account.",
    "F774": "A plan would destroy or replace a route to a peer or hub that stays.",
    "F681": "IAM does not take a role of `bootstrap`: a policy or its name is too long, or it has "
    "too many policies.",
    "F648": "The blocks of a cell are not released while a state of it exists.",
}
"""What each rule says; a number is never used again for something else."""
