"""Mutated addresses and bodies against the parser and the running API: `python -m tests.fuzz`."""
