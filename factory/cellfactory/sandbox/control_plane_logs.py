"""The log group of a control plane: EKS makes it when it is missing, also when nobody wants it.

EKS writes its last lines after the cluster is gone. Where the group was deleted meanwhile, it is
there again: without an owner, without an end of retention, and in the way of the next cluster of
that name.

Source:
    https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
    https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from moto.logs.models import LogsBackend


def group_of(cluster: str) -> str:
    """Name the log group of a control plane."""
    return f"/aws/eks/{cluster}/cluster"


class LogGroupBackend(LogsBackend):
    """CloudWatch Logs of one account and Region, as EKS writes to it."""

    late_seconds: ClassVar[float] = 0  # for which EKS still writes

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.written_until: dict[str, float] = {}  # by group

    @property
    def _url_module(self) -> Any:
        import moto.logs.urls

        return moto.logs.urls

    def write(self, cluster: str) -> None:
        """Write a line as EKS does; the group is made for it."""
        if group_of(cluster) not in self.groups:
            self.create_log_group(group_of(cluster), {})

    def write_last(self, cluster: str) -> None:
        """Write on for a while, since the cluster was just deleted."""
        self.write(cluster)
        self.written_until[group_of(cluster)] = time.monotonic() + self.late_seconds

    def delete_log_group(self, log_group_name: str) -> None:
        super().delete_log_group(log_group_name)
        if time.monotonic() < self.written_until.get(log_group_name, 0):
            self.create_log_group(log_group_name, {})
