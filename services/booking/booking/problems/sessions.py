"""Why a session cannot be opened, changed or cancelled."""

from smp.problems import ProblemType

# fmt: off
SITE_UNKNOWN = ProblemType(
    "site-unknown", 404, "Centre inconnu", "Site unknown",
    "Ce centre n'est pas connu de l'agenda. S'il vient d'être ouvert, renvoyez la demande dans quelques secondes.",
    "The agenda does not know this site. If it has just been opened, send the request again in a few seconds.",
)
SITE_CLOSED = ProblemType(
    "site-closed", 409, "Centre fermé ce jour-là", "Site closed on that day",
    "Le centre ne reçoit personne le {day}.",
    "The site receives nobody on {day}.",
)
PROFESSIONAL_UNKNOWN = ProblemType(
    "professional-unknown", 404, "Professionnel inconnu", "Professional unknown",
    "Ce professionnel n'est pas connu de l'agenda. S'il vient d'arriver, renvoyez la demande dans quelques secondes.",
    "The agenda does not know this professional. If they have just joined, send the request again in a few seconds.",
)
PROFESSIONAL_ELSEWHERE = ProblemType(
    "professional-elsewhere", 422, "Professionnel d'un autre centre", "Professional of another site",
    "Ce professionnel n'exerce pas dans ce centre.",
    "This professional does not work at this site.",
)
OUT_OF_CONTRACT = ProblemType(
    "out-of-contract", 422, "Hors contrat", "Out of contract",
    "Ce professionnel n'est pas sous contrat le {day}.",
    "This professional has no contract on {day}.",
)
KIND_NOT_FOR_ROLE = ProblemType(
    "kind-not-for-role", 422, "Type non permis pour ce métier", "Kind not for this role",
    "Le métier de ce professionnel ne permet pas ces types de rendez-vous.",
    "The role of this professional does not allow these kinds of appointment.",
)
SHARES_TOO_LARGE = ProblemType(
    "shares-too-large", 422, "Trop de places réservées", "Shares too large",
    "Cette vacation n'a que {slots} places : gardez-en moins.",
    "This session has only {slots} places: keep fewer.",
)
HOUR_MISSING = ProblemType(
    "hour-missing", 422, "Heure inexistante", "Hour that does not exist",
    "Le {day}, l'heure avance : cette heure-là n'existe pas. Choisissez-en une autre.",
    "On {day} the clock goes forward: that hour does not exist. Choose another one.",
)
SESSION_PAST = ProblemType(
    "session-past", 422, "Date déjà passée", "Date already past",
    "Une vacation s'ouvre, s'annule et se ferme avant d'être terminée.",
    "A session is opened, cancelled and closed before it is over.",
)
SESSION_OVERLAP = ProblemType(
    "session-overlap", 409, "Vacations qui se recouvrent", "Overlapping sessions",
    "Ce professionnel ou cette salle a déjà une vacation à ces heures.",
    "This professional or this room already has a session at these hours.",
)
HAS_APPOINTMENTS = ProblemType(
    "session-has-appointments", 409, "Des patients sont attendus", "Patients are expected",
    "Ces rendez-vous seraient annulés. Déplacez-les, ou demandez leur annulation (cancel_appointments).",
    "These appointments would be cancelled. Move them, or ask for their cancellation (cancel_appointments).",
)
IN_CONSULTATION = ProblemType(
    "patient-in-consultation", 409, "Une consultation est en cours", "A consultation is going on",
    "Terminez d'abord ces consultations.",
    "Finish these consultations first.",
)
ROOM_CLOSED = ProblemType(
    "room-closed", 409, "Salle fermée", "Room closed",
    "Cette salle est fermée à ces heures le {day}.",
    "This room is closed at these hours on {day}.",
)
PROFESSIONAL_ABSENT = ProblemType(
    "professional-absent", 409, "Professionnel absent", "Professional absent",
    "Ce professionnel est absent à ces heures le {day}.",
    "This professional is away at these hours on {day}.",
)
SESSION_BEGUN = ProblemType(
    "session-begun", 409, "Vacation commencée", "Session begun",
    "Cette vacation a commencé : son début ne change plus.",
    "This session has begun: its start no longer changes.",
)
SESSION_TOO_LONG = ProblemType(
    "session-too-long", 422, "Vacation trop longue", "Session too long",
    "Une vacation dure {hours} heures au plus. Ouvrez-en deux.",
    "A session lasts {hours} hours at most. Open two.",
)
NOTHING_TO_CHANGE = ProblemType(
    "nothing-to-change", 422, "Rien à changer", "Nothing to change",
    "La vacation est déjà ainsi.",
    "The session is like that already.",
)
# fmt: on
