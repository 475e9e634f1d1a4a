"""Write what the program and the sidecar's image are made of, as CycloneDX 1.6: `dev.py sbom`.

    python -m tools.sbom [--output FOLDER] [--base IMAGE] [--pinned]

    dist/cellfactory.cdx.json                 the program and its extras
    dist/spark-ui-gateway-sidecar.cdx.json    the sidecar's image

Both come from the locks and the data files in requirements/ and from nothing else: no network, no
clock, no environment but SOURCE_DATE_EPOCH (seconds), whose moment the file then carries. So the
same commit gives the same bytes. `--base` is what the image is built from, as
`name:tag@sha256:...`; what lies inside it only the builder of the image can say. `--pinned` is an
error where it has no digest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.contrib.this.builders import this_component
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

import cellfactory
from cellfactory.files import write_whole
from tools.licences import UNKNOWN, read_embedded, read_licences
from tools.locks import Pin, shipped, who_asks

ROOT = Path(__file__).resolve().parent.parent
GATEWAY = ROOT / "modules" / "spark-ui-gateway"
OWN_LICENCE = "Apache-2.0"
ENDLESS = datetime(1970, 1, 1, tzinfo=UTC)  # stands for "no moment"; removed from the text

PINNED = re.compile(r"[a-z0-9./_-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}")

# Programs among the parts, by which scanners of vulnerabilities know them.
CPE = {
    "node": "cpe:2.3:a:nodejs:node.js:{}:*:*:*:*:*:*:*",
    "openssl": "cpe:2.3:a:openssl:openssl:{}:*:*:*:*:*:*:*",
    "terraform": "cpe:2.3:a:hashicorp:terraform:{}:*:*:*:-:*:*:*",
}


# -- the program -----------------------------------------------------------------------------------


def program_bom() -> Bom:
    """The program, each package of the locks with what lies in it, and the images it deploys."""
    root = _component(
        "cellfactory",
        cellfactory.__version__,
        f"pkg:pypi/cellfactory@{cellfactory.__version__}",
        OWN_LICENCE,
        type=ComponentType.APPLICATION,
    )
    packages = {
        pin: _package(pin, extra)
        for extra, pins in shipped().items()
        for pin in dict.fromkeys(pins)
    }
    images = [_image(name, "charts") for name in deployed_images()]
    bom = Bom(components=[*packages.values(), *images], metadata=_metadata(root))
    direct = [part for pin, part in packages.items() if pin.direct]
    bom.register_dependency(root, [*direct, *images])
    askers = who_asks()
    for pin, part in packages.items():
        needed = [other for held, other in packages.items() if pin.name in askers[held.name]]
        bom.register_dependency(part, needed)
    return bom


def _package(pin: Pin, extra: str) -> Component:
    marker = [("cellfactory:marker", pin.marker)] if pin.marker else []
    wanted = [("cellfactory:extra", extra)] if extra else []
    files = [("cellfactory:file-sha256", digest) for digest in pin.hashes]
    purl = f"pkg:pypi/{pin.name}@{pin.version}"
    parts = read_embedded().get(pin.name, ())
    return _component(
        pin.name,
        pin.version,
        purl,
        read_licences().of(pin.name),
        scope=ComponentScope.OPTIONAL if extra else ComponentScope.REQUIRED,
        properties=_properties(*marker, *wanted, *files),
        components=[_part(part, purl) for part in parts],
    )


def _part(part: Mapping[str, str], inside: str) -> Component:
    name, version = part["name"], part["version"]
    is_program = name in ("node", "terraform")
    return _component(
        name,
        version,
        part["purl"],
        part.get("licence", UNKNOWN),
        bom_ref=f"{inside}#{part['purl']}",
        cpe=CPE[name].format(version) if name in CPE else None,
        type=ComponentType.APPLICATION if is_program else ComponentType.LIBRARY,
    )


def deployed_images() -> list[str]:
    """The images that our charts name themselves: `name:tag`, with a digest if they have one."""
    found = set()
    for path in sorted((ROOT / "modules").rglob("values.yaml")):
        found |= set(_images(yaml.safe_load(path.read_text("utf-8"))))
    return sorted(found)


def _images(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        if data.get("repository") and data.get("tag"):
            digest = f"@{data['digest']}" if data.get("digest") else ""
            yield f"{data['repository']}:{data['tag']}{digest}"
        for value in data.values():
            yield from _images(value)


# -- the sidecar -----------------------------------------------------------------------------------


def sidecar_bom(base: str) -> Bom:
    """The image of the gateway's sidecar: our package, and the image that it is built from."""
    version = sidecar_version()
    purl = f"pkg:generic/spark-ui-gateway-sidecar@{version}"
    root = _component(
        "spark-ui-gateway-sidecar", version, purl, OWN_LICENCE, type=ComponentType.CONTAINER
    )
    package = _component("sparkgateway", version, f"pkg:pypi/sparkgateway@{version}", OWN_LICENCE)
    below = _image(base, "base")
    bom = Bom(components=[package, below], metadata=_metadata(root))
    bom.register_dependency(root, [package, below])
    return bom


