"""The Monday under random kill -9: `python -m tests.chaos --kills 200 --seed 1` (or `make chaos`)."""
