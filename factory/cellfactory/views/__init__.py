"""How values look: each kind of value has one home here, and becomes text or plain data (pure)."""
