"""Why booking refuses. Slugs never change once published."""

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
TOO_MANY_RUNNING = ProblemType(
    "too-many-running", 409, "Trop de rendez-vous en cours", "Too many running appointments",
    "Ce patient a déjà {cap} rendez-vous de ce type à venir, le maximum. Déplacez ou annulez l'un d'eux.",
    "This patient already has {cap} appointments of this kind ahead, the most allowed. Move or cancel one of them.",
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
PATIENT_BUSY = ProblemType(
    "patient-already-booked", 409, "Patient déjà attendu à cette heure", "Patient already booked at that time",
    "Ce patient a déjà un rendez-vous qui recouvre ce créneau. D'autres créneaux sont proposés.",
    "This patient already has an appointment that meets this slot. Other slots are proposed.",
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
NEVER_SEEN = ProblemType(
    "follow-up-elsewhere", 422, "Suivi par un autre professionnel", "Followed up by somebody else",
    "Un rendez-vous de suivi se prend avec un professionnel qui a déjà vu ce patient. D'autres créneaux sont proposés.",
    "A follow-up is booked with a professional who has already seen this patient. Other slots are proposed.",
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
NO_SUPERVISOR = ProblemType(
    "no-supervisor", 409, "Aucun maître de stage présent", "No supervisor present",
    "Un interne ne reçoit que si un maître de stage est présent dans le centre. D'autres créneaux sont proposés.",
    "An intern receives only while one of their supervisors is present at the site. Other slots are proposed.",
)
TOO_MANY_INTERNS = ProblemType(
    "too-many-interns", 409, "Trop d'internes pour les maîtres de stage présents", "Too many interns at once",
    "À cette heure, les maîtres de stage de cet interne en encadrent déjà autant que permis. "
    "D'autres créneaux sont proposés.",
    "At that hour the supervisors of this intern answer for as many interns as they may. Other slots are proposed.",
)
TOO_MANY_ACTS = ProblemType(
    "too-many-acts", 409, "Demi-journée complète pour cet interne", "Half-day full for this intern",
    "Cet interne a déjà, sur cette demi-journée, autant d'actes que permis. D'autres créneaux sont proposés.",
    "This intern already has as many acts as allowed in this half-day. Other slots are proposed.",
)
ON_THE_WAY = ProblemType(
    "practitioner-on-the-way", 409, "Praticien en route", "Practitioner on the way",
    "À cette heure, le praticien est en route entre deux centres. D'autres créneaux sont proposés.",
    "At that hour the practitioner is on the way between two centres. Other slots are proposed.",
)
NOT_A_SUPERVISOR = ProblemType(
    "not-a-supervisor", 422, "Pas un maître de stage", "Not a supervisor",
    "Seul un médecin peut être joignable pour des internes.",
    "Only a doctor can be reachable for interns.",
)
REACHABILITY_UNKNOWN = ProblemType("reachability-unknown", 404, "Déclaration inconnue", "Declaration unknown")
REACHABILITY_WITHDRAWN = ProblemType(
    "reachability-withdrawn", 409, "Déclaration déjà retirée", "Declaration already withdrawn",
    "Ce médecin n'est déjà plus déclaré joignable sur cette période.",
    "This doctor is no longer declared reachable over this period.",
)
FORM_INCOMPLETE = ProblemType(
    "form-incomplete", 422, "Formulaire incomplet", "Form incomplete",
    "Posez toutes les questions : sans réponse, aucun signe d'alerte n'est écarté.",
    "Ask every question: unanswered, no red flag is ruled out.",
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
NO_PLACE_TODAY = ProblemType(
    "no-place-today", 409, "Plus de place aujourd'hui", "No place left today",
    "Aucun créneau n'est libre aujourd'hui dans ce centre. Les prochains sont proposés.",
    "No slot is free today at this site. The next ones are proposed.",
)
APPOINTMENT_UNKNOWN = ProblemType("appointment-unknown", 404, "Rendez-vous inconnu", "Appointment unknown")
SEVERITY_NOT_EXPECTED = ProblemType(
    "severity-not-expected", 422, "Gravité non attendue", "Severity not expected",
    "La gravité et le recours évité ne se notent que pour des soins non programmés.",
    "Severity and avoided recourse are noted for unscheduled care only.",
)
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
KIND_UNKNOWN = ProblemType(
    "kind-unknown", 422, "Type de rendez-vous inconnu", "Kind of appointment unknown",
    "Ce territoire n'a pas ce type de rendez-vous à cette date ; la liste est à l'adresse /v1/kinds.",
    "This territory has no such kind of appointment on that day; the list is at /v1/kinds.",
)
KIND_TOO_SOON = ProblemType(
    "kind-change-too-soon", 422, "Changement trop proche", "Change too soon",
    "Un type de rendez-vous change au plus tôt le {earliest}.",
    "A kind of appointment changes on {earliest} at the earliest.",
)
KIND_INCOMPLETE = ProblemType(
    "kind-incomplete", 422, "Type de rendez-vous incomplet", "Kind of appointment incomplete",
    "Un nouveau type de rendez-vous a au moins une durée (duration_minutes) et des métiers (roles).",
    "A new kind of appointment has at least a duration (duration_minutes) and roles.",
)
KIND_CONTRADICTORY = ProblemType(
    "kind-contradictory", 422, "Réglages impossibles à tenir", "Settings that cannot be kept",
    "Ces réglages ne peuvent pas être tenus ensemble : {fault}.",
    "These settings cannot be kept together: {fault}.",
)
KIND_TOO_LONG = ProblemType(
    "kind-too-long", 422, "Vacation trop courte", "Session too short",
    "La vacation est plus courte que l'un des rendez-vous qu'elle propose.",
    "The session is shorter than one of the appointments it offers.",
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
DAY_ALREADY_CLOSED = ProblemType(
    "day-already-closed", 409, "Jour déjà fermé", "Day already closed",
    "Le centre est déjà fermé le {day}.",
    "The site is already closed on {day}.",
)
IMPACT_UNKNOWN = ProblemType(
    "impact-unknown", 404, "Simulation inconnue", "Impact plan unknown",
    "Demandez une nouvelle simulation.",
    "Ask for a new dry run.",
)
IMPACT_CHANGED = ProblemType(
    "impact-changed", 409, "L'agenda a changé depuis la simulation", "The agenda has changed since the dry run",
    "Rien n'a été modifié. Les différences sont indiquées ; demandez une nouvelle simulation.",
    "Nothing was changed. The differences are listed; ask for a new dry run.",
)
IMPACT_DECISION = ProblemType(
    "impact-decision-impossible", 422, "Décision impossible", "Decision not possible",
    "Une décision porte sur un rendez-vous qui n'est pas touché, ou sur une place qui ne lui est pas proposée.",
    "A decision concerns an appointment that is not hit, or a place that is not proposed to it.",
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
ALREADY_ABSENT = ProblemType(
    "already-absent", 409, "Absence déjà notée", "Absence already noted",
    "Ce professionnel est déjà noté absent pendant toute cette période.",
    "This professional is already noted as away for the whole of this time.",
)
ABSENCE_UNKNOWN = ProblemType(
    "absence-unknown", 404, "Absence inconnue", "Absence unknown",
    "Cette absence n'existe pas, ou elle a été retirée.",
    "This absence does not exist, or it was withdrawn.",
)
CLOSURE_UNKNOWN = ProblemType(
    "closure-unknown", 404, "Fermeture inconnue", "Closure unknown",
    "Cette fermeture n'existe pas, ou elle a été retirée.",
    "This closure does not exist, or it was withdrawn.",
)
CLOSURE_OVER = ProblemType(
    "closure-over", 409, "Déjà terminée", "Already over",
    "Cette fermeture ou cette absence est terminée à cette date.",
    "This closure or absence is over by that day.",
)
RULE_UNKNOWN = ProblemType("rule-unknown", 404, "Règle inconnue", "Rule unknown")
RULE_ENDED = ProblemType(
    "rule-ended", 409, "Règle terminée", "Rule ended",
    "Cette règle n'a plus cours à cette date. Ouvrez-en une nouvelle.",
    "This rule is no longer in force on that day. Open another one.",
)
LATER_CHANGE_PLANNED = ProblemType(
    "later-change-planned", 409, "Changement déjà prévu", "Change already planned",
    "Un changement de cette règle est déjà prévu le {day} et ne s'accorde pas avec celui-ci. Modifiez d'abord la règle "
    "à partir de ce jour-là.",
    "A change of this rule is already planned on {day} and does not go with this one. First change the rule from that "
    "day on.",
)
RULE_WITHOUT_OCCURRENCE = ProblemType(
    "rule-without-occurrence", 422, "Aucune vacation possible", "No session possible",
    "Cette règle ne tombe sur aucun jour à venir de sa période de validité.",
    "This rule falls on no coming day of its validity.",
)
CHANGE_PAST = ProblemType(
    "change-past", 422, "Date déjà passée", "Date already past",
    "Une règle change à partir d'aujourd'hui ou plus tard.",
    "A rule changes from today on or later.",
)
END_BEFORE_START = ProblemType(
    "end-before-start", 422, "La fin précède le début", "The end comes before the start",
    "La fin suit le début, et une vacation se termine le jour même.",
    "The end comes after the start, and a session ends on the same day.",
)
PERIOD_TOO_LONG = ProblemType(
    "period-too-long", 422, "Période trop longue", "Period too long",
    "Indiquez {days} jours au plus, la fin après le début.",
    "Give {days} days at most, the end after the start.",
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
