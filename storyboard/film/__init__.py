"""The cutting room: takes in, a film out."""
