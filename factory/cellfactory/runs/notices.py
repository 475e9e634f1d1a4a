"""What a person should know of a run beside its results; `cellfactory.views` says how it reads."""

from __future__ import annotations

from dataclasses import dataclass

from cellfactory.errors import Finding
from cellfactory.layers import StackId
from cellfactory.terraform.leftovers import Leftover
from cellfactory.terraform.selection import Selection
from cellfactory.terraform.target import Mode


@dataclass(frozen=True, slots=True)
class NothingSelected:
    """The named owners do not have the named layers, or nobody has them."""

    owners: tuple[str, ...]
    layers: tuple[str, ...]

    @classmethod
    def of(cls, wanted: Selection) -> NothingSelected:
        """Tell of a selection that fits no stack."""
        owners = (name for named in wanted.owners.values() for name in named)
        return cls(tuple(owners), wanted.layers)


@dataclass(frozen=True, slots=True)
class StateMoved:
    """The state of the bucket's own stack lies in the bucket from now on."""

    place: str


@dataclass(frozen=True, slots=True)
class KeyToName:
    """The key of the states, which the inventory does not name by its ARN."""

    arn: str


@dataclass(frozen=True, slots=True)
class SandboxWiped:
    """The emulated AWS is a new one: what was kept of the earlier one is gone."""


@dataclass(frozen=True, slots=True)
class Unpinned:
    """There is no provider lock, and nothing real is at stake."""

    file: str


@dataclass(frozen=True, slots=True)
class LayerLeftOut:
    """A layer that cannot be had in this target."""

    layer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Orphaned:
    """Stacks that have a state but no place in the inventory."""

    stacks: tuple[StackId, ...]
    mode: Mode


@dataclass(frozen=True, slots=True)
class StackKept:
    """A stack that is given up on an explicit word alone."""

    stack: StackId


@dataclass(frozen=True, slots=True)
class AccountLeft:
    """An account that Terraform knows no more, and that stays open."""

    account_id: str  # empty where its creation broke off before AWS told it
    email: str  # empty where the registry did not know
    management: str  # the account that may close it


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies in the VPC of a network before it is swept and destroyed."""

    stack: StackId
    found: tuple[Leftover, ...]


@dataclass(frozen=True, slots=True)
class Swept:
    """What was left in the VPC of a network, and is deleted now."""

    stack: StackId
    deleted: tuple[Leftover, ...]


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """Every plan found all as it should be, so that nothing was asked."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """A limit of the guard that somebody lifted."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Guarded:
    """What the guard has to say: of a plan all of it, of an apply what stops nothing."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ReviewWritten:
    """What was planned is in a file now, to be reviewed and applied."""

    file: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Waiting:
    """Stacks that wait for others which the run was not about."""

    stacks: tuple[StackId, ...]
    waits_for: tuple[StackId, ...]


@dataclass(frozen=True, slots=True)
class BusyRun:
    """Another run that is at work on stacks which are only looked at."""

    who: str
    stacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unlocking:
    """What is about to be released."""

    lines: tuple[str, ...]
    mode: Mode


@dataclass(frozen=True, slots=True)
class NothingGone:
    """All that is recorded, and asked about, has its place in the inventory."""


@dataclass(frozen=True, slots=True)
class NothingRecorded:
    """The registry knows of no stack that could be destroyed."""


@dataclass(frozen=True, slots=True)
class RecordUnread:
    """A record that cannot be read: its stack cannot be destroyed, and others can."""

    stack: StackId
    why: str


@dataclass(frozen=True, slots=True)
class NothingInRings:
    """The named rings have none of the stacks that were asked for."""

    rings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RingStep:
    """A ring of a rollout, and what is waited for before the next one."""

    ring: str
    stacks: int
    bake: float | None  # time to bake where something changes (s); None where nothing follows


@dataclass(frozen=True, slots=True)
class RingPlan:
    """A rollout that goes over several rings, or bakes."""

    steps: tuple[RingStep, ...]


@dataclass(frozen=True, slots=True)
class RingBegun:
    """Work on a ring begins."""

    ring: str
    stacks: int


@dataclass(frozen=True, slots=True)
class RingBaking:
    """A ring bakes."""

    ring: str
    seconds: float  # from now on
    following: str | None  # the ring that waits for it; None where none of this run does


@dataclass(frozen=True, slots=True)
class RingPassed:
    """A ring was found to do well."""

    ring: str
    baked: float  # for how long (s)


@dataclass(frozen=True, slots=True)
class RingHeld:
    """A ring did not pass, and the later ones are left as they are."""

    ring: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that is left for people to do, as a sentence."""

    sentence: str


@dataclass(frozen=True, slots=True)
class GoesOnAs:
    """A run that is resumed, and the options that are not said anew."""

    run: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resumable:
    """A run that did not finish, and can be taken up again."""

    run: str
    mode: Mode
    rings: tuple[str, ...] = ()  # that it was about alone


RingNotice = NothingInRings | RingPlan | RingBegun | RingBaking | RingPassed | RingHeld
RunNotice = (
    StateMoved
    | KeyToName
    | NothingSelected
    | SandboxWiped
    | Unpinned
    | LayerLeftOut
    | Orphaned
    | StackKept
    | AccountLeft
    | Lying
    | Swept
    | NothingToDo
    | Guarded
    | Overridden
    | ReviewWritten
    | Waiting
    | BusyRun
    | Unlocking
    | NothingGone
    | NothingRecorded
    | RecordUnread
    | Pending
    | Resumable
    | GoesOnAs
)
Notice = RunNotice | RingNotice
