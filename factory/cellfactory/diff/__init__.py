"""What an edit changes: two trees of stacks held against each other, and what that means here.

`model` says what a change is. Whoever finds changes (two synthesized trees, or Terraform's plan of
a stack) makes the same `Changes`, and whoever shows or counts them reads nothing else.
"""