def sidecar_version() -> str:
    """The version that the sidecar says of itself."""
    text = (GATEWAY / "sidecar" / "sparkgateway" / "__init__.py").read_text("utf-8")
    (version,) = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    return str(version)


def default_base() -> str:
    """What the sidecar's Dockerfile is built from when nobody says otherwise."""
    text = (GATEWAY / "sidecar" / "Dockerfile").read_text("utf-8")
    (base,) = re.findall(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    return str(base)


# -- components ------------------------------------------------------------------------------------


def _image(image: str, role: str) -> Component:
    named, _, digest = image.partition("@")
    path, _, tag = named.rpartition(":")
    *space, name = path.removeprefix("docker.io/library/").split("/")
    purl = PackageURL(
        "docker", "/".join(space), name, digest or tag, {"tag": tag} if digest else {}
    )
    return _component(
        path,
        tag,
        str(purl),
        UNKNOWN,
        type=ComponentType.CONTAINER,
        scope=ComponentScope.OPTIONAL if role == "charts" else ComponentScope.REQUIRED,
        properties=_properties(("cellfactory:image", role)),
    )


def _component(name: str, version: str, purl: str, licence: str, **more: Any) -> Component:
    known = [] if licence in ("", UNKNOWN) else [LicenseFactory().make_from_string(licence)]
    more = {"bom_ref": purl, **more}
    url = PackageURL.from_string(purl)
    return Component(name=name, version=version, purl=url, licenses=known, **more)


def _properties(*pairs: tuple[str, str]) -> list[Property]:
    return [Property(name=name, value=value) for name, value in pairs]


def _metadata(root: Component) -> BomMetaData:
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds else ENDLESS
    tools = ToolRepository(components=[this_component()])
    return BomMetaData(component=root, tools=tools, timestamp=moment)


# -- files -----------------------------------------------------------------------------------------


def render(bom: Bom) -> str:
    """Make the text: sorted, with a serial number that is a function of all the rest."""
    bom.serial_number = uuid.UUID(int=0)
    held: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    if "SOURCE_DATE_EPOCH" not in os.environ:
        del held["metadata"]["timestamp"]
    serial = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(held, sort_keys=True))
    held["serialNumber"] = serial.urn
    return json.dumps(held, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def boms(base: str) -> Iterable[tuple[str, Bom]]:
    """Each file's name, and what it says."""
    yield "cellfactory.cdx.json", program_bom()
    yield "spark-ui-gateway-sidecar.cdx.json", sidecar_bom(base)


def main() -> int:
    """Write both files and name them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder [dist]")
    parser.add_argument("--base", default=default_base(), help="image below the sidecar's")
    parser.add_argument("--pinned", action="store_true", help="refuse a base without a digest")
    asked = parser.parse_args()
    if asked.pinned and not PINNED.fullmatch(asked.base):
        print(f"--base {asked.base!r}: not name:tag@sha256:<64 digits>", file=sys.stderr)
        return 1
    for name, bom in boms(asked.base):
        target = asked.output / name
        write_whole(target, render(bom))
        print(f"{target}: {_count(bom.components)} components")
    return 0


def _count(components: Iterable[Component]) -> int:
    return sum(1 + _count(one.components) for one in components)


if __name__ == "__main__":
    sys.exit(main())
