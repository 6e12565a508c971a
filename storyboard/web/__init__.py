"""The receiver of callbacks; the live page will live here too."""
