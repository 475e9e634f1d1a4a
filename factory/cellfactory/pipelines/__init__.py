"""Pipelines of an inventory: what CI runs, by whose rights, in which order; and as CI reads it.

`model` says what a pipeline is and knows no CI system; `build` makes those of an inventory;
`github` writes them as GitHub Actions reads them.
"""

from cellfactory.pipelines.build import build_pipelines as build_pipelines
from cellfactory.pipelines.github import render_github as render_github
from cellfactory.pipelines.model import Pipelines as Pipelines
