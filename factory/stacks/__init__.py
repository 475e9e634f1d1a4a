"""Which stacks are made of which constructs, and the Terraform that comes out."""
