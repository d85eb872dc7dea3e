"""Where a call's document comes from, and how it is fetched."""
