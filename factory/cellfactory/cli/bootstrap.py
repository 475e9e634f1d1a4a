"""`bootstrap`: what has to exist in AWS before the first cell, made and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from cellfactory.cli.at_once import Parallel, parallel_of
from cellfactory.cli.completion import complete_cells
from cellfactory.cli.help import KEYS
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.stacks import Ask, PlanForm, Sandbox, Yes, how, mode_of, request_of
from cellfactory.cli.watching import Terminal, finish
from cellfactory.layers.bootstrap import AWS_MADE_ROLE
from cellfactory.runs.bootstrap import Wish
from cellfactory.runs.bootstrap import bootstrap as make_ground
from cellfactory.runs.bootstrap_narrow import widen as take_back
from cellfactory.runs.bootstrap_ways import Keys, parse_profiles
from cellfactory.runs.reading import read_declared
from cellfactory.terraform.guard import Allowed


def bootstrap(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    plan_only: Annotated[
        bool, how("--plan-only", help="Show what would be made or changed, and do nothing.")
    ] = False,
    adopt: Annotated[
        bool, how("--adopt", help="Take over what exists already, such as a bucket made by hand.")
    ] = False,
    narrow: Annotated[
        bool,
        how(
            "--narrow",
            help=f"Where only the member role leads into an account, first make {AWS_MADE_ROLE} "
            "there, so that the member role can be narrowed.",
        ),
    ] = False,
    widen: Annotated[
        list[str] | None,
        typer.Option(
            "--widen",
            metavar="CELL",
            autocompletion=complete_cells,
            help="Take that back: make the member role of this cell's account an administrator's "
            "again, and do nothing else; may be repeated.",
        ),
    ] = None,
    via: Annotated[
        str | None,
        typer.Option(
            "--via",
            metavar="ROLE",
            rich_help_panel=KEYS,
            show_default=False,
            help="Role to take in every account but the one of these credentials.",
        ),
    ] = None,
    member_via: Annotated[
        str,
        typer.Option(
            "--member-via",
            metavar="ROLE",
            rich_help_panel=KEYS,
            help="Role to take in the account of a cell, from its management account.",
        ),
    ] = AWS_MADE_ROLE,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="ACCOUNT=NAME",
            rich_help_panel=KEYS,
            show_default=False,
            help="Profile of ~/.aws/config for an account; may be repeated.",
        ),
    ] = None,
    allow_destroy: Annotated[
        list[str] | None,
        how(
            "--allow-destroy",
            metavar="LAYER|ADDRESS",
            help="Allow destroys and replacements, such as of a ring's role. May be repeated.",
        ),
    ] = None,
    parallel: Parallel = None,
    ask: Ask = False,
    yes: Yes = False,
    form: PlanForm = "text",
) -> None:
    """Make what has to exist before the first cell.

    The state bucket and its key, the roles of CI, of management accounts and of cells' accounts.
    Shows what would change and asks; run it again after each change of rings or organizations.
    """
    request = replace(
        request_of(inventory_file, mode_of(sandbox)), parallel=parallel_of(parallel), asks=ask
    )
    keys = Keys(via=via, member_via=member_via, profiles=parse_profiles(profile or ()))
    wish = Wish(
        keys=keys,
        adopts=adopt,
        plans=plan_only,
        narrows=narrow,
        allowed=Allowed.of(allow_destroy or ()),
    )
    declared = read_declared(inventory_file)
    with Terminal(yes=yes) as watcher:
        if widen:
            outcome = take_back(declared, request, watcher, keys, tuple(dict.fromkeys(widen)))
        else:
            outcome = make_ground(declared, request, watcher, wish)
    finish(outcome, form)
