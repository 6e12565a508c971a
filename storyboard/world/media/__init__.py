"""The only door to PyAV and Pillow: what a file of media is, and how to make one."""
