"""The pure rules of the registry: standard library only, no clock, no I/O; `now` is an argument."""
