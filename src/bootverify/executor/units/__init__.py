"""executor/units."""
