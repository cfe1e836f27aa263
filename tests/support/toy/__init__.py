"""A toy service with one table, for tests of the floor."""
