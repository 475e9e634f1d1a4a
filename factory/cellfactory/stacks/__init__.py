"""Each layer as a spec and a builder, and the Terraform that comes out."""
