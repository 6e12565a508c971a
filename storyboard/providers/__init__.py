"""Providers: one package for each video API."""
