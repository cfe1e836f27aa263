"""The kinds of a territory: dated, versioned, kept for some seconds."""

from dataclasses import replace
from datetime import date, timedelta

from booking.domain.kinds import Kind, KindBook, KindBooks
from booking.domain.platform_kinds import platform_kinds

OLD = Kind("care", timedelta(minutes=20), frozenset({"nurse"}))
NEW = replace(OLD, duration=timedelta(minutes=30), valid_from=date(2027, 3, 1), version=1)
EVE, DAY = date(2027, 2, 28), date(2027, 3, 1)


class TestTheBookOfATerritory:
    def test_a_change_counts_from_its_day_on(self) -> None:
        book = KindBook.of([OLD, NEW])
        assert (book.on("care", EVE), book.on("care", DAY)) == (OLD, NEW)

    def test_a_later_decision_overrides_an_earlier_one_from_its_own_day_on(self) -> None:
        sooner = replace(NEW, duration=timedelta(minutes=40), valid_from=EVE, version=2)
        book = KindBook.of([sooner, NEW, OLD])
        assert book.on("care", EVE - timedelta(days=1)) == OLD
        assert book.on("care", EVE) == book.on("care", DAY) == sooner

    def test_a_kind_of_tomorrow_does_not_exist_today(self) -> None:
        book = KindBook.of([NEW])
        assert book.on("care", EVE) is None
        assert book.all_on(EVE) == []
        assert book.all_on(DAY) == [NEW]

    def test_an_appointment_finds_the_version_it_was_booked_with(self) -> None:
        book = KindBook.of([OLD, NEW])
        assert (book.as_booked("care", 0), book.as_booked("care", 1), book.as_booked("care", 2)) == (OLD, NEW, None)

    def test_a_territory_that_decided_nothing_has_the_kinds_of_the_platform(self) -> None:
        book = KindBooks(platform_kinds()).keep("53", [], at=0)
        assert {kind.code for kind in book.all_on(DAY)} == {kind.code for kind in platform_kinds()}


class TestTheBooksOfAProcess:
    def test_a_book_is_kept_until_it_is_too_old_and_for_its_territory_alone(self) -> None:
        books = KindBooks((OLD,))
        kept = books.keep("53", [NEW], at=10)
        assert books.kept("53", since=9) is kept
        assert books.kept("53", since=10) is None
        assert books.kept("72", since=9) is None
        assert books.keep("72", [], at=11).on("care", DAY) == OLD
