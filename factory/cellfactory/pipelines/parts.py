"""What the workflows have in common: machines, permissions with their reasons, first steps."""

from __future__ import annotations

from dataclasses import dataclass

from cellfactory.pipelines.model import Checkout, Install, Login, Permission, Run, Step

LOCK = "pipelines/cellfactory.lock"
"""By which hashes CI installs cellfactory, from the top of the repository."""

BASE = ".base"
"""Where the code lies that a proposal goes to, beside what is proposed."""

HOUR_SECONDS, HOUR_MINUTES = 3600, 60

READ_CODE = Permission(scope="code", writes=False, reason="checks the inventory out")
TAKE_ROLE = Permission(
    scope="identity", writes=True, reason="proves to AWS which job it is, instead of a stored key"
)
WRITE_COMMENT = Permission(scope="comments", writes=True, reason="keeps the one comment up to date")
WRITE_ISSUES = Permission(
    scope="issues", writes=True, reason="opens, updates and closes an issue for each cell"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOfCells:
    """A ring as the pipeline takes it."""

    name: str
    role: str  # ARN of the role that applies it
    bake_seconds: int  # 0 where nothing follows (s)
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What of an inventory its workflows depend on, and nothing else of it."""

    repository: str  # OWNER/NAME; empty where its forge needs none
    branch: str
    region: str  # of the states
    plan_role: str  # ARN
    plan_runner: str | tuple[str, ...]
    apply_runner: str | tuple[str, ...]
    session_hours: int  # of a role that applies
    rings: tuple[RingOfCells, ...]
    shards: int  # jobs that plan each wave, at most

    @property
    def apply_minutes(self) -> int:
        """How long a job may apply: as long as its credentials last (min)."""
        return self.session_hours * HOUR_MINUTES

    def plan_login(self) -> Login:
        """Take the role that only looks, for an hour: the most that IAM gives it."""
        return Login(role=self.plan_role, region=self.region, seconds=HOUR_SECONDS)

    def apply_login(self, ring: RingOfCells) -> Login:
        """Take the role that applies a ring."""
        return Login(role=ring.role, region=self.region, seconds=self.session_hours * HOUR_SECONDS)


def first_steps(*, history: bool = False) -> tuple[Step, ...]:
    """Bring the code of the branch and install the program."""
    return (Checkout(history=history), Install(lock=LOCK))


def proposed_steps(*, history: bool = False) -> tuple[Step, ...]:
    """Bring what is proposed, and install what the base says: a proposal changes data only."""
    return (
        Checkout(history=history),
        Checkout(base=True, folder=BASE),
        Install(lock=f"{BASE}/{LOCK}"),
    )


def synth() -> Run:
    """Write the Terraform that all the rest works on."""
    return Run(name="Synthesize", argv=("cellfactory", "synth", "--locked"))
