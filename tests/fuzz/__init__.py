"""Fuzzers: what a world must survive. `make fuzz` runs them for as long as asked; test_fuzz.py a short, seeded piece."""
