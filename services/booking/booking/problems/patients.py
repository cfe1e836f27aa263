"""Why this patient cannot have it."""

from smp.problems import ProblemType

# fmt: off
TOO_MANY_RUNNING = ProblemType(
    "too-many-running", 409, "Trop de rendez-vous en cours", "Too many running appointments",
    "Ce patient a déjà {cap} rendez-vous de ce type à venir, le maximum. Déplacez ou annulez l'un d'eux.",
    "This patient already has {cap} appointments of this kind ahead, the most allowed. Move or cancel one of them.",
)
PATIENT_BUSY = ProblemType(
    "patient-already-booked", 409, "Patient déjà attendu à cette heure", "Patient already booked at that time",
    "Ce patient a déjà un rendez-vous qui recouvre ce créneau. D'autres créneaux sont proposés.",
    "This patient already has an appointment that meets this slot. Other slots are proposed.",
)
NEVER_SEEN = ProblemType(
    "follow-up-elsewhere", 422, "Suivi par un autre professionnel", "Followed up by somebody else",
    "Un rendez-vous de suivi se prend avec un professionnel qui a déjà vu ce patient. D'autres créneaux sont proposés.",
    "A follow-up is booked with a professional who has already seen this patient. Other slots are proposed.",
)
PATIENT_UNKNOWN = ProblemType(
    "patient-unknown", 409, "Patient pas encore connu", "Patient not known yet",
    "L'inscription de ce patient n'est pas encore parvenue à l'agenda. Renvoyez la demande dans quelques secondes.",
    "The registration of this patient has not reached the agenda yet. Send the same request again in a few seconds.",
)
PATIENT_ERASED = ProblemType(
    "patient-erased", 410, "Dossier effacé", "File erased",
    "Le dossier de ce patient a été effacé ; il faut l'inscrire à nouveau.",
    "The file of this patient has been erased; register the patient again.",
)
NOT_ELIGIBLE = ProblemType(
    "patient-not-eligible", 422, "Patient non éligible", "Patient not eligible",
    "Une consultation ordinaire est réservée aux personnes sans médecin traitant. Une petite urgence reste possible.",
    "An ordinary consultation is for people without a treating doctor. A minor emergency remains possible.",
)
# fmt: on
