"""Answers: recommendations, and similar items and users."""
