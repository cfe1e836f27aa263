"""A stand-in for a French SMS provider (the shape of OVHcloud): accepts texts, calls back, keeps a ledger."""
