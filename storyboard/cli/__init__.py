"""The doors: what a person types and sees."""
