"""SMP Henri Dunant, Laval (Mayenne, 53): WORLD §1. Place, hours and posts are real; everybody is invented."""

from datetime import date, time, timedelta

from smp_local.worlds.centre import FIRST_WEEK, SOCIAL_KINDS, Centre, Member, Shift, halves, week
from smp_local.worlds.people import Town, rpps

# Twelve recently retired doctors in rotation, about a day a week each.
RETIRED = tuple(
    Member(f"laval/retired/{number}", family, given, "retired_gp", rpps(100 + number))
    for number, (family, given) in enumerate(
        (
            ("Fourmondière", "Jacques"), ("Landelle", "Monique"), ("Gaudichet", "Yves"), ("Chauvelin", "Annick"),
            ("Péculier", "Bernard"), ("Moncéau", "Françoise"), ("Jarossay", "Guy"), ("Viauderie", "Michèle"),
            ("Cormery", "Roland"), ("Érambert", "Colette"), ("Houdayer", "Serge"), ("Quentinois", "Marie-Claude"),
        ),
        start=1,
    )
)  # fmt: skip
INTERNS = (
    Member("laval/intern/1", "Salmonière", "Zoé", "intern", rpps(201)),
    Member("laval/intern/2", "Tribondeau", "Malo", "intern", rpps(202)),
)
COORDINATOR = Member("laval/coordinator", "Vaugeoisin", "Élisabeth", "coordinator", rpps(210))
NURSE = Member("laval/nurse", "Renaudineau", "Sylvie", "nurse", rpps(220))
SECRETARIES = tuple(
    Member(f"laval/secretary/{number}", family, given, "secretary")
    for number, (family, given) in enumerate((("Brillet", "Sabrina"), ("Oudinelle", "Carole"), ("Grandin", "Léo")), 1)
)
SOCIAL_WORKER = Member("laval/social", "Mézangère", "Nathalie", "social_worker")

EARLY = ((8, 13), (14, 19), "Cabinet 1")
LATE = ((8, 12), (13, 20), "Cabinet 2")
INTERN = ((9, 13), (14, 18), "Cabinet 3")
PERMANENCE = tuple(
    Shift(SOCIAL_WORKER, weekday, time(9), time(12), "Bureau d'accueil", SOCIAL_KINDS) for weekday in (1, 4)
)


def _pairs() -> dict[int, tuple[tuple[Member, ...], tuple[Member, ...]]]:
    """For each weekday, who takes the early hours and who the late ones: one doctor each week, or two in turn."""
    return {
        1: ((RETIRED[0],), (RETIRED[1],)),
        2: ((RETIRED[2],), (RETIRED[3],)),
        3: ((RETIRED[4],), (RETIRED[5],)),
        4: ((RETIRED[6],), (RETIRED[8], RETIRED[9])),
        5: ((RETIRED[7],), (RETIRED[10], RETIRED[11])),
    }


def _shifts() -> tuple[Shift, ...]:
    found: list[Shift] = []
    for weekday, columns in _pairs().items():
        for doctors, hours in zip(columns, (EARLY, LATE), strict=True):
            for turn, doctor in enumerate(doctors):
                anchor = FIRST_WEEK + timedelta(weeks=turn)
                found += halves(doctor, (weekday,), *hours, every_weeks=len(doctors), anchor=anchor)
    found += halves(INTERNS[0], (1, 2, 3), *INTERN)
    found += halves(INTERNS[1], (4, 5), *INTERN)
    return (*found, *PERMANENCE)


def _supervisions() -> tuple[tuple[Member, Member], ...]:
    """Each intern is answered for by the doctors of the days on which she or he receives."""
    days = {INTERNS[0]: (1, 2, 3), INTERNS[1]: (4, 5)}
    return tuple(
        (intern, doctor) for intern, on in days.items() for day in on for column in _pairs()[day] for doctor in column
    )


LAVAL = Centre(
    key="laval",
    label="Laval",
    territory="53",
    opened_on=date(2017, 6, 12),
    site_body={
        "name": "SMP Laval",
        "finess": "539990002",
        "address": {
            "line": "48 rue Marcel Cerdan",
            "postal_code": "53000",
            "city": "Laval",
            "commune_code": "53130",
        },
        "phone": "02 49 49 07 36",
        "zone": "Europe/Paris",
        "opening_hours": week((("08:00", "20:00"),)),
    },
    members=(*RETIRED, *INTERNS, COORDINATOR, NURSE, *SECRETARIES, SOCIAL_WORKER),
    shifts=_shifts(),
    supervisions=_supervisions(),
    town=Town(communes=("53130",) * 6 + ("53054", "53201", "53034", "53140"), series=0),
    registered=96,
)
