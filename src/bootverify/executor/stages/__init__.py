"""executor/stages."""
