"""SQL of the registry; rows become dataclasses here."""
