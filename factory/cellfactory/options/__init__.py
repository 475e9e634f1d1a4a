"""Which way of joining VPCs, and of giving pods addresses, fits an inventory, and why (pure)."""
