"""Everything outside the program: one module for each thing."""
