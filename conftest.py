"""Where doctests are not looked for: to import these packages starts Node, or the emulated AWS.

`tests/test_habits.py` holds that no doctest is written there, where nobody would run it.
"""

collect_ignore = ["factory/constructs", "factory/sandbox", "factory/stacks"]
