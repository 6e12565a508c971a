"""Thought: text in, a storyboard's graph or its problems out."""
