"""The changes of the gateway's tables, applied in order when it starts. Expand first, contract in a later version."""
