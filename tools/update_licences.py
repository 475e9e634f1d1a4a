"""Write `requirements/licences.found.yaml`: what each locked package says of its licence.

    python -m tools.update_licences            # write the file
    python -m tools.update_licences --check    # exit 1 when the file is stale

It reads the metadata of what is installed, so run it in the environment of `dev.py setup`. A
package that this machine does not install keeps the line that it has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import metadata

import yaml

from tools.licences import FOUND, from_metadata
from tools.locks import read_lock
from tools.made_file import write_or_check

HEAD = "# Made by tools/update_licences.py from the metadata of the packages; do not edit.\n"


def locked() -> list[str]:
    """Name every package of the environments that are installed here."""
    return sorted({pin.name for lock in ("run", "dev", "terraform") for pin in read_lock(lock)})


def found_here(names: Iterable[str]) -> dict[str, str]:
    """Read the licence of each package that is installed."""
    found = {}
    for name in names:
        try:
            found[name] = from_metadata(metadata.metadata(name))  # type: ignore[arg-type]
        except metadata.PackageNotFoundError:
            continue
    return found


def render(names: Iterable[str], found: Mapping[str, str], before: Mapping[str, str]) -> str:
    """Make the text: one line for each package that is known now or was before."""
    rows = {name: found.get(name, before.get(name)) for name in names}
    lines = (f"{name}: {licence}\n" for name, licence in rows.items() if licence is not None)
    return HEAD + "".join(lines)


def main() -> int:
    """Write the file, or tell whether it is stale."""
    before = yaml.safe_load(FOUND.read_text("utf-8")) if FOUND.exists() else {}
    names = locked()
    return write_or_check(FOUND, lambda: render(names, found_here(names), before), __doc__ or "")


if __name__ == "__main__":
    sys.exit(main())
