"""Why a place cannot be had."""

from smp.problems import ProblemType

# fmt: off
SLOT_TAKEN = ProblemType(
    "slot-taken", 409, "Créneau déjà pris", "Slot already taken",
    "Ce créneau vient d'être pris. D'autres créneaux proches sont proposés.",
    "This slot has just been taken. Other slots close to it are proposed.",
)
SLOT_RESTING = ProblemType(
    "slot-resting", 409, "Créneau réservé à la liste d'attente", "Slot kept for the waiting list",
    "Ce créneau vient de se libérer : la liste d'attente passe d'abord. Il sera proposé à tous au plus "
    "tard le {released_at}. D'autres créneaux sont proposés.",
    "This slot has just been given up: the waiting list has first call. It is offered to all at {released_at} at the "
    "latest. Other slots are proposed.",
)
FAMILY_DOES_NOT_FIT = ProblemType(
    "family-does-not-fit", 409, "Pas assez de places ensemble", "Not enough places together",
    "Il n'y a pas {wanted} places à la suite dans cette période. D'autres jours sont proposés (places).",
    "There are not {wanted} places in a row in this period. Other days are proposed (places).",
)
COMPANY_MISSING = ProblemType(
    "company-missing", 409, "Personne pour préparer ou accompagner", "Nobody to prepare or to sit in",
    "Ce rendez-vous se prépare ou se tient à deux, et personne n'est libre à cette heure. D'autres créneaux sont "
    "proposés.",
    "This appointment is prepared or held by two people, and nobody is free at that hour. Other slots are proposed.",
)
NOBODY_TO_PREPARE = ProblemType(
    "nobody-to-prepare", 422, "Personne d'autre pour préparer", "Nobody else to prepare",
    "Seule la fonction demandée pour accompagner peut préparer ce type de rendez-vous. Demandez une autre fonction "
    "pour accompagner, ou un rendez-vous sans accompagnement.",
    "Only the role that is asked to sit in may prepare this kind of appointment. Ask for another role to sit in, or "
    "for nobody.",
)
OUTSIDE_SESSION = ProblemType(
    "outside-session", 422, "Hors de la vacation", "Outside the session",
    "Le rendez-vous doit tenir dans la vacation. Des créneaux proches sont proposés.",
    "The appointment must lie inside the session. Slots close to it are proposed.",
)
OFF_GRID = ProblemType(
    "off-grid", 422, "Hors de la grille", "Off the grid",
    "Cette vacation ne commence pas de rendez-vous à cette heure. Des créneaux proches sont proposés.",
    "No appointment of this session starts at that time. Slots close to it are proposed.",
)
SLOT_PAST = ProblemType(
    "slot-past", 422, "Créneau déjà passé", "Slot already past",
    "Ce créneau a déjà commencé. Des créneaux à venir sont proposés.",
    "This slot has already begun. Coming slots are proposed.",
)
KIND_NOT_OFFERED = ProblemType(
    "kind-not-offered", 422, "Type de rendez-vous non proposé ici", "Kind not offered here",
    "Cette vacation ne propose pas ce type de rendez-vous. D'autres créneaux sont proposés.",
    "This session does not offer this kind of appointment. Other slots are proposed.",
)
MODE_NOT_OFFERED = ProblemType(
    "mode-not-offered", 422, "Modalité non proposée", "Mode not offered",
    "Ce type de rendez-vous ne se donne pas de cette façon. Modalités possibles : {modes}.",
    "This kind of appointment does not take place that way. Possible modes: {modes}.",
)
ROOM_WANTED = ProblemType(
    "room-wanted", 422, "Salle nécessaire", "Room wanted",
    "Ce type de rendez-vous demande une salle, et cette vacation n'en a pas. D'autres créneaux sont proposés.",
    "This kind of appointment wants a room and this session has none. Other slots are proposed.",
)
EQUIPMENT_WANTED = ProblemType(
    "equipment-wanted", 422, "Matériel nécessaire", "Equipment wanted",
    "Cette vacation n'a pas le matériel que ce type de rendez-vous demande. D'autres créneaux sont proposés.",
    "This session has not the equipment that this kind of appointment wants. Other slots are proposed.",
)
LEAD_TOO_SHORT = ProblemType(
    "lead-too-short", 422, "Délai trop court", "Lead too short",
    "Ce type de rendez-vous se prend au moins {minutes} minutes à l'avance. Des créneaux possibles sont proposés.",
    "This kind of appointment is booked at least {minutes} minutes ahead. Possible slots are proposed.",
)
LEAD_TOO_LONG = ProblemType(
    "lead-too-long", 422, "Trop longtemps à l'avance", "Too far ahead",
    "Ce type de rendez-vous se prend au plus {days} jours à l'avance. Des créneaux possibles sont proposés.",
    "This kind of appointment is booked at most {days} days ahead. Possible slots are proposed.",
)
SESSION_UNKNOWN = ProblemType(
    "session-unknown", 404, "Vacation inconnue", "Session unknown",
    "Cherchez à nouveau les disponibilités du centre.",
    "Search the availability of the centre again.",
)
SESSION_CANCELLED = ProblemType(
    "session-cancelled", 409, "Vacation annulée", "Session cancelled",
    "Cette vacation n'a plus lieu. D'autres créneaux sont proposés.",
    "This session no longer takes place. Other slots are proposed.",
)
SESSION_UNSUPPORTED = ProblemType(
    "session-unsupported", 409, "Vacation fermée aux nouveaux rendez-vous", "Session closed to new appointments",
    "Ce jour-là, le professionnel n'est plus sous contrat, son métier ne permet plus ces rendez-vous ou le centre est "
    "fermé. D'autres créneaux sont proposés.",
    "On that day the professional has no contract any more, their role no longer allows these appointments or the site "
    "is closed. Other slots are proposed.",
)
CLASS_NOT_RELEASED = ProblemType(
    "class-not-released", 409, "Places encore réservées", "Class not yet released",
    "Les places qui restent sont gardées pour d'autres demandes. D'autres créneaux sont proposés.",
    "The places left are kept for other requests. Other slots are proposed.",
)
ON_THE_WAY = ProblemType(
    "practitioner-on-the-way", 409, "Praticien en route", "Practitioner on the way",
    "À cette heure, le praticien est en route entre deux centres. D'autres créneaux sont proposés.",
    "At that hour the practitioner is on the way between two centres. Other slots are proposed.",
)
HOLD_EXPIRED = ProblemType(
    "hold-expired", 409, "Réservation provisoire expirée", "Hold expired",
    "Le créneau n'est plus gardé. S'il est encore libre, il figure parmi les créneaux proposés.",
    "The slot is no longer held. If it is still free, it is among the proposed ones.",
)
HOLD_FOR_ANOTHER = ProblemType(
    "hold-for-another-patient", 409, "Créneau gardé pour un autre patient", "Slot held for another patient",
    "Ce créneau est gardé pour un autre patient. Prenez-en un autre.",
    "This slot is held for another patient. Take another one.",
)
NO_PLACE_TODAY = ProblemType(
    "no-place-today", 409, "Plus de place aujourd'hui", "No place left today",
    "Aucun créneau n'est libre aujourd'hui dans ce centre. Les prochains sont proposés.",
    "No slot is free today at this site. The next ones are proposed.",
)
# fmt: on
