"""Which days of the calendar a play needs: the day itself, the one on which its patients called, the closing."""

from datetime import date, datetime, time, timedelta

from holidays import country_holidays

from smp_local.worlds.centre import Centre

FIRST_DAY = date(2026, 1, 5)  # the youngest of the invented patients is born
LAST_DAY = date(2099, 12, 31)
CALLED_BEFORE = timedelta(days=4)  # a Monday's patients called on Thursday
UNANSWERED = timedelta(hours=73)  # one hour more than a receipt may take (notifications, SMP_UNANSWERED_HOURS)

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def spoken(day: date) -> str:
    """`lundi 23 novembre 2026`."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{DAYS[day.weekday()]} {number} {MONTHS[day.month - 1]} {day.year}"


def refusal(day: date) -> str | None:
    """Why this day cannot be played, in a French sentence, or None."""
    if not FIRST_DAY <= day <= LAST_DAY:
        return f"Le {spoken(day)} ne peut pas être joué : choisissez un jour de {FIRST_DAY.year} à {LAST_DAY.year}."
    if day.isoweekday() > 5:
        return f"Le {spoken(day)}, les centres sont fermés : choisissez un jour du lundi au vendredi."
    holiday = country_holidays("FR", years=day.year, language="fr").get(day)
    if holiday:
        return f"Le {spoken(day)} est férié ({holiday}) : les centres sont fermés, choisissez un autre jour."
    return None


def is_open(day: date) -> bool:
    return day.isoweekday() <= 5 and day not in country_holidays("FR", years=day.year)


def calling_day(day: date) -> date:
    """The last working day at least four days before."""
    called = day - CALLED_BEFORE
    while not is_open(called):
        called -= timedelta(days=1)
    return called


def at(centre: Centre, day: date, hour: int, minute: int = 0) -> datetime:
    """An instant of the centre's own clock."""
    return datetime.combine(day, time(hour, minute), centre.zone)
