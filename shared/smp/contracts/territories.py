"""The départements of France (INSEE, code officiel géographique), which are the platform's territories."""

_METROPOLE = {f"{number:02}" for number in range(1, 96)} - {"20"} | {"2A", "2B"}
_OUTRE_MER = {"971", "972", "973", "974", "975", "976", "977", "978", "986", "987", "988"}

TERRITORIES: frozenset[str] = frozenset(_METROPOLE | _OUTRE_MER)
