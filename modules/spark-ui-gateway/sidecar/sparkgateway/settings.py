"""All settings, from the environment; every mistake is told at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from sparkgateway.addresses import AddressPolicy, Block, parse_blocks
from sparkgateway.backoff import Breaker
from sparkgateway.pods import PodPolicy
from sparkgateway.watcher import WatchPolicy

T = TypeVar("T")
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


class SettingsError(ValueError):
    """Settings that cannot be used, one line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the sidecar is told."""

    api_url: str
    token_file: Path | None
    authority_file: Path | None
    namespaces: tuple[str, ...]  # ("",) is all of them
    directory: Path
    status_host: str
    status_port: int
    history: tuple[str, int] | None
    most_drivers: int
    pause_seconds: float
    page_seconds: float
    first_backoff: float
    last_backoff: float
    pods: PodPolicy
    watch: WatchPolicy
    breaker: Breaker


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def read(self, name: str, default: str, parse: Callable[[str], T], fallback: T) -> T:
        """Parse one variable; on a mistake note it and go on with `fallback`."""
        text = self._environment.get(f"GATEWAY_{name}", default)
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(f"GATEWAY_{name}={text!r}: {error}")
            return fallback


def parse_settings(environment: Mapping[str, str]) -> Settings:
    """Read all settings.

    Raises:
        SettingsError: any of them cannot be used; the message has a line for each.
    """
    reader = _Reader(environment)
    low, high = reader.read("UI_PORTS", "4040-4040", _range(1024, 65535), (4040, 4040))
    shortest, longest = reader.read("WATCH_SECONDS", "60-120", _range(1, 3600), (60, 120))
    host, port = reader.read("STATUS", ":9090", _parse_endpoint, ("", 9090))
    settings = Settings(
        api_url=reader.read("API_URL", _cluster_url(environment), _parse_url, ""),
        token_file=reader.read("TOKEN_FILE", f"{_ACCOUNT}/token", _parse_path, None),
        authority_file=reader.read("CA_FILE", f"{_ACCOUNT}/ca.crt", _parse_path, None),
        namespaces=reader.read("NAMESPACES", "", _parse_namespaces, ("",)),
        directory=Path(environment.get("GATEWAY_DIRECTORY", "/run/spark-ui-gateway")),
        status_host=host,
        status_port=port,
        history=reader.read("HISTORY", "", _parse_history, None),
        most_drivers=reader.read("MAX_DRIVERS", "20000", _whole(1, 1_000_000), 1),
        pause_seconds=reader.read("PAUSE_MS", "20", _whole(0, 10_000), 0) / 1000,
        page_seconds=reader.read("PAGE_MS", "3000", _whole(0, 600_000), 0) / 1000,
        first_backoff=reader.read("BACKOFF_FIRST_MS", "500", _whole(1, 600_000), 1) / 1000,
        last_backoff=reader.read("BACKOFF_LAST_MS", "5000", _whole(1, 600_000), 1) / 1000,
        pods=PodPolicy(
            addresses=AddressPolicy(
                blocks=reader.read("POD_BLOCKS", "", _parse_blocks, ()),
                loopback=environment.get("GATEWAY_LOOPBACK_PODS") == "1",
            ),
            roles=reader.read("ROLES", "driver", _parse_roles, ()),
            lowest_port=low,
            highest_port=high,
        ),
        watch=WatchPolicy(
            page_pods=reader.read("PAGE_PODS", "100", _whole(1, 1000), 1),
            shortest_seconds=shortest,
            longest_seconds=longest,
            grace_seconds=reader.read("GRACE_SECONDS", "10", _whole(1, 600), 1),
            confirm_seconds=reader.read("CONFIRM_MS", "5000", _whole(0, 600_000), 0) / 1000,
        ),
        breaker=Breaker(
            share=reader.read("BREAKER_PERCENT", "50", _whole(1, 100), 1) / 100,
            minimum=reader.read("BREAKER_MINIMUM", "5", _whole(1, 1_000_000), 1),
        ),
    )
    if reader.problems:
        raise SettingsError("\n".join(reader.problems))
    return settings


def _cluster_url(environment: Mapping[str, str]) -> str:
    host = environment.get("KUBERNETES_SERVICE_HOST", "")
    port = environment.get("KUBERNETES_SERVICE_PORT", "443")
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _parse_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        msg = "is not http(s)://host:port; outside a cluster it must be set"
        raise ValueError(msg)
    _ = parts.port  # refuses what is no port
    return text.rstrip("/")


def _parse_path(text: str) -> Path | None:
    return Path(text) if text else None


def _parse_namespaces(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
    for name in names:
        if not _NAMESPACE.fullmatch(name):
            msg = f"{name!r} is not the name of a namespace"
            raise ValueError(msg)
    return names or ("",)


def _parse_roles(text: str) -> tuple[str, ...]:
    roles = tuple(filter(None, (role.strip() for role in text.split(","))))
    if not roles or not all(_NAMESPACE.fullmatch(role) for role in roles):
        msg = "is not a list of values of the label spark-role"
        raise ValueError(msg)
    return roles


def _parse_blocks(text: str) -> tuple[Block, ...]:
    blocks = parse_blocks([block.strip() for block in text.split(",") if block.strip()])
    if not blocks:
        msg = "names no pod block; without one no route is safe"
        raise ValueError(msg)
    return blocks


def _parse_endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), _whole(0, 65535)(port)


def _parse_history(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, port = _parse_endpoint(text)
    if not host:
        msg = "is not host:port"
        raise ValueError(msg)
    return host, port


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
            msg = f"is not a whole number from {least:,} to {most:,}"
            raise ValueError(msg)
        return int(text)

    return parse


def _range(least: int, most: int) -> Callable[[str], tuple[int, int]]:
    def parse(text: str) -> tuple[int, int]:
        low, _, high = text.partition("-")
        bounds = _whole(least, most)(low), _whole(least, most)(high or low)
        if bounds[0] > bounds[1]:
            msg = "has its bounds in the wrong order"
            raise ValueError(msg)
        return bounds

    return parse
