"""Booking's OpenAPI under attack: `python -m tests.fuzz --cases 200000 --seed 1` (or `make fuzz`)."""
