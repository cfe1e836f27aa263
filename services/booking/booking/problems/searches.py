"""What cannot be searched, or noted as looked for in vain."""

from smp.problems import ProblemType

# fmt: off
FORM_INCOMPLETE = ProblemType(
    "form-incomplete", 422, "Formulaire incomplet", "Form incomplete",
    "Posez toutes les questions : sans réponse, aucun signe d'alerte n'est écarté.",
    "Ask every question: unanswered, no red flag is ruled out.",
)
WINDOW_TOO_LONG = ProblemType(
    "window-too-long", 422, "Période trop longue", "Window too long",
    "Cherchez sur {days} jours au plus, la fin après le début.",
    "Search over {days} days at most, the end after the start.",
)
THERE_IS_ROOM = ProblemType(
    "there-is-room", 409, "Il reste de la place", "There is room",
    "Des créneaux sont libres pour cette demande : rien n'a été noté. Ils sont proposés.",
    "Slots are free for this request: nothing was noted. They are proposed.",
)
SAME_SITE = ProblemType(
    "same-site", 422, "Un seul centre", "One site only",
    "Une distance se déclare entre deux centres différents.",
    "A distance is declared between two different sites.",
)
# fmt: on
