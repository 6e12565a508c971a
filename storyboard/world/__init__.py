"""The world outside us, one room for each thing of it."""
