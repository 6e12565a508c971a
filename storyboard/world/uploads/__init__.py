"""Addresses of local files that a provider can fetch."""
