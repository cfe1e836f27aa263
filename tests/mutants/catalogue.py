"""The faults, each one that somebody could make in good faith. `before` must stand in its file exactly once."""

from tests.mutants.mutant import Mutant

BOOKING = "services/booking/booking"
FLOOR = "shared/smp"
LIFE = "tests/booking/test_holds_and_steps.py"
RACES = "tests/booking/test_concurrency.py"
BOOKS = "tests/booking/test_book_slot.py"
GRID = "tests/booking/test_availability.py"
HOURS = "tests/booking/test_recurrence.py"
COOL = "tests/booking/test_cool_down.py"
DAY = "tests/booking/test_day.py"
HISTORY = "tests/history/test_two_processes.py"
FOUND = "tests/booking/test_find_places.py"
STATEFUL = "tests/booking/test_stateful.py"
BAD = "tests/booking/test_bad_input.py"
OFFERED = "tests/booking/test_waiting_list_offers.py"
AGAIN = "tests/booking/test_waiting_list_second_look.py"
ANSWERED = "tests/booking/test_waiting_list_answers.py"
ORDER = "tests/booking/test_waiting_list_order.py"
ENFORCED = "tests/booking/test_settings_enforced.py"

BOOKING_MUTANTS = (
    Mutant(
        "lock-order-swapped", "resources are written as they come, not by their numbers",
        f"{BOOKING}/store/appointment_rows.py",
        "    occupied = sorted(\n        (resource.number, each.takes(resource).start,",
        "    occupied = list(\n        (resource.number, each.takes(resource).start,",
        (RACES,),
    ),
    Mutant(
        "booking-does-not-keep-session", "a booking reads its session without keeping it from cancellation",
        f"{BOOKING}/store/appointments.sql",
        "FOR KEY SHARE OF s, p;", ";",
        (RACES,),
    ),
    Mutant(
        "supervisor-not-kept", "whoever supervises may leave while the intern is being booked",
        f"{BOOKING}/store/appointments.sql",
        "FOR KEY SHARE OF s, p;", "FOR KEY SHARE OF p;",
        (f"{RACES}::test_a_supervisor_who_leaves_while_their_intern_is_booked_is_waited_for_and_refused",),
    ),
    Mutant(
        "dst-hour-dropped", "local time is read with the offset of New Year's Day",
        f"{BOOKING}/domain/local_time.py",
        "    return datetime.combine(day, at, zone).astimezone(UTC)\n",
        "    winter = datetime(day.year, 1, 1, tzinfo=zone).utcoffset() or timedelta()\n"
        "    return datetime.combine(day, at, UTC) - winter\n",
        (HOURS,),
    ),
    Mutant(
        "late-commit-missed", "what a transaction noted that was open at the last search is taken for seen",
        f"{BOOKING}/store/agendas.sql",
        "xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)",
        "xid >= pg_snapshot_xmax($1::text::pg_snapshot)",
        (FOUND,),
    ),
    Mutant(
        "way-taken-twice", "the way between two sites is taken from both sessions",
        f"{BOOKING}/domain/travel.py",
        " if there.session < session.id else timedelta()\n", "\n",
        ("tests/booking/test_ranking.py",),
    ),
    Mutant(
        "memory-swept", "a look at the whole region puts out of memory what the desks look at",
        f"{BOOKING}/use_cases/availability/agendas.py",
        "in_passing=in_passing or len(wanted) > self._kept)", "in_passing=False)",
        ("tests/booking/test_next_free.py",),
    ),
    Mutant(
        "late-booking-missed", "what a transaction said that was open at the last search is taken for seen",
        f"{FLOOR}/migrations/00002_said_since.sql",
        "o.xid >= pg_snapshot_xmin(since) AND NOT pg_visible_in_snapshot(o.xid, since)",
        "o.xid >= pg_snapshot_xmax(since)",
        (FOUND,),
    ),
    Mutant(
        "preparation-not-looked-at", "a batch books a prepared kind without whoever prepares",
        f"{BOOKING}/use_cases/appointments/placing.py",
        " or kind.preparation is not None\n", "\n",
        ("tests/booking/test_book_together.py", "tests/booking/test_deciding_kinds.py"),
    ),
    Mutant(
        "asked-by-entry", "offers of a day are counted by entry, not by person",
        f"{BOOKING}/store/waiting_list.sql",
        "WHERE o.patient = e.patient AND o.offered_at >= $4", "WHERE o.entry = e.id AND o.offered_at >= $4",
        (OFFERED,),
    ),
    Mutant(
        "hold-without-expiry", "a hold lasts a year",
        f"{BOOKING}/use_cases/appointments/hold_slot.py",
        "request.expires_at or now + rules.hold,", "request.expires_at or now + rules.hold * 105_120,",
        (LIFE, STATEFUL),
    ),
    Mutant(
        "hold-ignores-expiry", "a hold whose time is over can still be confirmed",
        f"{BOOKING}/domain/appointments.py",
        "self.expires_at is not None and self.expires_at <= now",
        "self.expires_at is not None and self.expires_at < self.requested_at",
        (LIFE,),
    ),
    Mutant(
        "expired-hold-blocks", "a booking that meets an expired hold does not take it over",
        f"{BOOKING}/use_cases/appointments/placing.py",
        "    await expire_in_the_way(tx, taken, new.whole, now, cool_down, first_call=first_call)\n    return await",
        "    return await",
        (LIFE, STATEFUL),
    ),
    Mutant(
        "hold-without-patient", "a hold does not occupy its patient",
        f"{BOOKING}/use_cases/appointments/hold_slot.py",
        "await occupy(tx, hold, resources_of(hold, place.session),",
        "await occupy(tx, hold, placing.resources_of(place.session, None),",
        (LIFE, STATEFUL),
    ),
    Mutant(
        "exclusion-without-patients", "the database lets a patient be in two places",
        f"{BOOKING}/migrations/00102_appointments.sql",
        "    ) WHERE (blocking)\n);", "    ) WHERE (blocking AND resource_kind <> 'patient')\n);",
        (BOOKS,),
    ),
    Mutant(
        "exclusion-without-practitioners", "the database lets a practitioner see two patients at once",
        f"{BOOKING}/migrations/00102_appointments.sql",
        "    ) WHERE (blocking)\n);", "    ) WHERE (blocking AND resource_kind <> 'practitioner')\n);",
        (HISTORY,),
    ),
    Mutant(
        "half-open-made-closed", "an appointment also takes the first instant of the next one",
        f"{BOOKING}/store/appointments.sql",
        "o.territory, tstzrange(o.starts_at, o.ends_at)\n    FROM unnest($1::uuid[], $2::bigint[]",
        "o.territory, tstzrange(o.starts_at, o.ends_at, '[]')\n    FROM unnest($1::uuid[], $2::bigint[]",
        (RACES, STATEFUL),
    ),
    Mutant(
        "grid-slides", "the search steps by the length of the visit instead of the grid",
        f"{BOOKING}/domain/availability.py",
        "        start += session.grid\n", "        start += kind.duration\n",
        (GRID,),
    ),
    Mutant(
        "grid-ignored", "an appointment may start anywhere in its session",
        f"{BOOKING}/domain/sessions.py",
        "if (start - session.period.start) % session.grid:", "if start < session.period.start:",
        (BOOKS, STATEFUL),
    ),
    Mutant(
        "coverage-off-by-a-minute", "an intern may be left alone for the last minute",
        f"{BOOKING}/domain/supervision.py",
        "        whole = union(part for _, part in own)\n",
        "        late = __import__('datetime').timedelta(minutes=1)\n"
        "        whole = union(Interval(part.start, part.end + late) for _, part in own)\n",
        (GRID, "tests/booking/test_coverage.py", BOOKS),
    ),
    Mutant(
        "sequence-reused", "a move says the number of the event before it",
        f"{BOOKING}/use_cases/appointments/announcing.py",
        "sequence=it.version, time=now", "sequence=max(1, it.version - 1), time=now",
        (LIFE,),
    ),
    Mutant(
        "move-releases-first", "a move that finds its new place taken goes on without it",
        f"{BOOKING}/use_cases/appointments/move_appointment.py",
        "        await placing.refuse_taken(tx, taken, wish)\n", "        del wish\n",
        (LIFE, RACES),
    ),
    Mutant(
        "expiry-keeps-place", "an expired hold still blocks",
        f"{BOOKING}/store/appointments.sql",
        "    WHERE appointment = $1 AND blocking AND resource_kind = ANY ($4::text[])\n",
        "    WHERE appointment = $1 AND blocking AND $3 = 'cancelled' AND resource_kind = ANY ($4::text[])\n",
        (LIFE, STATEFUL),
    ),
    Mutant(
        "no-show-too-early", "a no-show can be noted before the hour",
        f"{BOOKING}/use_cases/appointments/mark_no_show.py",
        "if now < expected.period.start:", "if expected.period.end < expected.period.start:",
        (LIFE, STATEFUL),
    ),
    Mutant(
        "hold-for-anybody", "a hold kept for one patient is given to another",
        f"{BOOKING}/use_cases/appointments/confirm_hold.py",
        "if hold.patient not in (None, request.patient):", "if hold.patient is hold:",
        (LIFE,),
    ),
    Mutant(
        "eligibility-from-tomorrow", "a status counts before its first day",
        f"{BOOKING}/domain/eligibility.py",
        "(d for d in declarations if d.start <= day)", "(d for d in declarations if day)",
        (BOOKS,),
    ),
    Mutant(
        "veil-lifted", "everybody reads who saw the social worker",
        f"{BOOKING}/use_cases/appointments/day_list.py",
        "return not sees(it, reader.roles, reader.subject)",
        "return it.kind is None and not sees(it, reader.roles, reader.subject)",
        (DAY,),
    ),
    Mutant(
        "site-not-asked", "a secretary books at a site that is not hers",
        f"{BOOKING}/use_cases/access.py",
        "if not actor.covers_site(site):", "if actor is None:",
        (BOOKS,),
    ),
    Mutant(
        "policy-missing", "appointments are open to every territory",
        f"{BOOKING}/migrations/00102_appointments.sql",
        "SELECT smp.protect('appointment');", "GRANT ALL ON appointment TO booking_app;",
        ("tests/house/test_sql.py",),
    ),
    Mutant(
        "session-cancelled-over-patients", "a session is cancelled although patients are expected",
        f"{BOOKING}/use_cases/calendar/reshaping.py",
        "if standing and not consent.cancel_appointments:", "if not standing and not consent.cancel_appointments:",
        ("tests/booking/test_planning_sessions.py", RACES),
    ),
    Mutant(
        "edit-forgotten", "a rule that changes takes along what somebody had edited by hand",
        f"{BOOKING}/use_cases/calendar/following.py",
        "if any(each.edit is not None for each in here):", "if any(each.edit is not None for each in here[:0]):",
        ("tests/booking/test_change_rule.py",),
    ),
    Mutant(
        "grid-slides-after-an-absence", "what is left of a session begins where the absence ends",
        f"{BOOKING}/domain/planning.py",
        "return origin - (origin - at) // step * step", "return max(origin, at)",
        (HOURS,),
    ),
    Mutant(
        "last-weekday-early", "the last Friday of a month is the one before",
        f"{BOOKING}/domain/recurrence.py",
        "is_last = day.day + 7 > monthrange", "is_last = day.day + 14 > monthrange",
        (HOURS,),
    ),
    Mutant(
        "rebuild-followed", "facts heard again by a rebuild cancel sessions of people who have come back since",
        f"{BOOKING}/store/presence.sql",
        "f.pending OR excluded.sequence > f.sequence", "f.pending OR excluded.sequence > 0",
        ("tests/booking/test_follow_registry.py",),
    ),
    Mutant(
        "cap-of-half-days-loose", "one half-day more than agreed is opened without a word",
        f"{BOOKING}/domain/presence.py",
        "if count > cap", "if count > cap + 1",
        ("tests/booking/test_presence_rules.py",),
    ),
    Mutant(
        "cool-down-skipped", "a place given up is offered to all at once",
        f"{BOOKING}/domain/appointments.py",
        "return until if now < until < start else None", "return until if until < now < start else None",
        (COOL,),
    ),
    Mutant(
        "cool-down-for-ever", "the waiting list has no first call",
        f"{BOOKING}/use_cases/appointments/placing.py",
        "expire_in_the_way(tx, taken, new.whole, now, cool_down, first_call=first_call)\n    return await _insert",
        "expire_in_the_way(tx, taken, new.whole, now, cool_down)\n    return await _insert",
        (COOL,),
    ),
    Mutant(
        "class-release-below-taken", "what a class has taken counts as kept for it still",
        f"{BOOKING}/domain/capacity.py",
        "max(0, share.slots - used[share.capacity_class]) for share", "max(0, share.slots) for share",
        ("tests/booking/test_capacity.py",),
    ),
    Mutant(
        "release-a-moment-late", "a share is still kept at the very instant of its release",
        f"{BOOKING}/domain/capacity.py",
        "self.release_at is None or now < self.release_at", "self.release_at is None or now <= self.release_at",
        ("tests/booking/test_capacity.py",),
    ),
    Mutant(
        "queue-twice", "the same patient waits twice",
        f"{BOOKING}/migrations/00160_queue_of_a_day.sql",
        "CREATE UNIQUE INDEX appointment_once_in_queue ON appointment (site, day, patient)",
        "CREATE INDEX appointment_once_in_queue ON appointment (site, day, patient)",
        ("tests/booking/test_corrections_and_closing.py", STATEFUL),
    ),
    Mutant(
        "uninvolved-start", "a nurse who is not involved starts the appointment of a victim",
        f"{BOOKING}/domain/compartments.py",
        "if action is Action.ARRIVE or", "if action is not Action.MOVE or",
        ("tests/booking/test_who_may_step.py",),
    ),
    Mutant(
        "lost-is-missed", "the evening notes as missed whose place the centre took",
        f"{BOOKING}/use_cases/appointments/close_day.py",
        "if each.state is State.BOOKED and each.id not in lost]", "if each.state is State.BOOKED]",
        ("tests/booking/test_lost_places.py",),
    ),
    Mutant(
        "call-unsaid", "a silent appointment loses its place without an event",
        f"{BOOKING}/use_cases/appointments/without_place.py",
        "    announcing.call_requested(", '    if found.compartment != "silent": announcing.call_requested(',
        ("tests/booking/test_lost_places.py",),
    ),
    Mutant(
        "corrected-twice", "a correction can itself be taken back",
        f"{BOOKING}/domain/corrections.py",
        "if last.undoes is not None:", "if last.undoes == 0:",
        ("tests/booking/test_corrections.py", STATEFUL),
    ),
    Mutant(
        "impact-without-difference", "a plan is carried out though the world has changed",
        f"{BOOKING}/use_cases/impact/apply_impact.py",
        "    if difference:\n", "    if difference == []:\n",
        ("tests/booking/test_impact.py::TestAChangedWorld",),
    ),
    Mutant(
        "plan-of-no-site", "a plan that touches no session is of no site: anybody's of the territory",
        f"{BOOKING}/use_cases/impact/scene.py",
        "sites = tuple(touched) or await _named(tx, change)", "sites = tuple(touched)",
        ("tests/booking/test_rights.py::test_a_role_may_do_what_the_table_says_at_its_own_site_and_nothing_anywhere_else",),
    ),
    Mutant(
        "place-again-on-the-road", "a correction takes its place again while the practitioner is on the way",
        f"{BOOKING}/use_cases/appointments/correct_status.py",
        "    if place.works_elsewhere and await", "    if not place.is_open and await",
        ("tests/booking/test_taking_a_place_again.py",),
    ),
    Mutant(
        "plan-without-video", "nobody displaced is proposed what doctors do by video",
        f"{BOOKING}/use_cases/impact/options.py",
        "if it.mode == ON_SITE else found", "if it.mode == VIDEO else found",
        ("tests/booking/test_impact_proposals.py",),
    ),
    Mutant(
        "counted-one-by-one", "a plan promises two the last place of a share, the last act, the only assistant",
        f"{BOOKING}/use_cases/impact/plan_impact.py",
        "rules.impact_notice, options.counts.holds)", "rules.impact_notice)",
        ("tests/booking/test_impact_figures.py",),
    ),
    Mutant(
        "own-assistant-in-the-way", "nobody keeps the hour of a prepared consultation: its own assistant is in the way",
        f"{BOOKING}/use_cases/impact/options.py",
        "{each.id for each in self.scene.hit},", "set(),",
        ("tests/booking/test_impact_figures.py",),
    ),
    Mutant(
        "promised-twice-at-an-hour", "a plan promises one patient of two appointments two places of one hour",
        f"{BOOKING}/domain/impact.py",
        "self.patient == other.patient and self.appointment", "self.patient != other.patient and self.appointment",
        ("tests/booking/test_impact_plan.py",),
    ),
    Mutant(
        "silent-cancelled-in-bulk", "a session is cancelled with its silent appointments, of which nobody is told",
        f"{BOOKING}/use_cases/calendar/reshaping.py",
        "== Compartment.SILENT and it.state is not State.HELD", "== Compartment.SILENT and it.state is State.HELD",
        ("tests/booking/test_planning_sessions.py::TestCancellingASession",),
    ),
    Mutant(
        "alternatives-of-another-day", "a refusal proposes later days in the length of the wished one",
        f"{BOOKING}/use_cases/appointments/placing.py",
        "if left is not None and (left.kind,", "if left is None or (left.kind,",
        ("tests/booking/test_kinds_enforced.py::TestAlternatives",),
    ),
    Mutant(
        "places-beyond-the-acts", "of an intern more places are told than acts are left",
        f"{BOOKING}/use_cases/availability/places_of_interns.py",
        "and self.days.admits(slot, of_day)", "and self.days.admits(slot)",
        ("tests/booking/test_next_free.py",),
    ),
    Mutant(
        "third-beyond-the-acts", "the third next place is told although the two before it take the acts that are left",
        f"{BOOKING}/use_cases/availability/places_of_interns.py",
        "and self.days.admits(slot, of_interns)", "and self.days.admits(slot)",
        ("tests/booking/test_next_free_together.py",),
    ),
    Mutant(
        "hold-confirmed-uncovered", "a hold of an intern becomes an appointment though nobody supervises",
        f"{BOOKING}/use_cases/appointments/confirm_hold.py",
        "if uncovered := await supervising.why_not(", "if uncovered := place.is_erased and await supervising.why_not(",
        ("tests/booking/test_held_but_not_covered.py::TestAHold",),
    ),
    Mutant(
        "offer-uncovered-runs-on", "an offer is flagged, not withdrawn, when nobody covers its place any more",
        f"{BOOKING}/use_cases/supervision/recheck_supervision.py",
        "if it.is_offer and verdicts.get(it.id)]", "if it.is_offer and it.is_unsupported]",
        ("tests/booking/test_held_but_not_covered.py::TestAnOffer",),
    ),
    Mutant(
        "no-show-expected-elsewhere", "whoever did not come in time can be received by nobody else at that hour",
        f"{BOOKING}/domain/appointments.py",
        "frozenset({ResourceKind.PATIENT}) if self.state in _GONE else frozenset()", "frozenset()",
        ("tests/booking/test_taking_a_place_again.py::TestWhoIsGone",),
    ),
    Mutant(
        "follow-up-with-anybody", "a follow-up goes to a replacement who has not seen the patient",
        f"{BOOKING}/use_cases/calendar/reshaping.py",
        "homes, seen_by.get(each.id)))", "homes, None))",
        ("tests/booking/test_change_session.py",),
    ),
    Mutant(
        "edited-below-its-shares", "hours are edited that do not hold what the session keeps",
        f"{BOOKING}/use_cases/calendar/change_session.py",
        "        require_room_for_shares(request.shares, period, request.grid)\n", "        request.grid.resolution\n",
        ("tests/booking/test_shares.py",),
    ),
    Mutant(
        "kind-longer-than-any-session", "a kind is decided that fits in no session",
        f"{BOOKING}/domain/kind_checks.py",
        "kind.length > LONGEST_HOURS,", "kind.duration > LONGEST_HOURS,",
        (BAD,),
    ),
    Mutant(
        "offer-without-margin", "an offer may be accepted when there is no time left to come",
        f"{BOOKING}/domain/offers.py",
        "        if answer_by + rules.margin <= start:", "        if answer_by <= start:",
        ("tests/booking/test_offer_deadlines.py",),
    ),
    Mutant(
        "floats-at-the-last-hour", "a practitioner is changed within a day of the appointment",
        f"{BOOKING}/use_cases/appointments/floating.py",
        "    if start - one.now < one.rules.float_notice:", "    if start < one.now:",
        ("tests/booking/test_floating.py",),
    ),
    Mutant(
        "family-moves-others-first", "others change practitioner although a family has room without",
        f"{BOOKING}/use_cases/appointments/book_family.py",
        "    for others_float in (False, True):", "    for others_float in (True, False):",
        ("tests/booking/test_family_is_given_way.py",),
    ),
    Mutant(
        "family-frees-hours-that-meet", "two who give way to a family are promised one practitioner",
        f"{BOOKING}/domain/floating.py",
        "        if any(one.overlaps(other) for one, other in combinations(left, 2)):", "        if not left:",
        ("tests/booking/test_family_places.py",),
    ),
    Mutant(
        "family-beyond-the-share", "a family counts on places of a session that are kept for others",
        f"{BOOKING}/use_cases/appointments/family_room.py",
        " and taken >= left[slot.session]:", " and taken < 0:",
        ("tests/booking/test_family.py",),
    ),
    Mutant(
        "family-forgets-an-intern", "of two ways with interns only the earlier one is looked at",
        f"{BOOKING}/domain/family.py",
        "                way = both, limits.sorts(joined.linked)\n", "                way = both, frozenset()\n",
        ("tests/booking/test_family_places.py",),
    ),
    Mutant(
        "cap-without-lock", "two who book at once both look before either has written",
        f"{BOOKING}/use_cases/appointments/caps.py",
        "    await appointments.one_at_a_time(tx, patient, kind.code)\n", "",
        ("tests/booking/test_family.py",),
    ),
    Mutant(
        "insert-without-clearing", "who cannot have all leaves a part of it taken",
        f"{BOOKING}/store/appointments.py",
        "    if partly := [", "    if partly := [] and [",
        (LIFE, RACES, STATEFUL),
    ),
    Mutant(
        "together-without-a-look", "one place taken since the look undoes a whole batch",
        f"{BOOKING}/store/appointments.sql",
        "AND n.id NOT IN (SELECT appointment FROM asked WHERE is_taken)", "",
        ("tests/booking/test_book_together.py",),
    ),
    Mutant(
        "together-on-an-old-look", "a batch books in a session that was changed in the meantime",
        f"{BOOKING}/store/appointments.sql",
        "JOIN session AS s ON s.id = r.id AND s.version = r.version", "JOIN session AS s ON s.id = r.id",
        ("tests/booking/test_book_together.py",),
    ),
    Mutant(
        "both-appointments-kept", "who accepts an offer keeps the later appointment too",
        f"{BOOKING}/use_cases/waiting_list/answer_offer.py",
        "await give_back(tx, entry, offer, actor.subject, now, rules.cool_down)", "None",
        (ANSWERED,),
    ),
    Mutant(
        "later-one-kept", "who accepts an offer and has a sooner one keeps the later one too",
        f"{BOOKING}/store/waiting_list.sql",
        "(id = $3 OR starts_at > $6)", "(id = $3 OR starts_at > $6 OR true)",
        (ANSWERED,),
    ),
    Mutant(
        "later-for-one-entry", "who has said later is asked again a minute after, about something else they wait for",
        f"{BOOKING}/store/waiting_list.sql",
        "WHERE other.patient = e.patient AND other.state", "WHERE other.id = e.id AND other.state",
        (ANSWERED,),
    ),
    Mutant(
        "telephone-of-the-absent", "a supervisor who is away is believed to answer the telephone",
        f"{BOOKING}/store/supervision.sql",
        "a.withdrawn_at IS NULL\n           AND a.noted_at >= r.declared_at", "false",
        ("tests/booking/test_away_from_the_telephone.py",),
    ),
    Mutant(
        "booked-with-who-has-left", "a session that registry's facts speak against takes new appointments",
        f"{BOOKING}/use_cases/appointments/placing.py",
        "    return None if place.is_supported else problems.SESSION_UNSUPPORTED\n", "    return None\n",
        ("tests/booking/test_unsupported_sessions.py",),
    ),
    Mutant(
        "back-to-an-empty-room", "hours that come back are sold again while whoever lost them still waits for a call",
        f"{BOOKING}/use_cases/calendar/reshaping.py",
        "    await take_back(tx, back, rules, author)\n", "",
        ("tests/booking/test_places_had_again.py",),
    ),
    Mutant(
        "listed-for-ever", "what was said of a place is believed after it was had anew",
        f"{BOOKING}/store/appointments.sql",
        "RETURNING 1\n), said AS (\n    DELETE FROM unsupported WHERE",
        "RETURNING 1\n), said AS (\n    SELECT FROM unsupported WHERE",
        ("tests/booking/test_places_had_again.py",),
    ),
    Mutant(
        "planned-change-forgotten", "a nearer change of a rule undoes the later one that was planned",
        f"{BOOKING}/use_cases/calendar/change_session_rule.py",
        "for each in _still_planned(series, change)]\n", "for each in ()]\n",
        ("tests/booking/test_change_rule.py",),
    ),
    Mutant(
        "renewal-before-its-time", "a contract agreed for later takes the place of the one that runs",
        f"{BOOKING}/store/projections.py",
        "zip(row[\"starts\"], row[\"ends\"], strict=True)]", "[(row[\"starts\"][-1], row[\"ends\"][-1])]]",
        ("tests/booking/test_presence.py",),
    ),
    Mutant(
        "renewal-not-seen-coming", "a rule is refused between two contracts",
        f"{BOOKING}/domain/planning.py",
        "ends = [last + timedelta(days=1) for _, last in self.breaks]", "ends: list[date] = []",
        ("tests/booking/test_presence.py",),
    ),
    Mutant(
        "offer-of-a-lost-place", "an offer runs on in a session that registry's facts speak against",
        f"{BOOKING}/store/offers.sql",
        "AND s.unsupported_reason IS NOT NULL\n", "AND false\n",
        ("tests/booking/test_unsupported_sessions.py",),
    ),
    Mutant(
        "known-in-one-territory", "who works in two territories is unknown in one of them",
        f"{BOOKING}/migrations/00175_who_works_in_several_territories.sql",
        "USING (EXISTS (SELECT FROM site WHERE site.id = ANY (professional.sites)))", "USING (false)",
        ("tests/booking/test_closures_and_absences.py",),
    ),
    Mutant(
        "own-companion", "a nurse is found to be her own company",
        f"{BOOKING}/domain/availability.py",
        "return other.role in self.roles and other.professional != practitioner", "return other.role in self.roles",
        ("tests/booking/test_company.py",),
    ),
    Mutant(
        "two-offers-at-once", "one person may be asked about two places at the same time",
        f"{BOOKING}/migrations/00109_waiting_list.sql",
        "CREATE UNIQUE INDEX offer_one_running", "CREATE INDEX offer_one_running",
        (OFFERED,),
    ),
    Mutant(
        "list-by-arrival", "the class that a professional set changes nothing in the order",
        f"{BOOKING}/domain/waiting_list.py",
        "            _RANKS[self.priority],\n", "            0,\n",
        (ORDER,),
    ),
    Mutant(
        "passed-over-for-ever", "who has declined one place is not asked about what is free besides",
        f"{BOOKING}/migrations/00120_second_looks.sql",
        "WHEN (OLD.state = 'running' AND NEW.state <> 'running') EXECUTE", "WHEN (false) EXECUTE",
        (AGAIN,),
    ),
    Mutant(
        "free-places-unseen", "who joins while places are free is not offered them",
        f"{BOOKING}/migrations/00120_second_looks.sql",
        "AFTER INSERT ON waiting_list_entry FOR EACH ROW EXECUTE",
        "AFTER INSERT ON waiting_list_entry FOR EACH ROW WHEN (false) EXECUTE",
        (AGAIN,),
    ),
    Mutant(
        "no-rest-between-offers", "between two offers a place is whoever's calls first",
        f"{BOOKING}/domain/appointments.py",
        "        until = rest_of(self.period.start, self.expires_at, cool_down) if self.is_offer else None\n",
        "        until = None\n",
        (AGAIN,),
    ),
    Mutant(
        "moved-place-forgotten", "a place that is moved away from is offered to nobody",
        f"{BOOKING}/migrations/00109_waiting_list.sql",
        "WHEN (OLD.blocking AND OLD.resource_kind = 'practitioner') EXECUTE", "WHEN (false) EXECUTE",
        (OFFERED,),
    ),
    Mutant(
        "release-job-missing", "no timer tells that a share is released",
        f"{BOOKING}/__main__.py",
        '        Job("release-capacity", every=5, run=_release),\n', "",
        ("tests/booking/test_timers.py", "tests/house/test_timers.py"),
    ),
    Mutant(
        "offers-on-holidays", "people are asked on public holidays",
        f"{BOOKING}/use_cases/waiting_list/offering.py",
        "days_off = public_holidays(found.subdivision, (year, year + 1))", "days_off = frozenset()",
        (OFFERED,),
    ),
    Mutant(
        "offers-by-utc-day", "offers of a day are counted by the day of UTC",
        f"{BOOKING}/use_cases/waiting_list/offering.py",
        "day = whole_day(today, self.site.zone)",
        "day = whole_day(today, __import__('zoneinfo').ZoneInfo('UTC'))",
        (OFFERED,),
    ),
    Mutant(
        "late-hard-wired", "a cancellation is late at less than a day's notice, whatever was set",
        f"{BOOKING}/use_cases/appointments/cancel_appointment.py",
        "== PATIENT and is_late(found.period.start, now, rules.late_notice)",
        "== PATIENT and (found.period.start - now).total_seconds() < 86_400",
        (ENFORCED,),
    ),
    Mutant(
        "minutes-hard-wired", "a kind lasts as long as usual, whatever was set",
        f"{BOOKING}/settings.py",
        'getattr(self, f"{code}_minutes")', "MINUTES[code]",
        (ENFORCED,),
    ),
    Mutant(
        "kind-setting-untold", "the cap of a kind is decided and told to nobody",
        f"{BOOKING}/use_cases/kinds/announcing_kinds.py",
        "        running_cap=kind.running_cap,\n", "",
        ("tests/booking/test_events_say_everything.py",),
    ),
    Mutant(
        "any-word-is-a-reason", "why an appointment is given up is any word, and stays in the topic for good",
        f"{BOOKING}/api/appointments.py",
        "    reason: CancellationReason | None = None\n", "    reason: str | None = None\n",
        ("tests/booking/test_desk_reasons.py",),
    ),
    Mutant(
        "back-with-the-replaced", "a correction gives a place back to the practitioner who was replaced in it",
        f"{BOOKING}/use_cases/appointments/correct_status.py",
        "if is_elsewhere(undone, place.session) or not", "if not",
        ("tests/booking/test_taking_a_place_again.py::TestASessionThatHasChanged",),
    ),
    Mutant(
        "moved-before-the-supervisor", "a move locks the appointment before the session of the supervisor",
        f"{BOOKING}/use_cases/appointments/move_appointment.py",
        "if place is not None:\n        await supervising", "if place and place.is_erased:\n        await supervising",
        ("tests/booking/test_lock_order.py",),
    ),
    Mutant(
        "covered-again-unoffered", "what interns have free again with their supervisor is offered to nobody who waits",
        f"{BOOKING}/use_cases/supervision/recheck_supervision.py",
        "now, now + timedelta(days=rules.offers.days_ahead))", "now, now)",
        ("tests/booking/test_waiting_list_second_look.py::TestAnInternWhoHasSomebodyToAskAgain",),
    ),
    Mutant(
        "seen-but-still-there", "whoever was seen early is expected until the end that was agreed",
        f"{BOOKING}/domain/appointments.py",
        "_GONE = frozenset({State.DONE, ", "_GONE = frozenset({",
        ("tests/booking/test_taking_a_place_again.py::TestWhoHasBeenSeenEarly",),
    ),
    Mutant(
        "waiting-room-sent-home", "a session is cancelled with those who sit in the waiting room, by a text",
        f"{BOOKING}/use_cases/calendar/reshaping.py",
        "return is_silent or it.state in WAITING", "return is_silent",
        ("tests/booking/test_planning_sessions.py::TestCancellingASession",),
    ),
)  # fmt: skip

