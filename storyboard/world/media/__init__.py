"""Media files: the only package that imports PyAV and Pillow."""
