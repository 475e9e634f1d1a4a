"""Write every made page: `python3 dev.py docs`.

    python -m tools.make_docs            # write what is stale
    python -m tools.make_docs --check    # write nothing; exit 1 when a page is stale

A page is a function of the code and its data alone, so `tests/test_docs.py` makes each one again
and compares.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from cellfactory.facts.loader import load_facts
from cellfactory.files import write_whole
from cellfactory.inventory.json_schema import render_schema
from cellfactory.policy.waiver_schema import render_waiver_schema
from cellfactory.routing.answer import render_answer_schema, render_report_schema
from tools.cli_page import render_cli
from tools.inventory_page import render_inventory
from tools.jobs_page import render_jobs
from tools.licences_page import render_licences
from tools.limits_page import render_limits
from tools.permissions_page import render_permissions
from tools.policies_page import render_policies
from tools.rules_page import render_rules

ROOT = Path(__file__).resolve().parent.parent

PAGES: Mapping[str, Callable[[], str]] = {
    "cells.schema.json": render_schema,
    "cells.waivers.schema.json": render_waiver_schema,
    "docs/cli.md": render_cli,
    "docs/example-jobs.md": render_jobs,
    "docs/inventory.md": render_inventory,
    "docs/licences.md": render_licences,
    "docs/limits.md": lambda: render_limits(load_facts()),
    "docs/permissions.md": render_permissions,
    "docs/policies.md": render_policies,
    "docs/route.schema.json": render_answer_schema,
    "docs/route-usage.schema.json": render_report_schema,
    "docs/rules.md": render_rules,
}
"""Each made file, and what makes its text."""


def stale_pages() -> list[str]:
    """List the pages whose file is not there or says something else."""
    return [name for name, render in PAGES.items() if _text(ROOT / name) != render()]


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def main() -> int:
    """Write the pages, or tell which are stale."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    if parser.parse_args().check:
        stale = stale_pages()
        for name in stale:
            print(f"{name}: stale; run `python3 dev.py docs`", file=sys.stderr)
        return int(bool(stale))
    for name, render in PAGES.items():
        written = write_whole(ROOT / name, render())
        print(f"{name}: {'written' if written else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
