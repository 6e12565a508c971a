"""Thought: graph and lock in, a plan with its reasons out."""
