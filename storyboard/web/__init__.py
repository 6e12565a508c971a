"""The live page and the receiver of callbacks; the room is kept for them, nobody lives here yet."""
