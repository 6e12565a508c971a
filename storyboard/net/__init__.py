"""HTTP: the only package that imports httpx."""
