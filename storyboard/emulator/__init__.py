"""The garden house: the provider's API, played locally with real videos."""
