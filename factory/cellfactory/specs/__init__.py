"""What every stack is made of, as frozen values: from an inventory, its addresses and the facts."""
