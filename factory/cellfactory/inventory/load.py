"""What the jobs of a cell ask of it, as far as somebody knows: no page of AWS can say it."""

from __future__ import annotations

from pydantic import Field

from cellfactory.inventory import patterns
from cellfactory.inventory.values import Model


class Load(Model):
    """Numbers of the jobs that run in a cell; what is left out is not checked."""

    needed_nodes: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Nodes that must be left when a zone is lost (nodes).",
    )
    pods_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Drivers and executors that start each minute at the busiest hour (pods).",
    )
    s3_reads_per_second: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="GET and HEAD requests of all pods together (requests).",
    )
    s3_writes_per_second: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="PUT, COPY, POST and DELETE requests of all pods together (requests).",
    )
    oldest_spark: str | None = Field(
        default=None,
        pattern=patterns.SPARK_VERSION,
        description="Oldest version of Spark that its jobs run on, as 3.5; `options` asks.",
    )
    s3_prefixes: int = Field(
        default=1,
        ge=1,
        le=1_000_000,
        description="Prefixes that these requests are spread over evenly.",
    )
