"""What the commands do: prepare a plan, apply it, cut the film, decide, verify, recover."""
