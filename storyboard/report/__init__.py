"""Everything known in, one thing to look at out."""
