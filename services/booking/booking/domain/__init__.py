"""Pure rules of booking: no input or output, no clock, no randomness; `now` is an argument."""
