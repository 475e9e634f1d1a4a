"""Reads synthesized Terraform as one tree: resources, rows spread, references followed (pure)."""
