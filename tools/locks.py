"""Read requirements/*.lock: exact versions, their hashes, and who asked for whom."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One entry of a lock: the version where `marker` is true, everywhere when it is empty."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]  # SHA-256 in hex, one for each file that the index offers
    via: tuple[str, ...]  # the packages that ask for it
    direct: bool  # whether the project asks for it, too


def parse_lock(text: str) -> tuple[Pin, ...]:
    """Read a lock as uv writes it, sorted by name and version."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    return tuple(sorted(_pin(entry) for entry in entries if not entry.startswith("#")))


def read_lock(name: str) -> tuple[Pin, ...]:
    """Read `requirements/<name>.lock`."""
    return parse_lock((LOCKS / f"{name}.lock").read_text("utf-8"))


def _pin(entry: str) -> Pin:
    wanted = Requirement(entry.splitlines()[0].rstrip("\\ "))
    (exact,) = wanted.specifier
    said = [line.strip("# ") for line in entry.splitlines() if line.startswith("    #")]
    named = [words[0] for line in said if (words := line.removeprefix("via").split())]
    via = {canonicalize_name(word) for word in named}
    return Pin(
        name=canonicalize_name(wanted.name),
        version=exact.version,
        marker=str(wanted.marker or ""),
        hashes=tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)),
        via=tuple(sorted(via - {"cellfactory"})),
        direct="cellfactory" in via,
    )


def closure(pins: Iterable[Pin], roots: Iterable[str]) -> tuple[Pin, ...]:
    """Keep what is installed for the sake of `roots`, themselves with it."""
    pins, wanted, grown = tuple(pins), set(roots), True
    while grown:
        more = {pin.name for pin in pins if wanted & set(pin.via)} - wanted
        wanted, grown = wanted | more, bool(more)
    return tuple(pin for pin in pins if pin.name in wanted)


def required(extra: str = "") -> tuple[str, ...]:
    """Name what the project asks for itself, or one extra of it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return tuple(sorted(canonicalize_name(Requirement(line).name) for line in lines))


def shipped() -> dict[str, tuple[Pin, ...]]:
    """The packages of the program ("") and what each extra adds to them, from the locks."""
    base = closure(read_lock("run"), required())
    known = {(pin.name, pin.version) for pin in base}
    found = {"": base}
    for extra, lock in (("sandbox", "dev"), ("plot", "dev"), ("terraform", "terraform")):
        whole = closure(read_lock(lock), required(extra))
        found[extra] = tuple(pin for pin in whole if (pin.name, pin.version) not in known)
    return found


def who_asks() -> dict[str, set[str]]:
    """For each package of the environments that we install, the packages that ask for it."""
    found: dict[str, set[str]] = {}
    for lock in ("run", "dev", "terraform"):
        for pin in read_lock(lock):
            found.setdefault(pin.name, set()).update(pin.via)
    return found
