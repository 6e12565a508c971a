"""make, for films: a YAML storyboard in, a film out, nothing paid for twice."""

__version__ = "0.1.0"
