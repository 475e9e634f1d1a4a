"""Use cases: what a command does, from its options to a value; nothing here prints or asks."""
