"""What SWML can play, and how the switch is told to play it."""
