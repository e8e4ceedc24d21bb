"""Claims: formula tree, vocabulary, type check."""
