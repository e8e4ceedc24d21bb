"""sources/importers."""
