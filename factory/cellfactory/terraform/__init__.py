"""Drive Terraform over synthesized stacks, in the order of what they wait for."""
