"""What a Monday does not ask for by itself, asked on each of them: every other command of booking, and every fact of
registry that it hears."""
