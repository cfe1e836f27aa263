"""Faults planted on purpose, each in a copy of the source: `python -m tests.mutants` (or `make mutants`)."""
