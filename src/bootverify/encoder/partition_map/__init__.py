"""Claims about the map and the settings alone: whether they are true."""
