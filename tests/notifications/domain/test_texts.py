"""The lint of the templates: every text a patient may get, for every real site and for long invented ones."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.appointments import Mode
from notifications.domain.messages import Purpose
from notifications.domain.sites import Address, Site
from notifications.domain.texts import TEMPLATES, french_phone, short_day, spoken_day, write

LAVAL = Site(
    id=UUID(int=1),
    territory="53",
    name="SMP Henri Dunant",
    zone="Europe/Paris",
    subdivision=None,
    closed_from=None,
    addresses=(Address(date(2017, 6, 1), "48 rue Marcel Cerdan", "53000", "Laval", "+33249490736"),),
)
LE_MANS = replace(
    LAVAL,
    id=UUID(int=2),
    name="SMP du Mans",
    addresses=(
        Address(date(2021, 11, 8), "Centre hospitalier, bâtiment Plantagenêt", "72000", "Le Mans", "+33259290130"),
        Address(date(2022, 6, 1), "avenue Paderborn", "72000", "Le Mans", "+33259290130"),
    ),
)
MAYENNE = replace(
    LAVAL,
    name="Pôle de Santé Libéral du Pays de Mayenne",
    addresses=(Address(date(2012, 12, 1), "1 place de l’Europe", "53100", "Ambrières-les-Vallées", "+33243000000"),),
)
TUESDAY = datetime(2025, 2, 4, 9, 30, tzinfo=UTC)

FORBIDDEN = re.compile(
    r"motif|médecin|docteur|dr\b|consultation|social|urgence|infirm|interne|spécial|patient|traitant|M\.|Mme", re.I
)


@pytest.mark.parametrize("site", [LAVAL, LE_MANS, MAYENNE], ids=lambda site: site.name)
@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("mode", Mode)
def test_every_text_of_the_real_sites_is_one_segment_of_gsm(site: Site, purpose: Purpose, mode: Mode) -> None:
    for month in range(1, 13):
        text = write(purpose, site, datetime(2025, month, 26, 15, 45, tzinfo=UTC), mode)
        assert (text.size.encoding, text.size.segments) == ("gsm7", 1), text.body


@pytest.mark.parametrize("purpose", Purpose)
def test_no_template_says_why_with_whom_or_to_whom(purpose: Purpose) -> None:
    for template in TEMPLATES[purpose]:
        assert not FORBIDDEN.search(template)
        assert set(re.findall(r"{(\w+)}", template)) <= {"site", "when", "where", "phone", "deadline"}


def test_a_confirmation_gives_place_day_hour_and_telephone_in_french() -> None:
    assert write(Purpose.CONFIRMATION, LAVAL, TUESDAY, Mode.ON_SITE).body == (
        "SMP Henri Dunant : rendez-vous confirmé mardi 4 février à 10h30, 48 rue Marcel Cerdan, 53000 Laval."
        " Un imprévu ? Appelez le 02 49 49 07 36."
    )


def test_a_cancellation_gives_the_day_and_the_telephone_but_no_way_to_go() -> None:
    assert write(Purpose.CANCELLATION, LAVAL, TUESDAY, Mode.ON_SITE).body == (
        "SMP Henri Dunant : votre rendez-vous du mardi 4 février à 10h30 est annulé. Pour en reprendre un :"
        " 02 49 49 07 36."
    )


def test_a_text_gives_the_address_of_the_day_of_the_appointment() -> None:
    before = write(Purpose.REMINDER, LE_MANS, datetime(2022, 5, 31, 21, 30, tzinfo=UTC), Mode.ON_SITE).body
    after = write(Purpose.REMINDER, LE_MANS, datetime(2022, 5, 31, 22, 30, tzinfo=UTC), Mode.ON_SITE).body
    assert "Plantagen" in before
    assert "Paderborn" in after


def test_an_appointment_before_the_first_known_address_gets_that_one() -> None:
    assert LE_MANS.address_on(date(2020, 1, 1)).line.startswith("Centre hospitalier")


def test_a_visit_at_home_or_by_video_does_not_send_the_patient_to_the_centre() -> None:
    assert "Marcel Cerdan" not in write(Purpose.REMINDER, LAVAL, TUESDAY, Mode.AT_HOME).body
    assert "en vidéo" in write(Purpose.REMINDER, LAVAL, TUESDAY, Mode.BY_VIDEO).body


def test_days_are_said_in_the_time_of_the_site() -> None:
    reunion = replace(LAVAL, zone="Indian/Reunion")
    assert (
        "jeudi 1er janvier à 1h,"
        in write(Purpose.CONFIRMATION, reunion, datetime(2025, 12, 31, 21, 0, tzinfo=UTC), Mode.ON_SITE).body
    )
    local = datetime(2025, 8, 1, 8, 5, tzinfo=ZoneInfo("Europe/Paris"))
    assert spoken_day(local) == "vendredi 1er août à 8h05"
    assert short_day(local) == "ven. 01/08 à 8h05"


def test_the_hour_of_october_that_comes_twice_is_said_once_as_the_clock_shows_it() -> None:
    for moment in (datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)):
        assert "à 2h30" in write(Purpose.CONFIRMATION, LAVAL, moment, Mode.ON_SITE).body


def test_telephones_are_written_as_the_french_write_them() -> None:
    assert french_phone("+33249490736") == "02 49 49 07 36"
    assert french_phone("+262262123456") == "+262262123456"


NAMES = st.text(alphabet="abcdefghijklmnop éèêàçîœÉÂ-'’", min_size=1, max_size=30)


@given(NAMES, NAMES, NAMES, st.sampled_from(Purpose), st.sampled_from(Mode))
def test_names_and_streets_of_usual_length_never_exceed_one_segment(
    name: str, line: str, city: str, purpose: Purpose, mode: Mode
) -> None:
    site = replace(LAVAL, name=name, addresses=(Address(date(2017, 6, 1), line, "53000", city, "+33249490736"),))
    assert write(purpose, site, TUESDAY, mode).size.segments == 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_even_the_longest_names_stay_in_gsm(name: str, line: str) -> None:
    site = replace(LAVAL, name=name, addresses=(Address(date(2017, 6, 1), line, "53000", "Laval", "+33249490736"),))
    assert write(Purpose.REMINDER, site, TUESDAY, Mode.ON_SITE).size.encoding == "gsm7"
