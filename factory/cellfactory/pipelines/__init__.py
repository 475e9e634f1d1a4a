"""Pipelines of CI systems: what they do, from the inventory, and how a system writes it (pure)."""
