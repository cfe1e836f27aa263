"""SQL with names; rows become dataclasses here."""
