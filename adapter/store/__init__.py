"""What must survive a crash: recordings, callbacks, and where each call stands."""
