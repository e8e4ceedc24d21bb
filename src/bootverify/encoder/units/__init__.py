"""encoder/units."""
