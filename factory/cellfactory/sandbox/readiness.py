"""When a new account can be used: not at once, and AWS sends no word of it.

For some time after CreateAccount has succeeded nobody can take a role in the account, and for
some time after that EC2 and EKS do not know it. How long is part of the world.

Source:
    https://github.com/hashicorp/terraform-provider-aws/issues/15654
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Clock:
    seconds: float = 0.0
    entered: dict[str, float] = field(default_factory=dict)  # from when on, by account
    served: dict[str, float] = field(default_factory=dict)


_CLOCK = _Clock()  # the emulator's state belongs to the process


def start(seconds: float) -> None:
    """Begin a world in which each step of a new account takes so long."""
    _CLOCK.seconds = seconds
    _CLOCK.entered.clear()
    _CLOCK.served.clear()


def made(account: str, in_seconds: float) -> None:
    """Note that an account will have been made in so many seconds."""
    first = time.monotonic() + in_seconds + _CLOCK.seconds
    _CLOCK.entered[account], _CLOCK.served[account] = first, first + _CLOCK.seconds


def closed(account: str) -> None:
    """Note that an account was closed: nobody works in it any more."""
    _CLOCK.entered[account] = _CLOCK.served[account] = math.inf


def is_entered(account: str) -> bool:
    """Whether its roles can be taken."""
    return time.monotonic() >= _CLOCK.entered.get(account, 0)


def is_served(account: str) -> bool:
    """Whether regional services know it."""
    return time.monotonic() >= _CLOCK.served.get(account, 0)
