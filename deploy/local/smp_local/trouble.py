"""A failure that its reader can act on: what happened, then what to do."""


class Trouble(Exception):
    """One French sentence for what happened and one for the remedy; shown as they are, without a traceback."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}\n→ {remedy}")
        self.what = what
        self.remedy = remedy


NO_SPACE = "No space left on device"  # how the kernel, PostgreSQL and Java all say it


def full_disk(who: str) -> Trouble:
    """`who` cannot write any more."""
    return Trouble(f"Le disque est plein : {who} ne peut plus écrire.", "Libérez au moins 1 Go, puis relancez.")
