"""One file per command or query: load, decide in the domain, write state and events in one transaction."""
