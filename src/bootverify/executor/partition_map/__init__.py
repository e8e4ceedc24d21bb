"""Claims about the map and the settings alone: what is misfitting, and where it is said."""
