"""The provider lock: which build of each provider runs, as a file that is reviewed.

It is written in Terraform's own dependency-lock format, so that Terraform itself holds a plugin
against it. Here it is only taken apart into entries, one for each provider, and put together
again, sorted.

Source:
    https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cellfactory.errors import Finding, TerraformError

COMMAND = "cellfactory lock-providers"
HEADER = f"# Which providers run. Written by `{COMMAND}`; review what changes, and commit it.\n"

_BLOCK = re.compile(r'^provider "([^"\s]+)" \{\n(.*?)^\}\n?', re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r'^  (version|constraints) += "([^"\n]*)"$', re.MULTILINE)
_HASH = re.compile(r'"((?:h1|zh):[^"\n]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One provider of a lock."""

    version: str
    constraints: str  # what was asked for when it was locked; empty where the file has none
    hashes: tuple[str, ...]  # sorted; `h1:` of a folder, `zh:` of a registry's archive


ProviderLock = Mapping[str, Locked]
"""Entries by address, such as `registry.terraform.io/hashicorp/aws`."""


def parse_provider_lock(text: str, file: str) -> dict[str, Locked]:
    """Read a provider lock.

    Args:
        text: all of the file.
        file: what to call it.

    Raises:
        TerraformError: when Terraform did not write it so (F613).
    """
    code = "".join(li for li in text.splitlines(keepends=True) if not li.startswith("#"))
    rest = _BLOCK.sub("", code).strip()
    found = {address: _locked(body) for address, body in _BLOCK.findall(code)}
    broken = sorted(a for a, e in found.items() if not (e.version and e.hashes))
    if rest or broken or len(found) != len(_BLOCK.findall(code)):
        where = (
            f"the entry of {broken[0]}" if broken else f"`{(rest or code).splitlines()[0][:60]}`"
        )
        message = f"{file}: {where} is not a Terraform dependency lock"
        hint = f"restore it from version control, or re-create it: {COMMAND}"
        raise TerraformError(Finding(rule="F613", message=message, hint=hint))
    return found


def render_lock(lock: ProviderLock) -> str:
    """Write a provider lock, sorted, as Terraform formats it.

    >>> print(render_lock({"r/h/x": Locked(version="1.0.0", constraints="", hashes=("h1:a=",))}))
    provider "r/h/x" {
      version = "1.0.0"
      hashes = [
        "h1:a=",
      ]
    }
    <BLANKLINE>
    """
    return "\n".join(_block(address, entry) for address, entry in sorted(lock.items()))


def select(
    lock: ProviderLock, registry: str, sources: Iterable[str], file: str
) -> dict[str, Locked]:
    """Take the entries of the providers that a stack needs.

    Args:
        lock: all entries.
        registry: the host that the engine takes a provider from where none is named.
        sources: the providers, such as `hashicorp/aws`.
        file: what to call the lock.

    Raises:
        TerraformError: when the lock lacks one of them (F611).
    """
    wanted = [source if source.count("/") > 1 else f"{registry}/{source}" for source in sources]
    lacking = [address for address in wanted if address not in lock]
    if lacking:
        message = f"{file} does not lock {' and '.join(lacking)}"
        raise TerraformError(Finding(rule="F611", message=message, hint=f"lock it: {COMMAND}"))
    return {address: lock[address] for address in wanted}


def compare(before: ProviderLock, after: ProviderLock) -> Iterator[str]:
    """Say what is another provider, or another set of hashes, in one line each."""
    for address in sorted({*before, *after}):
        old, new = before.get(address), after.get(address)
        if new is None and old is not None:
            yield f"{address}: {old.version} removed"
        elif new is not None and old is None:
            yield f"{address}: {new.version} added"
        elif old is not None and new is not None and old.version != new.version:
            yield f"{address}: {old.version} -> {new.version}"
        elif old is not None and new is not None and old.hashes != new.hashes:
            counts = f"{len(old.hashes):,} -> {len(new.hashes):,} hashes"
            yield f"{address}: {new.version}, {counts}"


def not_as_locked(words: str, file: str) -> Finding | None:
    """Tell by the words of a failed `init` that a provider is not the one that is locked."""
    said = " ".join(words.replace("\u2502", " ").split())
    signs = (
        *("checksums previously recorded", "checksums recorded in the dependency lock file"),
        *("locked provider", "Provider dependency changes detected", "dependency lock file"),
    )
    if not any(sign in said for sign in signs):
        return None
    message = f"a provider is not the one that {file} locks, or cannot be had in that version"
    hint = (
        "it was locked for another platform, build or version range;\n"
        f"see what would change: {COMMAND} (a newer version: {COMMAND} --upgrade)"
    )
    return Finding(rule="F612", message=message, hint=hint)


def _locked(body: str) -> Locked:
    told = dict(_ARGUMENT.findall(body))
    return Locked(
        version=told.get("version", ""),
        constraints=told.get("constraints", ""),
        hashes=tuple(sorted(set(_HASH.findall(body)))),
    )


def _block(address: str, entry: Locked) -> str:
    hashes = "".join(f'    "{value}",\n' for value in sorted(entry.hashes))
    if entry.constraints:
        top = f'  version     = "{entry.version}"\n  constraints = "{entry.constraints}"\n'
    else:
        top = f'  version = "{entry.version}"\n'
    return f'provider "{address}" {{\n{top}  hashes = [\n{hashes}  ]\n}}\n'
