"""Status callbacks: what they say, and how they reach their receiver."""
