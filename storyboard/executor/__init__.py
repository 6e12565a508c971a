"""The work: a plan and a crew in, events out."""
