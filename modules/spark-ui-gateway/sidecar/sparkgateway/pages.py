"""The index of live jobs: for people (HTML, the newest), for programs (JSON, all), and for NGINX to
search (text, all). Pure.

Names come from pod labels, which users write: everything is escaped, and the page needs no script.
"""

from __future__ import annotations

import heapq
import html
import json
import re
from collections.abc import Iterator, Sequence

from sparkgateway.pods import Driver

INDEX = "index.html"
JOBS = "jobs.json"
LINES = "jobs.txt"
NAMES = "names"
MOST_JOBS = 500  # newest jobs on the page; what more there are is counted, so a page stays small
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,63}", re.ASCII)
# How Spark names a driver's pod when nobody does: the application, six digits of chance and ten of
# time, "driver" (KubernetesConf.getResourceNamePrefix). The operator leaves the digits out.
_POD_NAME = re.compile(r"(?P<stem>.+?)(?P<digits>-[0-9a-f]{16})?-driver", re.ASCII)

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10">
<title>Live Spark jobs</title><link rel="icon" href="data:,">
<style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem;max-width:72rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;
border-bottom:1px solid #8884}code{font-size:.9em}
</style></head><body>
"""
_FORM = """<form action="/find"><p><label>Namespace <input name="namespace"></label>
<label>Name contains <input name="name"></label> <button>Find</button></p></form>
"""


def render_index(drivers: Sequence[Driver]) -> Iterator[str]:
    """Yield the HTML page of live jobs, newest first."""
    yield _HEAD
    yield f"<h1>Live Spark jobs</h1>\n<p>{_count(len(drivers))}</p>\n"
    yield _FORM
    if drivers:
        yield "<table><thead><tr><th>Job</th><th>Namespace</th><th>Started</th><th>Id</th></tr>"
        yield "</thead><tbody>\n"
        yield from map(_render_row, _newest(drivers))
        yield "</tbody></table>\n"
    yield "</body></html>\n"


def render_jobs(drivers: Sequence[Driver]) -> Iterator[str]:
    """Yield the JSON document of all live jobs, newest first."""
    yield f'{{"total": {len(drivers)}, "jobs": ['
    for index, driver in enumerate(sorted(drivers, key=_time, reverse=True)):
        yield ",\n" if index else "\n"
        yield json.dumps(
            {
                "id": driver.job,
                "name": driver.name,
                "namespace": driver.namespace,
                "started": driver.created,
                "path": f"/jobs/{driver.job}/",
            }
        )
    yield "\n]}\n"


def render_lines(drivers: Sequence[Driver]) -> Iterator[str]:
    """Yield a line `namespace name id time` for each job, newest first."""
    yield "\n"
    for driver in sorted(drivers, key=_time, reverse=True):
        name = driver.name if _PLAIN_NAME.fullmatch(driver.name) else driver.pod
        if _PLAIN_NAME.fullmatch(name):
            yield f"{driver.namespace} {name} {driver.job} {driver.created}\n"


def render_names(drivers: Sequence[Driver]) -> Iterator[str]:
    """Yield a line `namespace/name id` for each name of a job; the first of a name has it.

    A label can be changed by every job of the namespace, the name of a pod by nobody. So a job
    whose pod bears the name goes first, one of several goes by Spark's own digits next, and a label
    counts where there is neither; of equals the newest goes first.
    """
    yield "\n"
    named = [(proof, driver, name) for driver in drivers for proof, name in _names(driver)]
    named.sort(key=lambda item: _time(item[1]), reverse=True)
    named.sort(key=lambda item: item[0])
    for _, driver, name in named:
        yield f"{driver.namespace}/{name} {driver.job}\n"


def _names(driver: Driver) -> Iterator[tuple[int, str]]:
    """Yield the names of a job, each with how well it is proven; 0 is best."""
    found = _POD_NAME.fullmatch(driver.pod)
    made = found["stem"] if found else driver.pod
    proof = 1 if found and found["digits"] else 0
    if _PLAIN_NAME.fullmatch(made):
        yield proof, made
    if driver.name != made and _PLAIN_NAME.fullmatch(driver.name):
        yield 2, driver.name


def _newest(drivers: Sequence[Driver]) -> list[Driver]:
    return heapq.nlargest(MOST_JOBS, drivers, key=_time)


def _time(driver: Driver) -> tuple[str, str]:
    return driver.created, driver.job


def _count(total: int) -> str:
    if total == 0:
        return "No job is running."
    noun = "job is" if total == 1 else "jobs are"
    if total <= MOST_JOBS:
        return f"{total:,} {noun} running."
    older = f'<a href="/find?from={MOST_JOBS}">older ones</a>'
    every = '<a href="/jobs.json">jobs.json</a> has all'
    return f"{total:,} {noun} running; the newest {MOST_JOBS} are shown, then {older}; {every}."


def _render_row(driver: Driver) -> str:
    name, namespace = html.escape(driver.name), html.escape(driver.namespace)
    return (
        f'<tr><td><a href="/jobs/{driver.job}/">{name}</a></td><td>{namespace}</td>'
        f"<td>{driver.created}</td><td><code>{driver.job}</code></td></tr>\n"
    )
