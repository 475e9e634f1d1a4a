"""Read an inventory of cells, prove that each fits, and write the Terraform that builds it."""

__version__ = "0.1.0"
