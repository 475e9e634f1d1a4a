"""Every kind of resource that a stack makes says how it is imported, or why it need not be."""

from __future__ import annotations

import re
from pathlib import Path

from cellfactory.facts.importing import load_import_forms

FORMS = load_import_forms()
OF_BOOTSTRAP = ("pipeline", "bootstrap", "member")  # looks for what is there by itself
FIELD = re.compile(r"\{\.?[A-Za-z_][A-Za-z0-9_.]*\}")


def test_every_synthesized_type_has_a_row(project_root: Path) -> None:
    text = (project_root / "tests/synth/addresses.txt").read_text("utf-8")
    rows = [row.split() for row in text.splitlines()]
    made = {
        address.partition(".")[0]
        for stack, address, *_ in rows
        if stack.rpartition("-")[2] not in OF_BOOTSTRAP and re.match("(aws|helm)_", address)
    }
    assert len(made) > 20
    assert made - FORMS.keys() == set()


def test_a_row_is_found_and_imported_or_says_why_not() -> None:
    for form in FORMS.values():
        assert bool(form.again) != bool(form.id and form.questions), form.type
        assert form.again or FIELD.search(form.id), form.type
        for question in form.questions:
            assert re.fullmatch(r"[a-z0-9]+\.[a-z_0-9]+", question.call), form.type
