"""Boot chains as transition systems."""
