"""What does not go on the waiting list, and with its offers."""

from smp.problems import ProblemType

# fmt: off
ENTRY_UNKNOWN = ProblemType("waiting-list-entry-unknown", 404, "Inscription inconnue", "Waiting list entry unknown")
ENTRY_OVER = ProblemType(
    "waiting-list-entry-over", 409, "Inscription terminée", "Waiting list entry over",
    "Cette personne n'est plus sur la liste d'attente. Inscrivez-la à nouveau si besoin.",
    "This person is no longer on the waiting list. Put them on it again if need be.",
)
ALREADY_WAITING = ProblemType(
    "already-waiting", 409, "Déjà sur la liste d'attente", "Already on the waiting list",
    "Cette personne attend déjà ce type de rendez-vous dans ce centre. Modifiez ses souhaits.",
    "This person already waits for this kind of appointment at this site. Change their wishes.",
)
TWO_COMPARTMENTS = ProblemType(
    "kinds-of-two-compartments", 422, "Types de deux domaines", "Kinds of two compartments",
    "Une inscription attend soit du médical, soit du médico-social. Faites deux inscriptions.",
    "An entry waits either for medical or for medico-social care. Make two entries.",
)
NOTHING_TO_REPLACE = ProblemType(
    "nothing-to-replace", 422, "Rendez-vous à remplacer introuvable", "No such appointment to replace",
    "Le rendez-vous à remplacer doit être à venir, de cette personne et d'un des types attendus.",
    "The appointment to replace must be ahead, of this person and of one of the kinds waited for.",
)
OFFER_UNKNOWN = ProblemType("offer-unknown", 404, "Offre inconnue", "Offer unknown")
OFFER_OVER = ProblemType(
    "offer-over", 409, "Offre terminée", "Offer over",
    "Cette offre est à l'état « {state} » : elle n'attend plus de réponse.",
    "This offer is in state '{state}': it waits for no answer any more.",
)
PRIORITY_NOT_YOURS = ProblemType(
    "priority-not-yours", 403, "Priorité d'un autre métier", "Priority of another profession",
    "La priorité d'une attente médico-sociale est fixée par un travailleur social, les autres par un soignant.",
    "The priority of a medico-social entry is set by a social worker, others by a clinician.",
)
# fmt: on
