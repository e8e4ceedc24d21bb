"""check/conform."""
