"""Claims that should hold, how to find out, and what became of each.

A question asks what AWS tells, and changes nothing. Whatever keeps AWS from telling it becomes an
answer, too: a sentence, and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from cellfactory.credentials import Session, aws_faults, in_one_line
from cellfactory.errors import FactoryError, Finding, KeyPath
from cellfactory.layers.stack import Access

Status = Literal["ok", "warning", "failed", "skipped"]
STATUSES: tuple[Status, ...] = ("ok", "warning", "failed", "skipped")
Kind = Literal["tools", "state", "organization", "hub", "cell"]

_FOLDER: dict[Kind, KeyPath] = {
    "tools": (),
    "state": ("state",),
    "organization": ("organizations",),
    "hub": ("hubs",),
    "cell": ("cells",),
}
_NO_RIGHT = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"),
        *("UnknownOperationException", "NotImplemented", "403"),
    }
)
_BAD_KEYS = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"),
        *("UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId"),
    }
)
LOG_IN = "log in (such as aws sso login) or set AWS_PROFILE"
LOOK_AT_SETTINGS = "fix the AWS SDK settings: AWS_… variables, ~/.aws/config"
LOOK_AT_NETWORK = "check the network of this machine: DNS, HTTPS_PROXY, firewall"
READ_ON = "see docs/prerequisites.md"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a question is about."""

    kind: Kind
    name: str = ""  # of an organization, a hub or a cell

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()

    @property
    def path(self) -> KeyPath:
        """Where it stands in the inventory."""
        return (*_FOLDER[self.kind], *([self.name] if self.name else []))


@dataclass(frozen=True, slots=True)
class Unmet:
    """A claim that does not hold: a whole sentence of what was seen, and what to do about it."""

    seen: str
    fix: str = ""
    status: Status = "failed"


Ask = Callable[[], Unmet | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A claim, and how to find out; `ask` returns what is wrong where it does not hold."""

    claim: str
    ask: Ask
    path: KeyPath = ()  # below the subject: where the inventory says what is claimed
    fix: str = ""  # where AWS does not answer
    is_needed: bool = False  # apply asks the same: where this may not be asked, apply fails
    bars: bool = False  # where it fails, nothing after it can be asked
    is_alone: bool = False  # can be asked whatever failed before


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one question."""

    subject: Subject
    claim: str
    status: Status
    seen: str = ""  # where the claim does not hold, or was not asked
    fix: str = ""  # what to do about it; a line that begins with `aws ` is a command
    path: KeyPath = ()


class Visit:
    """One session by the roles of an access, opened by the first question that needs it."""

    def __init__(self, access: Access, enter: Callable[[Access], Session]) -> None:
        self.access = access
        self._enter = enter
        self._session: Session | None = None
        self._clients: dict[tuple[str, str], Any] = {}

    def open(self) -> None:
        """Go through the roles.

        Raises:
            FactoryError: when AWS refuses one of them.
        """
        self._session = self._session or self._enter(self.access)

    def client(self, service: str, region: str = "") -> Any:
        """Take the client of a service, in the Region of the visit unless told otherwise."""
        where = (service, region or self.access.region)
        if where not in self._clients:
            self.open()
            assert self._session is not None
            self._clients[where] = self._session.client(service, region_name=where[1])
        return self._clients[where]

    def asks(self, service: str, check: Callable[..., Unmet | None], *more: Any) -> Ask:
        """Make what asks a service in the Region of the visit: `check(client, *more)`."""
        return lambda: check(self.client(service), *more)


def ask_all(subject: Subject, questions: Iterable[Question]) -> Iterator[Answer]:
    """Ask one after the other; what cannot be asked any more is said to be so."""
    barred = ""
    for question in questions:
        if barred and not question.is_alone:
            unmet: Unmet | None = Unmet(f"skipped, because this failed: {barred}", status="skipped")
        else:
            unmet = _ask(question)
        if question.bars and not barred and unmet is not None and unmet.status == "failed":
            barred = question.claim
        yield Answer(
            subject=subject,
            claim=question.claim,
            status=unmet.status if unmet else "ok",
            seen=unmet.seen if unmet else "",
            fix=unmet.fix if unmet else "",
            path=(*subject.path, *question.path),
        )


def _ask(question: Question) -> Unmet | None:
    faults: tuple[type[Exception], ...] = (FactoryError, *aws_faults())
    try:
        return question.ask()
    except faults as error:
        return _refusal(question, error)


def _refusal(question: Question, error: Exception) -> Unmet:
    """Say what kept AWS from answering; what it only keeps to itself is a warning."""
    cause = error.__cause__ if isinstance(error, FactoryError) and error.__cause__ else error
    told = error.problems[0].finding.message if isinstance(error, FactoryError) else error
    seen = in_one_line(told)
    code = error_code(cause)
    if code in _NO_RIGHT and not question.is_needed and not isinstance(error, FactoryError):
        return Unmet(f"not known: {seen}", question.fix or "allow the role to read this", "warning")
    return Unmet(seen, _client_fix(cause) or question.fix or READ_ON)


def _client_fix(cause: BaseException) -> str:
    """Say what to do about a fault of this machine's; empty for what AWS answered to a question."""
    from botocore import exceptions as of

    nobody = (of.NoCredentialsError, of.PartialCredentialsError, of.CredentialRetrievalError)
    code = error_code(cause)
    if code in _BAD_KEYS or isinstance(cause, (*nobody, of.TokenRetrievalError, of.SSOError)):
        return LOG_IN
    if code or isinstance(cause, FactoryError):
        return ""
    is_network = isinstance(cause, of.ConnectionError | of.HTTPClientError)
    return LOOK_AT_NETWORK if is_network else LOOK_AT_SETTINGS


def error_code(error: BaseException) -> str:
    """The code of what AWS answered; empty for what came before any answer."""
    response = getattr(error, "response", None)
    found = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return str(found)


def finding_of(answer: Answer) -> Finding | None:
    """Turn an answer into a finding, at its place in the inventory; None where all is well.

    Rules:
        F630: a claim that must hold before the first apply does not.
        F631: one that should hold does not, or AWS does not tell.
    """
    if answer.status not in ("failed", "warning"):
        return None
    is_failure = answer.status == "failed"
    return Finding(
        rule="F630" if is_failure else "F631",
        message=f"{answer.subject}: {answer.seen}",
        hint=answer.fix,
        path=answer.path,
        severity="error" if is_failure else "warning",
    )


def count(answers: Iterable[Answer]) -> dict[Status, int]:
    """Count answers by status; every status has its number."""
    found: dict[Status, int] = dict.fromkeys(STATUSES, 0)
    for answer in answers:
        found[answer.status] += 1
    return found
