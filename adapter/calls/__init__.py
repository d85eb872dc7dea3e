"""One call's run: the script that it gets, walked step by step, and what its steps work with."""
