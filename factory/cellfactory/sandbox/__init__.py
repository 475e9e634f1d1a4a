"""An emulated AWS on the loopback address: moto, with what a cell needs beyond it."""
