"""What cells, and the ways between them and out of them, cost in a month at list prices (pure)."""
