"""Images, packages and keys, made for a design with real signatures."""
