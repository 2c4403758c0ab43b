"""People who wait for a platform's limit: where they stand, and when it is their turn."""
