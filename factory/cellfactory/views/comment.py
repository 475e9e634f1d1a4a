"""The one comment on a proposed change, of what its jobs have found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import groupby

from cellfactory.words import counted

MARK = "<!-- cellfactory:plan -->"
"""How our comment begins; whoever writes it as well is not the one who wrote ours."""
MOST_BODY = 60_000  # characters; GitHub takes 65,536
MOST_FRAME = 200  # characters around one part
MOST_PART = 20_000  # of one part, before those behind it come short
_MENTION = re.compile(r"@(?=[A-Za-z0-9])")
_KEPT = "\n\t"


def render_comment(parts: Mapping[str, str], link: str = "") -> str:
    """Render the body of the comment; the same parts give the same bytes.

    Args:
        parts: Markdown of each job, by its name, such as `diff` or `plan-0`. It comes from jobs
            that worked on somebody's change, so it is text and nothing more: it cannot end our
            comment, open one that is not seen, or call anybody.
        link: where all of it is, for what had to be cut.
    """
    names, texts = sorted(parts, key=_rank), {name: _tamed(parts[name]) for name in parts}
    left, lines, cut = MOST_BODY - 1_000, [MARK, ""], 0
    for name in names:
        most = min(left, MOST_PART) if len(names) > 1 else left
        shown = _cut(texts[name], most)
        lines += _part(name, shown) if shown else []
        left = max(0, left - len(shown) - MOST_FRAME)
        cut += shown != _closed(texts[name])
    if cut:
        where = f"[the job]({link})" if link else "the job"
        lines.append(f"> {counted(cut, 'part')} cut or left out here; all of it is in {where}.")
    if not any(texts.values()):
        lines.append("No job has found anything to tell.")
    return "\n".join(lines).rstrip() + "\n"


def _rank(name: str) -> tuple[bool, list[tuple[bool, int, str]]]:
    """Sort what the change means before what is planned, and numbers as numbers."""
    words = ("".join(group) for _, group in groupby(name, str.isdecimal))
    return name != "diff", [(w.isdecimal(), int(w) if w.isdecimal() else 0, w) for w in words]


def _part(name: str, text: str) -> list[str]:
    if name == "diff":
        return [text, ""]
    return [f"<details><summary>{_word(name)}</summary>", "", text, "", "</details>", ""]


def _word(name: str) -> str:
    """Leave of a name what can be nothing but a name.

    >>> _word("plan-0 `</summary>")
    'plan-0summary'
    """
    return re.sub(r"[^A-Za-z0-9._-]", "", name)[:60]


def _tamed(text: str) -> str:
    """Take from a text what would act: marks of comments, mentions, what is not to be seen.

    >>> _tamed("a <!-- b --> @ann\\x1b[2J")
    'a &lt;!-- b --&gt; @\\u200bann[2J'
    """
    seen = "".join(c for c in text if c in _KEPT or unicodedata.category(c)[0] != "C")
    quiet = _MENTION.sub("@\u200b", seen)
    return quiet.replace("<!", "&lt;!").replace("-->", "--&gt;").strip()


def _cut(text: str, most: int) -> str:
    """Cut a text at the end of a line, and close the fence that is open there."""
    if len(text) + 100 <= most:
        return _closed(text)
    kept = text[: max(0, most - 100)].rpartition("\n")[0]
    return _closed(kept)


def _closed(text: str) -> str:
    fence = ""
    for line in text.splitlines():
        found = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if found and not fence:
            fence = found[1]
        elif found and found[1][0] == fence[0] and len(found[1]) >= len(fence):
            fence = "" if not line.strip(" `~") else fence
    ended = f"{text}\n{fence}" if fence else text
    return ended + "\n</details>" * max(0, text.count("<details") - text.count("</details"))
