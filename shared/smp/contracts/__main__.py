"""`python -m smp.contracts write | check | release`."""

import typer

from smp.contracts import schemas
from smp.contracts.catalogue import CATALOGUE

app = typer.Typer(add_completion=False, help="The committed contracts between services.")


@app.command()
def write() -> None:
    """Write schemas/ and asyncapi.json again from the code."""
    changed = schemas.write()
    for name in changed:
        typer.echo(f"wrote {name}")
    typer.echo(f"{len(CATALOGUE)} contracts, {len(changed)} files changed.")


@app.command()
def check() -> None:
    """Refuse committed files that are not what the code says, and changes that would break a released contract."""
    stale, broken = schemas.stale(), schemas.broken_promises()
    for sentence in broken:
        typer.echo(sentence, err=True)
    for name in stale:
        typer.echo(f"{name} is not what the code says. Run: python -m smp.contracts write", err=True)
    if stale or broken:
        raise typer.Exit(1)
    typer.echo(f"{len(CATALOGUE)} contracts are current and compatible with those released.")
    if pending := schemas.unreleased():
        typer.echo(f"Not released as they are now: {', '.join(pending)}. Run: python -m smp.contracts release")


@app.command()
def release() -> None:
    """Promise the contracts as they are now: from then on they only grow."""
    try:
        names = schemas.release()
    except ValueError as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Released: {', '.join(names) or 'nothing new'}.")


if __name__ == "__main__":
    app()
