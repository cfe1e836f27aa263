"""Why an appointment does not go that step, or not back."""

from smp.problems import ProblemType

# fmt: off
WRONG_TRANSITION = ProblemType(
    "wrong-transition", 409, "Étape impossible", "Step not possible",
    "Le rendez-vous est à l'état « {state} » : cette étape n'est pas possible.",
    "The appointment is in state '{state}': this step is not possible.",
)
ALREADY_IN_QUEUE = ProblemType(
    "patient-already-waiting", 409, "Patient déjà dans la file", "Patient already in the queue",
    "Ce patient attend déjà dans ce centre pour un autre rendez-vous (waiting). Commencez-le ou corrigez-le d'abord.",
    "This patient is already waiting at this site for another appointment (waiting). Begin or correct that one first.",
)
NOT_IN_QUEUE = ProblemType(
    "not-in-queue", 409, "Personne absente de la file", "Not in the queue",
    "La personne devant laquelle placer ce patient n'attend pas (ou plus) dans ce centre.",
    "The person before whom this patient is to be placed does not wait at this site, or no longer.",
)
NOTHING_TO_CORRECT = ProblemType(
    "nothing-to-correct", 409, "Rien à corriger", "Nothing to correct",
    "La dernière étape de ce rendez-vous (« {state} ») ne s'annule pas : déplacez-le ou annulez-le.",
    "The last step of this appointment ('{state}') cannot be undone: move or cancel it.",
)
ALREADY_CORRECTED = ProblemType(
    "already-corrected", 409, "Déjà corrigé", "Already corrected",
    "La dernière étape est elle-même une correction : elle ne s'annule pas. Notez l'étape juste.",
    "The last step is itself a correction: it is not undone. Note the right step.",
)
GIVEN_BACK_FOR_ANOTHER = ProblemType(
    "given-back-for-another", 409, "Rendez-vous rendu pour un autre", "Given back for another",
    "Ce rendez-vous a été rendu quand le patient a accepté une place plus proche : il ne garde pas les deux. "
    "Annulez l'autre, puis réservez celle-ci si elle est encore libre.",
    "This appointment was given back when the patient accepted a sooner place: nobody keeps both. "
    "Cancel the other one, then book this place if it is still free.",
)
CORRECTION_TOO_LATE = ProblemType(
    "correction-too-late", 409, "Correction trop tardive", "Too late to correct",
    "Une étape se corrige le jour même où elle a été notée.",
    "A step is corrected on the very day on which it was noted.",
)
NOT_THE_DAY = ProblemType(
    "not-the-day", 409, "Pas le jour du rendez-vous", "Not the day of the appointment",
    "Ce rendez-vous est prévu le {day}.",
    "This appointment is on {day}.",
)
TOO_EARLY = ProblemType(
    "too-early", 409, "Trop tôt", "Too early",
    "L'absence d'un patient se note après l'heure de son rendez-vous.",
    "A no-show is noted after the hour of the appointment.",
)
PLACE_LOST = ProblemType(
    "place-lost", 409, "Rendez-vous sans place", "Appointment without a place",
    "Le centre a repris la place de ce rendez-vous (absence, fermeture, horaires changés), le patient est à rappeler : "
    "ni son arrivée, ni son départ, ni son absence ne se notent. Déplacez le rendez-vous ou annulez-le.",
    "The centre took the place of this appointment back (an absence, a closure, other hours) and the patient is to be "
    "called: neither arrival nor departure nor absence is noted. Move the appointment or cancel it.",
)
APPOINTMENT_UNKNOWN = ProblemType("appointment-unknown", 404, "Rendez-vous inconnu", "Appointment unknown")
SEVERITY_NOT_EXPECTED = ProblemType(
    "severity-not-expected", 422, "Gravité non attendue", "Severity not expected",
    "La gravité et le recours évité ne se notent que pour des soins non programmés.",
    "Severity and avoided recourse are noted for unscheduled care only.",
)
# fmt: on
