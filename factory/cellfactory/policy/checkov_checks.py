"""The checks of Checkov that `--checkov curated` holds resources against.

Chosen from what Checkov 3.3.30 knows of the types that cells are made of: what says something of
access, encryption, identities or secrets. Left out is what is a matter of taste or of money (a copy
in another Region, logs for a year), what holds for applications behind a load balancer, and every
check that needs Checkov's graph (CKV2): `--checkov stock` runs them all.
"""

from __future__ import annotations

from collections.abc import Mapping

_BY_RULE = {
    "P101": "CKV_AWS_24 CKV_AWS_25 CKV_AWS_260 CKV_AWS_277",
    "P102": "CKV_AWS_23",
    "P109": "CKV_AWS_88 CKV_AWS_130",
    "P112": "CKV_AWS_229 CKV_AWS_230 CKV_AWS_231 CKV_AWS_232",
    "P113": "CKV_AWS_2",
    "P202": "CKV_AWS_53 CKV_AWS_54 CKV_AWS_55 CKV_AWS_56",
    "P207": "CKV_AWS_3 CKV_AWS_8",
    "P208": "CKV_AWS_7",
    "P209": "CKV_AWS_26 CKV_AWS_27",
    "P210": "CKV_AWS_66",
    "P301": "CKV_AWS_62 CKV_AWS_63",
    "P302": "CKV_AWS_355 CKV_AWS_290 CKV_AWS_289",
    "P304": "CKV_AWS_60 CKV_AWS_61",
    "P306": "CKV_AWS_33 CKV_AWS_70 CKV_AWS_168 CKV_AWS_169",
    "P307": "CKV_AWS_274",
    "P308": "CKV_AWS_273",
    "P401": "CKV_AWS_38 CKV_AWS_39",
    "P402": "CKV_AWS_58",
    "P408": "CKV_AWS_339",
    "P501": "CKV_AWS_79 CKV_AWS_341",
    "P503": "CKV_AWS_386",
    "P504": "CKV_AWS_100",
    "P705": "CKV_AWS_46",
    "": "CKV_AWS_93 CKV_AWS_227 CKV_AWS_286 CKV_AWS_287 CKV_AWS_288 CKV_AWS_393",
}

CURATED: Mapping[str, str] = {
    check: rule for rule, checks in _BY_RULE.items() for check in checks.split()
}
"""Id of each check, and the rule of ours that looks at the same; empty where none does."""
