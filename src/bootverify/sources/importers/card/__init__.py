"""Scenario cards: a question about a design in the words of a review, read into a design."""
