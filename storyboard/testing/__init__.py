"""The emulator and a clock that obeys, for tests: ours and our users'."""