FLOOR_MUTANTS = (
    Mutant(
        "answer-not-stored", "the answer to a key is not kept with its effect",
        f"{FLOOR}/postgres.py",
        "that did it.\"\"\"\n        self.answers.append(answer)\n", "that did it.\"\"\"\n        del answer\n",
        ("tests/smp/test_http.py",),
    ),
    Mutant(
        "key-without-body", "the same key with another body gets the first answer",
        f"{FLOOR}/http.py",
        'if row["fingerprint"] != fingerprint:', 'if row["fingerprint"] is None:',
        ("tests/smp/test_http.py",),
    ),
    Mutant(
        "inbox-skipped", "an event that was heard before is handled again",
        f"{FLOOR}/store/inbox.sql",
        "WHERE b.blocked OR f.event_id IS NOT NULL;", "WHERE b.blocked OR b.id IS NOT NULL;",
        ("tests/smp/test_consumer.py",),
    ),
    Mutant(
        "ack-before-commit", "Kafka believes a record done before its effect is",
        f"{FLOOR}/listener.py",
        "ack_policy=AckPolicy.NACK_ON_ERROR", "ack_policy=AckPolicy.ACK_FIRST",
        ("tests/smp/test_consumer.py",),
    ),
    Mutant(
        "behind-parked-ignored", "what follows a parked record overtakes it",
        f"{FLOOR}/store/inbox.sql",
        "p.key = e.key AND p.state = 'parked') AS blocked", "p.key = e.key AND p.state = 'nowhere') AS blocked",
        ("tests/smp/test_consumer.py",),
    ),
    Mutant(
        "cursor-without-horizon", "the relay steps over a transaction that has not committed yet",
        f"{FLOOR}/store/outbox.sql",
        "  AND o.xid < pg_snapshot_xmin(pg_current_snapshot())\n", "",
        ("tests/smp/test_outbox.py",),
    ),
    Mutant(
        "cursor-by-position-only", "the relay remembers the position and forgets the transaction",
        f"{FLOOR}/store/outbox.sql",
        "WHERE (o.xid, o.position) > ($1::xid8, $2::bigint)\n  AND o.xid < pg_snapshot_xmin",
        "WHERE (o.xid, o.position) > (least($1::xid8, o.xid), $2::bigint)\n  AND o.xid < pg_snapshot_xmin",
        ("tests/smp/test_outbox.py",),
    ),
    Mutant(
        "held-key-overtaken", "what follows a refused send of its key is sent before it",
        f"{FLOOR}/outbox.py",
        "            if not packed:\n                blocked.add(_key(row))\n", "            del packed\n",
        ("tests/smp/test_outbox.py",),
    ),
    Mutant(
        "scope-of-nobody", "a transaction sees every territory",
        f"{FLOOR}/postgres.py",
        """begin = f"BEGIN; SET LOCAL smp.territories = '{scope.setting}'\"""",
        """begin = "BEGIN; SET LOCAL smp.territories = '*'\"""",
        ("tests/smp/test_postgres.py",),
    ),
)  # fmt: skip

OTHER_MUTANTS = (
    Mutant(
        "text-sent-in-doubt", "a text whose fate is unknown is sent again without asking",
        "services/notifications/notifications/use_cases/send_due.py",
        'if row["state"] == State.SENDING]', 'if row["state"] == "nowhere"]',
        ("tests/notifications/test_sending.py",),
    ),
)  # fmt: skip

MUTANTS = (*BOOKING_MUTANTS, *FLOOR_MUTANTS, *OTHER_MUTANTS)
