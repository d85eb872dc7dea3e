"""Commands from outside to a running call, beside its script: whoever sends them, and by whatever
protocol."""
