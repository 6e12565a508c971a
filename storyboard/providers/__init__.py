"""The hands: one package for each video API."""
