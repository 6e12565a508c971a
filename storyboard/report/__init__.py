"""Everything known, as values to print or to write as JSON."""
