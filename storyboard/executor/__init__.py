"""The work: a plan and a context in, events out."""
