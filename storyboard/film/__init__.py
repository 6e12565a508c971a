"""The film made of takes."""
