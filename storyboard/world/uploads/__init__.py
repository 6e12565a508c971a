"""How a local file gets an address that a provider can fetch."""
