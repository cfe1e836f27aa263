"""Local identity issuer, for development only: it gives any role to whoever asks, so it listens on loopback only."""
