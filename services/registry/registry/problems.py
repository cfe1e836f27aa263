"""The refusals of the registry, in French and English. A slug never changes once published."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from registry.domain.rules import Rule, RuleBroken
from smp.problems import ProblemType, Refusal

P = ParamSpec("P")
T = TypeVar("T")

SITE_UNKNOWN = ProblemType(
    "site-unknown", 404, "Site inconnu", "Unknown site",
    "Ce site n'existe pas dans vos territoires.",
    "This site does not exist in your territories.",
)  # fmt: skip
PROFESSIONAL_UNKNOWN = ProblemType(
    "professional-unknown", 404, "Professionnel inconnu", "Unknown professional",
    "Ce professionnel n'existe pas dans vos territoires.",
    "This professional does not exist in your territories.",
)  # fmt: skip
PATIENT_UNKNOWN = ProblemType(
    "patient-unknown", 404, "Patient inconnu", "Unknown patient",
    "Ce patient n'existe pas dans vos territoires, ou ses données ont été effacées.",
    "This patient does not exist in your territories, or the data were erased.",
)  # fmt: skip
ALREADY_EXISTS = ProblemType(
    "already-exists", 409, "Identifiant déjà utilisé", "Identifier already used",
    "Un enregistrement porte déjà cet identifiant ; rien n'a été modifié.",
    "A record already has this identifier; nothing was changed.",
)  # fmt: skip
RPPS_TAKEN = ProblemType(
    "rpps-taken", 409, "Numéro RPPS déjà enregistré", "RPPS number already registered",
    "Un professionnel de ce territoire porte déjà ce numéro RPPS.",
    "A professional of this territory already has this RPPS number.",
)  # fmt: skip
TERRITORY_UNCLEAR = ProblemType(
    "territory-unclear", 422, "Territoire à préciser", "Territory needed",
    "Indiquez le site d'accueil : vous agissez dans plusieurs territoires.",
    "Give the home site: you act in several territories.",
)  # fmt: skip
SITES_OF_ONE_TERRITORY = ProblemType(
    "sites-of-several-territories", 422, "Sites de plusieurs territoires", "Sites of several territories",
    "Les sites d'un enregistrement appartiennent à un seul territoire : faites un enregistrement par territoire.",
    "The sites of one record belong to one territory: make one record per territory.",
)  # fmt: skip
POSSIBLE_DUPLICATE = ProblemType(
    "possible-duplicate", 409, "Patient peut-être déjà enregistré", "Patient may be registered already",
    "Même nom de naissance, même premier prénom, même date de naissance. Prenez le dossier existant, ou confirmez "
    "qu'il s'agit d'une autre personne avec `confirmed_not_duplicate_of`.",
    "Same birth name, first given name and birth date. Use the existing record, or confirm that this is another "
    "person with `confirmed_not_duplicate_of`.",
)  # fmt: skip
PHONE_INVALID = ProblemType(
    "phone-invalid", 422, "Numéro de téléphone invalide", "Invalid telephone number",
    "Le numéro en position {position} n'est valide ni en France ni outre-mer.",
    "The number at position {position} is valid neither in mainland France nor overseas.",
)  # fmt: skip
NOTHING_TO_SEARCH = ProblemType(
    "nothing-to-search", 422, "Recherche vide", "Empty search",
    "Donnez un nom avec au moins une lettre, ou une date de naissance.",
    "Give a name with at least one letter, or a birth date.",
)  # fmt: skip
COMPARTMENT_NOT_GRANTED = ProblemType(
    "compartment-not-granted", 403, "Compartiment non accordé", "Compartment not granted",
    "Ce service n'a pas droit à ce compartiment de données personnelles.",
    "This service is not entitled to this compartment of personal data.",
)  # fmt: skip


def _rule(rule: Rule, status: int, fr: tuple[str, str], en: tuple[str, str]) -> ProblemType:
    return ProblemType(rule.value, status, fr[0], en[0], fr[1], en[1])


_OF_RULES = (
    _rule(Rule.RPPS_LENGTH, 422,
          ("Numéro RPPS invalide", "Un numéro RPPS a 11 chiffres."),
          ("Invalid RPPS number", "An RPPS number has 11 digits.")),
    _rule(Rule.FINESS_LENGTH, 422,
          ("Numéro FINESS invalide", "Un numéro FINESS a 9 caractères : 9 chiffres, ou 2A ou 2B puis 7 chiffres."),
          ("Invalid FINESS number", "A FINESS number has 9 characters: 9 digits, or 2A or 2B then 7 digits.")),
    _rule(Rule.COMMUNE_SHAPE, 422,
          ("Code commune invalide", "Donnez le code INSEE de la commune (5 caractères), pas le code postal."),
          ("Invalid commune code", "Give the INSEE code of the commune (5 characters), not the postal code.")),
    _rule(Rule.ZONE_UNKNOWN, 422,
          ("Fuseau horaire inconnu", "Donnez un nom IANA, par exemple Europe/Paris ou Indian/Reunion."),
          ("Unknown time zone", "Give an IANA name, for example Europe/Paris or Indian/Reunion.")),
    _rule(Rule.SUBDIVISION_UNKNOWN, 422,
          ("Subdivision inconnue", "Cette subdivision n'a pas de jours fériés propres. Connues : {known}."),
          ("Unknown subdivision", "This subdivision has no public holidays of its own. Known: {known}.")),
    _rule(Rule.HOURS_EMPTY, 422,
          ("Plage horaire vide", "Une plage du jour {weekday} (1 = lundi) finit avant de commencer."),
          ("Empty opening range", "A range of day {weekday} (1 = Monday) ends before it starts.")),
    _rule(Rule.HOURS_OVERLAP, 422,
          ("Plages horaires qui se chevauchent", "Deux plages du jour {weekday} (1 = lundi) se chevauchent."),
          ("Overlapping opening ranges", "Two ranges of day {weekday} (1 = Monday) overlap.")),
    _rule(Rule.SITE_CLOSED, 409,
          ("Site fermé", "Ce site est fermé à partir du {closed_from}."),
          ("Site closed", "This site is closed from {closed_from} on.")),
    _rule(Rule.SITE_DATE, 409,
          ("Date incohérente", "La date vient trop tôt dans l'histoire du site : pas avant le {not_before}."),
          ("Date out of order", "The date comes too early in the history of the site: not before {not_before}.")),
    _rule(Rule.SITE_LEAVES_TERRITORY, 422,
          ("Adresse hors du territoire", "Un site reste dans son département ({territory}) : ouvrez un nouveau site."),
          ("Address outside the territory", "A site stays in its département ({territory}): open a new site.")),
    _rule(Rule.NAME_EMPTY, 422,
          ("Nom vide", "Le nom de naissance, chaque prénom et le nom utilisé ont au moins une lettre."),
          ("Empty name", "The birth name, each given name and the used name have at least one letter.")),
    _rule(Rule.BIRTH_DATE_FUTURE, 422,
          ("Date de naissance future", "La date de naissance est dans le futur."),
          ("Birth date in the future", "The birth date is in the future.")),
    _rule(Rule.BIRTH_DATE_TOO_OLD, 422,
          ("Date de naissance trop ancienne", "La date de naissance remonte à plus de 125 ans."),
          ("Birth date too old", "The birth date is more than 125 years ago.")),
    _rule(Rule.PHONE_TWICE, 422,
          ("Numéro en double", "Un même numéro figure deux fois : son consentement serait ambigu."),
          ("Number given twice", "One number is given twice: its consent would be unclear.")),
    _rule(Rule.ELIGIBILITY_INCOMPLETE, 422,
          ("Éligibilité incohérente",
           "« Éligible » demande motif et preuve ; « non éligible » n'a pas de motif ; « non vérifié » n'a rien."),
          ("Inconsistent eligibility",
           "`eligible` needs a reason and an evidence; `not_eligible` has no reason; `unverified` has neither.")),
    _rule(Rule.ELIGIBILITY_DATE, 422,
          ("Date d'éligibilité invalide",
           "L'état ne commence pas dans le futur et sa vérification vient après son début."),
          ("Invalid eligibility date", "The state does not begin in the future and is checked again after it began.")),
    _rule(Rule.CONTRACT_DATES, 422,
          ("Dates de contrat invalides", "Le contrat finit avant de commencer."),
          ("Invalid contract dates", "The contract ends before it starts.")),
    _rule(Rule.OUTSIDE_CONTRACT, 409,
          ("Hors contrat", "La date sort de la période de service ({from_date} – {until_date})."),
          ("Outside the contract", "The date is outside the period of service ({from_date} – {until_date}).")),
    _rule(Rule.ROLE_DATE, 409,
          ("Date incohérente", "Un rôle plus récent est déjà connu : pas avant le {not_before}."),
          ("Date out of order", "A later role is already known: not before {not_before}.")),
    _rule(Rule.ALREADY_LEFT, 409,
          ("Départ déjà enregistré", "Le départ est enregistré à partir du {left_from}."),
          ("Departure already recorded", "The departure is recorded from {left_from} on.")),
    _rule(Rule.ONLY_INTERNS_ARE_SUPERVISED, 409,
          ("Pas un interne", "Seul un interne est supervisé, et pendant toute la période demandée."),
          ("Not an intern", "Only an intern is supervised, during the whole period asked for.")),
    _rule(Rule.CANNOT_SUPERVISE, 409,
          ("Superviseur impossible",
           "Le superviseur est, pendant toute la période, un autre médecin généraliste, retraité ou coordonnateur."),
          ("Cannot supervise",
           "The supervisor is another doctor (GP, retired GP or coordinator) during the whole period.")),
    _rule(Rule.SUPERVISION_DATES, 422,
          ("Dates de supervision invalides", "La supervision finit avant de commencer, ou après sa fin connue."),
          ("Invalid supervision dates", "The supervision ends before it starts, or after its known end.")),
    _rule(Rule.SUPERVISION_TWICE, 409,
          ("Supervision déjà enregistrée", "Ce superviseur est déjà désigné pour cet interne sur cette période."),
          ("Supervision already assigned", "This supervisor is already assigned to this intern in this period.")),
    _rule(Rule.SUPERVISION_UNKNOWN, 404,
          ("Supervision inconnue", "Aucune supervision en cours ou à venir ne lie ces deux personnes."),
          ("Unknown supervision", "No present or coming supervision links these two people.")),
)  # fmt: skip

OF_RULE: dict[Rule, ProblemType] = {Rule(problem.slug): problem for problem in _OF_RULES}


def refusal(broken: RuleBroken) -> Refusal:
    """The refusal that tells a broken rule to the caller."""
    return Refusal(OF_RULE[broken.rule], **broken.facts)


def refusing(use_case: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """A use case whose broken rules reach the caller as refusals."""

    @wraps(use_case)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await use_case(*args, **kwargs)
        except RuleBroken as broken:
            raise refusal(broken) from None

    return wrapped
