"""One command or query per file: load, ask the domain, store and publish, in the transaction that is given."""
