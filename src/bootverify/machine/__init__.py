"""Nouns that executor and encoder both speak: contents, actions, observations, traces."""
