"""Python functions run in helper processes: heavy work holds up no call."""
