"""The one comment on a pull request: the parts that jobs wrote, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MARKER = "<!-- cellfactory plan -->"
"""The first line of the comment, by which the next run finds it."""

MOST_BODY = 65_000  # characters of a comment; GitHub takes 65,536
_CUT = "\n\n_{left} of {all} parts are left out here: the run shows them all._\n"
_NOTHING = "Nothing was found out: see the run."


def render_comment(parts: Sequence[str]) -> str:
    """Join parts into the body of a comment; what does not fit is counted.

    Args:
        parts: Markdown, the most important first.
    """
    body, taken = f"{MARKER}\n", 0
    room = MOST_BODY - len(_CUT) - 20
    for part in parts:
        text = "\n" + part.replace(MARKER, "").strip() + "\n"
        if len(body) + len(text) > room:
            break
        body += text
        taken += 1
    if not parts:
        return f"{body}\n{_NOTHING}\n"
    if taken < len(parts):
        body = body.rstrip() + _CUT.format(left=len(parts) - taken, all=len(parts))
    return body


def order_parts(parts: Mapping[str, str]) -> list[str]:
    """Put parts in order: what an edit changes, then what is planned, wave by wave.

    Args:
        parts: Markdown by the name of the folder that it was in, such as `part-plan-2-1`.

    >>> order_parts({"part-plan-10-1": "c", "part-plan-2-1": "b", "part-diff": "a", "x": "d"})
    ['a', 'b', 'c', 'd']
    """
    return [parts[name] for name in sorted(parts, key=_rank) if parts[name].strip()]


def _rank(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    kinds = ("part-diff", "part-plan")
    kind = next((at for at, start in enumerate(kinds) if name.startswith(start)), len(kinds))
    words = [(0, int(w), "") if w.isdecimal() else (1, 0, w) for w in name.split("-")]
    return kind, words
