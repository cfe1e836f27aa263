"""SMP du Mans (Sarthe, 72): WORLD §2. It opened in the hospital, then moved to avenue de Paderborn."""

from datetime import date

from smp_local.worlds.centre import Centre, Member, Shift, halves, week
from smp_local.worlds.people import Town, rpps

DOCTORS = tuple(
    Member(f"le-mans/doctor/{number}", family, given, role, rpps(300 + number))
    for number, (family, given, role) in enumerate(
        (
            ("Trottignon", "Hubert", "retired_gp"), ("Vallaisière", "Brigitte", "retired_gp"),
            ("Bellanger", "Xavier", "retired_gp"), ("Dalibard", "Christine", "retired_gp"),
            ("Coquereau", "Thomas", "gp"), ("Loriotais", "Anaïs", "gp"),
        ),
        start=1,
    )
)  # fmt: skip
ASSISTANTS = (
    Member("le-mans/assistant/1", "Guesdonnet", "Émilie", "medical_assistant"),
    Member("le-mans/assistant/2", "Lambertin", "Yanis", "medical_assistant"),
)
COORDINATOR = Member("le-mans/coordinator", "Ravaudelle", "Philippe", "coordinator", rpps(310))
SECRETARIES = (
    Member("le-mans/secretary/1", "Pichardais", "Delphine", "secretary"),
    Member("le-mans/secretary/2", "Garnelais", "Hamza", "secretary"),
)

MORNING, AFTERNOON = (9, 13), (14, 19)
ROOMS = ("Cabinet A", "Cabinet B")
PAIRS = {1: (0, 1), 2: (2, 4), 3: (3, 5), 4: (0, 4), 5: (2, 5)}  # doctors of each weekday


def _shifts() -> tuple[Shift, ...]:
    return tuple(
        shift
        for weekday, pair in PAIRS.items()
        for doctor, room in zip(pair, ROOMS, strict=True)
        for shift in halves(DOCTORS[doctor], (weekday,), MORNING, AFTERNOON, room)
    )


RELOCATION = {
    "address": {
        "line": "avenue de Paderborn",
        "postal_code": "72000",
        "city": "Le Mans",
        "commune_code": "72181",
    },
    "phone": "02 59 29 01 30",
    "from_date": "2022-06-01",
}

LE_MANS = Centre(
    key="le-mans",
    label="Le Mans",
    territory="72",
    opened_on=date(2021, 11, 8),
    site_body={
        "name": "SMP du Mans",
        "finess": "729990002",
        "address": {
            "line": "194 avenue Rubillard, bâtiment Plantagenêt",
            "postal_code": "72000",
            "city": "Le Mans",
            "commune_code": "72181",
        },
        "phone": "02 59 29 01 30",
        "zone": "Europe/Paris",
        "opening_hours": week((("09:00", "13:00"), ("14:00", "19:00"))),
    },
    members=(*DOCTORS, *ASSISTANTS, COORDINATOR, *SECRETARIES),
    shifts=_shifts(),
    supervisions=(),
    town=Town(communes=("72181",) * 6 + ("72003", "72008", "72095"), series=1),
    registered=48,
)
