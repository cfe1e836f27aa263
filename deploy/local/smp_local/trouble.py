"""A failure that its reader can act on: what happened, then what to do."""


class Trouble(Exception):
    """One French sentence for what happened and one for the remedy; shown as they are, without a traceback."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}\n→ {remedy}")
        self.what = what
        self.remedy = remedy
