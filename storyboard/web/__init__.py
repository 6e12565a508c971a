"""The receiver of callbacks; the live page will be here, too."""
