"""The facts as a page of Markdown tables: `docs/limits.md` is this text."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.facts.prices import Price, PriceItem, PriceTable
from cellfactory.facts.schema import (
    CallCount,
    CallRetries,
    EndpointService,
    Facts,
    KubernetesVersion,
    NauWeight,
    NodeCalls,
    Parameter,
    Policy,
    Provenance,
    Quota,
    TokenBucket,
)
from tools.markdown import table

HEAD = """\
<!-- Made by `python dev.py docs` from factory/cellfactory/facts; do not edit. -->

# Limits and other facts

Every number of AWS and Kubernetes that the program reckons with, where it was read and on which
day. Most pages were read as stored copies, the newest of which shows nothing after August 2026:
what AWS changed since is not here. **Unconfirmed** marks what no source settles; its note says why.
**Informs only** marks what nothing reckons with yet, and why it is here all the same; a test holds
both to be true. An account's raised quotas stand in `cells.yaml`.
"""

QUOTAS = """\
A *quota* can be raised on request, up to its maximum where a page names one; *fixed* cannot be
raised; *guidance* is advice that nobody enforces. *Disputed* lists what other sources print.
"""

BUCKETS = """\
Each action of an account and Region draws on a bucket of tokens that refills by the second. `*` is
every action of the category without a row of its own; *shared* is the conservative reading, one
bucket for all mutating actions.
"""

CALLS = """\
EC2 calls of one booting node, with custom networking and prefix delegation; `n` is its number of
/28 prefixes.
"""

RETRIES = """\
How often it tries an EC2 call that is throttled: `attempts` of its SDK, and some calls in several
rounds of so many.
"""

ENDPOINTS = """\
What a cell without a way to the internet reaches through an interface endpoint in each zone.
"""

VERSIONS = """\
Extended support, which costs extra, begins on the day on which standard support ends; on the day on
which it ends itself, no cluster can be made any more.
"""

PRICES = """\
List prices without any discount, by the Region that somebody read them for; `*` is every one. What
has none is shown as *not priced* and never counted as nothing ([cost.md](cost.md)). On-Demand
prices of {instances} instance types in {regions} are [as of {day}]({source}).
"""


def render_limits(facts: Facts) -> str:
    """Render every table of the facts; the same facts give the same text."""
    return "\n".join(_lines(facts))


def _lines(facts: Facts) -> Iterator[str]:
    yield HEAD
    yield from ("## Quotas", "", QUOTAS)
    quota_head = ("Limit", "Default", "Maximum", "Unit", "Per", "Kind", "Code", "Source", "Note")
    yield from table(quota_head, map(_quota, facts.quotas.values()))
    yield from ("## Network Address Usage", "")
    yield from table(("Resource", "NAU", "Per", "Source", "Note"), map(_nau, facts.nau.values()))
    yield from ("## EC2 API throttles", "", BUCKETS)
    bucket_head = (
        "Action",
        "Category",
        "Counts",
        "Capacity",
        "Refill per second",
        "Source",
        "Note",
    )
    yield from table(bucket_head, map(_bucket, facts.buckets.values()))
    yield from ("## EC2 calls of a node", "", CALLS)
    call_head = ("Growth", "VPC CNI", "Mutating calls", "Reads", "Source", "Note")
    yield from table(call_head, map(_calls, facts.calls.values()))
    yield from ("## Retries of the VPC CNI", "", RETRIES)
    retry_head = ("VPC CNI", "Attempts", "Longest wait (s)", "Rounds", "Source", "Note")
    yield from table(retry_head, map(_retries, facts.retries.values()))
    yield from ("## Constants and knobs", "")
    yield from table(
        ("Constant", "Value", "Unit", "Source", "Note"), map(_parameter, facts.parameters.values())
    )
    yield from ("## Interface endpoints", "", ENDPOINTS)
    endpoint_head = ("Service", "Needed because", "Source", "Note")
    yield from table(endpoint_head, map(_endpoint, facts.endpoints.values()))
    yield from ("## Kubernetes versions of EKS", "", VERSIONS)
    version_head = ("Version", "Standard support until", "Extended until", "Source", "Note")
    yield from table(version_head, map(_version_of_eks, facts.kubernetes.values()))
    yield from ("## Prices", "", _instance_prices(facts.prices))
    price_head = ("Item", "Price", "Unit", "Region", "Source", "Note")
    yield from table(price_head, _prices(facts.prices))
    yield from ("## Our policy", "")
    yield from table(("Policy", "Value", "Unit", "Decision"), map(_policy, facts.policy.values()))


def _quota(quota: Quota) -> tuple[str, ...]:
    maximum = "-" if quota.maximum is None else f"{quota.maximum:,}"
    if quota.kind == "quota" and quota.maximum is None:
        maximum = "not documented"
    return (
        _title(quota.title, quota.id),
        f"{quota.default:,}",
        maximum,
        quota.unit,
        quota.scope,
        quota.kind,
        f"{quota.service} {quota.code}".strip(),
        _source(quota),
        _note(quota, *_other_values(quota)),
    )


def _other_values(quota: Quota) -> Iterator[str]:
    for value in quota.disputed:
        yield f"disputed: {value:,}"
    for value in sorted({value for _, value in quota.by_region}):
        regions = ", ".join(region for region, other in quota.by_region if other == value)
        yield f"{value:,} in {regions}"


def _nau(row: NauWeight) -> tuple[str, ...]:
    return _title(row.title, row.id), str(row.weight), row.per, _source(row), _note(row)


def _bucket(row: TokenBucket) -> tuple[str, ...]:
    return (
        f"`{row.action}`",
        row.category,
        row.counts,
        f"{row.capacity:,}",
        f"{row.refill:g}",
        _source(row),
        _note(row),
    )


def _versions(row: NodeCalls | CallRetries) -> str:
    since = "" if row.since is None else f"from {_version(row.since)}"
    before = "" if row.before is None else f"before {_version(row.before)}"
    return f"{since} {before}".strip() or "any"


def _retries(row: CallRetries) -> tuple[str, ...]:
    rounds = ", ".join(f"{action} {number}" for action, number in row.rounds.items())
    wait = f"{row.longest_wait:g}"
    return _versions(row), str(row.attempts), wait, rounds, _source(row), _note(row)


def _calls(row: NodeCalls) -> tuple[str, ...]:
    return (
        row.growth,
        _versions(row),
        ", ".join(_call(call) for call in row.calls if call.mutating) or "-",
        ", ".join(_call(call) for call in row.calls if not call.mutating) or "-",
        _source(row),
        _note(row),
    )


def _call(call: CallCount) -> str:
    if not call.per_prefix:
        return f"{call.base} {call.action}"
    per_prefix = "n" if call.per_prefix == 1 else f"{call.per_prefix}n"
    base = f"{call.base:+d}" if call.base else ""
    return f"{per_prefix}{base} {call.action}"


def _parameter(row: Parameter) -> tuple[str, ...]:
    # a release date is a number without thousands
    value = f"{row.value:g}" if row.unit != "release date" else str(row.value)
    return _title(row.title, row.id), value, row.unit, _source(row), _note(row)


def _endpoint(row: EndpointService) -> tuple[str, ...]:
    return f"`{row.id}`", row.reason, _source(row), _note(row)


def _instance_prices(prices: PriceTable) -> str:
    first = prices.instances[next(iter(prices.instances))]
    regions = sorted({key.partition(" ")[0] for key in prices.instances})
    return PRICES.format(
        instances=f"{len(prices.instances):,}",
        regions=", ".join(regions),
        day=first.as_of,
        source=first.source,
    )


def _prices(prices: PriceTable) -> Iterator[tuple[str, ...]]:
    for item in prices.items.values():
        rows = [row for row in prices.rows.values() if row.item == item.id]
        yield from (_price(item, row) for row in rows)
        if not rows:
            yield _title(item.title, item.id), "not known", item.unit, "-", "-", ""


def _price(item: PriceItem, row: Price) -> tuple[str, ...]:
    amounts = (
        f"{tier.usd}" if tier.units is None else f"{tier.usd} (the next {tier.units:,})"
        for tier in row.tiers
    )
    return (
        _title(item.title, item.id),
        ", ".join(amounts),
        item.unit,
        f"`{row.region}`",
        _source(row),
        _note(row),
    )


def _policy(row: Policy) -> tuple[str, ...]:
    page = row.decision.removeprefix("docs/")
    return _title(row.title, row.id), f"{row.value:,}", row.unit, f"[{page}]({page})"


def _title(title: str, id_: str) -> str:
    return f"{title} (`{id_}`)"


def _version(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _version_of_eks(row: KubernetesVersion) -> tuple[str, ...]:
    days = (row.standard_until, row.extended_until)
    shown = ("-" if day is None else day.isoformat() for day in days)
    return f"`{row.id}`", *shown, _source(row), _note(row)


def _source(row: Provenance) -> str:
    copied = f" (a copy of {row.copied.isoformat()} or later)" if row.copied else ""
    return f"[{row.checked.isoformat()}]({row.source}){copied}"


def _note(row: Provenance, *more: str) -> str:
    unconfirmed = [] if row.confirmed else ["**unconfirmed**"]
    informs = [f"**informs only**: {row.informs}"] if row.informs else []
    return "; ".join([*unconfirmed, *informs, *more, *([row.note] if row.note else [])])
