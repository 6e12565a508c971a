"""BytePlus ModelArk, which serves Seedance outside China: Ark's words at another host, for models of other names."""
