"""`python -m smp_local VERB …`."""

from smp_local.cli import app

if __name__ == "__main__":
    app()
