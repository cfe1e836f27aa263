"""Send what is due: claim under a lease, commit, hand over, write down how it ended.

A text is never handed over twice for one tag. Whatever stops a sender between the claim and the answer (crash,
time-out, lost database) leaves the row in `sending`; after its lease the provider is asked for the tag first, and
only a text that it does not have is sent again (DOMAIN 5.5).
"""

import asyncio
import json
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from notifications.domain.appointments import Mode
from notifications.domain.gate import Due, End, PutOff, Wait, before_sending
from notifications.domain.messages import Purpose, State
from notifications.domain.reachability import CallReason, Number, choose_number
from notifications.domain.texts import Text, write
from notifications.store.rows import to_reachability, to_site
from notifications.use_cases.lines import Lines
from notifications.use_cases.policy import Policy
from notifications.use_cases.provider import (
    Accepted,
    Busy,
    Doubtful,
    Outcome,
    ProviderUnavailable,
    Refused,
    SmsProvider,
)
from notifications.use_cases.receive_receipt import apply_early_receipts
from notifications.use_cases.say import say, say_fate
from notifications.use_cases.settle import settle
from smp.auth import ClientRefused
from smp.clock import Clock
from smp.combining import Combiner
from smp.contracts import MessageAccepted
from smp.logging import log
from smp.postgres import Database, Record, Scope, Statements, Transaction
from smp.sealing import Compartment, WrongSeal, unseal
from smp.telemetry import traced

SQL = Statements.load("notifications.store", "messages.sql")

LOOK_AGAIN = timedelta(seconds=1)
"""Real time between two looks for a patient or a site that has not been heard of yet."""

TURNS = 4
"""Texts claimed for each line to the provider: a claim and a reading of keys cost as much for many as for few."""


class Keys(Protocol):
    """Where compartment keys come from (`smp.sealing_keys.CompartmentKeys`)."""

    async def get(self, patients: Collection[UUID], compartment: Compartment) -> dict[UUID, bytes]:
        """The keys that exist. Raises ConnectionError when nobody can tell for now."""
        ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed text: its row, and the words that leave (empty when the provider is only asked for it)."""

    row: Record
    body: str = ""
    segments: int = 0

    @property
    def scope(self) -> Scope:
        return Scope(frozenset({self.row["territory"]}))


@dataclass(frozen=True, slots=True)
class Taken:
    """A text that the provider has."""

    outgoing: Outgoing
    accepted: Accepted
    outcome: str


@dataclass(slots=True)
class Sender:
    """Hands texts to one provider; several processes may do so at once."""

    database: Database
    clock: Clock
    policy: Policy
    provider: SmsProvider
    keys: Keys
    luck: Callable[[], float] = random.random
    _taken: Combiner[Taken, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._taken = Combiner(self._accept_together)

    async def send_due(self) -> int:
        """Bring every text whose hour has come one step further; returns how many were taken in hand."""
        handled, most = 0, self.policy.parallel * TURNS
        while True:
            lines = Lines(self.policy.parallel, self.policy.begin_within)
            claimed, outgoing, in_doubt = await self._claim(most)
            handled += claimed
            await self._carry(outgoing, in_doubt, lines)
            if claimed < most:
                return handled

    async def _claim(self, most: int) -> tuple[int, list[Outgoing], list[Outgoing]]:
        now = self.clock.now()
        async with self.database.transaction(Scope.everywhere()) as tx:
            rows = await tx.fetch(SQL.claim_due, now, most)
            in_doubt = [Outgoing(row) for row in rows if row["state"] == State.SENDING]
            if in_doubt:
                await tx.execute(SQL.start_lookup, self.policy.lease, [each.row["message"] for each in in_doubt])
            planned = [row for row in rows if row["state"] == State.PLANNED]
            admitted = [(row, await self._admit(tx, row, now)) for row in planned]
            outgoing = [Outgoing(row, text.body, text.size.segments) for row, text in admitted if text]
            await self._lease(tx, outgoing)
        return len(rows), outgoing, in_doubt

    async def _admit(self, tx: Transaction, row: Record, now: datetime) -> Text | None:
        """The words to send now, or None once the text has been put off, made to wait, or ended."""
        hours = self.policy.rules(row["zone"], row["subdivision"]).hours
        site = to_site(row)
        due = Due(
            purpose=Purpose(row["purpose"]),
            starts_at=row["starts_at"],
            at_once=row["at_once"],
            superseded=row["superseded"],
            erased=row["erased"],
            reachability=to_reachability(row),
            site=site,
            waited_enough=row["waited"] >= self.policy.wait_for_others,
            answer_by=row["answer_by"],
        )
        match before_sending(due, hours, now):
            case End(state, reason, call):
                await settle(tx, [row["message"]], state, reason, now, call=call or CallReason.UNDELIVERED)
            case PutOff(until):
                await tx.execute(SQL.put_off, row["message"], until)
            case Wait():
                await tx.execute(SQL.wait_for_others, row["message"], LOOK_AGAIN)
            case _:
                assert site is not None
                return write(due.purpose, site, due.starts_at, Mode(row["mode"]), due.answer_by)
        return None

    async def _lease(self, tx: Transaction, outgoing: Sequence[Outgoing]) -> None:
        if not outgoing:
            return
        await tx.execute(
            SQL.start_sending,
            self.policy.lease,
            [each.row["message"] for each in outgoing],
            [each.body for each in outgoing],
            [each.segments for each in outgoing],
            [each.row["contact_event"] for each in outgoing],
        )

    async def _carry(self, outgoing: Sequence[Outgoing], in_doubt: Sequence[Outgoing], lines: Lines) -> None:
        keys = await self._keys_of(outgoing)
        work = [self._hand_over(each, keys, lines) for each in outgoing]
        work += [self._look_up(each, lines) for each in in_doubt]
        endings = await asyncio.gather(*work, return_exceptions=True)
        for failure in [ending for ending in endings if isinstance(ending, BaseException)]:
            raise failure

    async def _keys_of(self, outgoing: Sequence[Outgoing]) -> dict[UUID, bytes] | None:
        """Keys by patient; None when registry cannot give any for now."""
        if not outgoing:
            return {}
        try:
            return await self.keys.get({each.row["patient"] for each in outgoing}, "contact")
        except (ConnectionError, ClientRefused) as error:
            log.warning("no keys for now", error=type(error).__name__)
            return None

    async def _hand_over(self, each: Outgoing, keys: dict[UUID, bytes] | None, lines: Lines) -> None:
        row = each.row
        with traced(row["traceparent"]):
            if keys is None:
                await self._record(each, Busy("keys_unavailable"))
                return
            number = _number(row, keys.get(row["patient"]))
            if not isinstance(number, Number):
                await self._end(each, number, number, "not_sent")
                return
            async with lines.turn() as in_time:
                outcome = await self.provider.send(row["tag"], number.e164, each.body) if in_time else _NOT_BEGUN
            await self._record(each, outcome)

    async def _look_up(self, each: Outgoing, lines: Lines) -> None:
        with traced(each.row["traceparent"]):
            try:
                async with lines.turn() as in_time:
                    if not in_time:
                        return  # whoever finds the lease over looks
                    found = await self.provider.find_by_tag(each.row["tag"])
            except ProviderUnavailable:
                if self._is_hopeless(each):
                    await self._end(each, "provider_unavailable", CallReason.UNDELIVERED, "unknown")
                    return
                await self._doubt(each, "lookup_failed")
                return
            if found is not None:
                await self._accept(each, found, "found")
            elif self._is_hopeless(each):
                await self._end(each, "provider_unavailable", CallReason.UNDELIVERED, "absent")
            else:
                await self._release(each, timedelta(0), "absent")  # the doubt was pause enough

    async def _record(self, each: Outgoing, outcome: Outcome) -> None:
        match outcome:
            case Accepted():
                await self._accept(each, outcome, "accepted")
            case Refused(reason):
                call = CallReason.REFUSED if reason == "blacklisted" else CallReason.INVALID_NUMBER
                await self._end(each, reason, call, "refused", unusable=call)
            case Busy(cause) if self._is_hopeless(each):
                await self._end(each, cause, CallReason.UNDELIVERED, cause)
            case Busy(cause, retry_after):
                pause = self.policy.retry.pause(each.row["attempts"] + 1, self.luck(), retry_after)
                await self._release(each, timedelta(seconds=pause), cause)
            case Doubtful(cause):
                await self._doubt(each, cause)

    async def _accept(self, each: Outgoing, accepted: Accepted, outcome: str) -> None:
        """Write it down, with others that the provider took meanwhile; alone when that fails."""
        taken = Taken(each, accepted, outcome)
        if not await self._taken.submit(each.scope, taken):
            await self._accept_together(each.scope, [taken])
        self._tell(each, outcome)

    async def _accept_together(self, scope: Scope, taken: Sequence[Taken]) -> Sequence[bool]:
        now = self.clock.now()
        async with self.database.transaction(scope) as tx:
            await tx.execute(SQL.lock_references, [each.accepted.reference for each in taken])
            rows = await tx.fetch(
                SQL.accept,
                [each.outgoing.row["message"] for each in taken],
                [each.accepted.reference for each in taken],
                [each.accepted.credits for each in taken],
                [each.outcome for each in taken],
                self.provider.name,
                now,
            )
            for row in rows:
                say(tx, row, row["message"], _accepted(row, self.provider.name, now), now)
            accepted = {row["provider_reference"]: row["message"] for row in rows}
            await apply_early_receipts(tx, accepted, self.provider.name, now)
        return [True] * len(taken)

    async def _end(
        self, each: Outgoing, reason: str, call: CallReason, outcome: str, unusable: CallReason | None = None
    ) -> None:
        now, message = self.clock.now(), each.row["message"]
        async with self.database.transaction(each.scope) as tx:
            await tx.execute(SQL.end_attempts, [message], outcome)
            await settle(tx, [message], State.FAILED, reason, now, call=call, unusable=unusable)
        self._tell(each, outcome)

    async def _release(self, each: Outgoing, pause: timedelta, outcome: str) -> None:
        now, message = self.clock.now(), each.row["message"]
        async with self.database.transaction(each.scope) as tx:
            await tx.execute(SQL.end_attempts, [message], outcome)
            row = await tx.fetchrow(SQL.release, message, pause, now)
            if row is not None:
                say_fate(tx, row, now)
        self._tell(each, outcome)

    async def _doubt(self, each: Outgoing, outcome: str) -> None:
        async with self.database.transaction(each.scope) as tx:
            await tx.execute(SQL.end_attempts, [each.row["message"]], outcome)
            pause = self.policy.retry.pause(each.row["attempts"] + 1, self.luck())
            await tx.execute(SQL.doubt, each.row["message"], max(self.policy.doubt, timedelta(seconds=pause)))
        self._tell(each, outcome)

    def _is_hopeless(self, each: Outgoing) -> bool:
        useful_until = each.row["answer_by"] or each.row["starts_at"]
        return self.policy.patience.is_over(self.clock.now(), each.row["due_at"], useful_until)

    def _tell(self, each: Outgoing, outcome: str) -> None:
        log.info(
            "text handed over",
            message=each.row["message"],
            appointment=each.row["appointment"],
            purpose=each.row["purpose"],
            provider=self.provider.name,
            outcome=outcome,
        )


_NOT_BEGUN = Busy("not_begun")


def _accepted(row: Record, provider: str, now: datetime) -> MessageAccepted:
    return MessageAccepted(
        message=row["message"],
        appointment=row["appointment"],
        site=row["site"],
        purpose=row["purpose"],
        provider=provider,
        provider_reference=row["provider_reference"],
        accepted_at=now,
        segments=row["segments"],
        credits=row["credits"],
    )


def _number(row: Record, key: bytes | None) -> Number | CallReason:
    if key is None or row["sealed_contact"] is None:
        return CallReason.KEY_MISSING
    try:
        opened = unseal(key, row["sealed_contact"], row["patient"], "contact", row["contact_event"])
        contact: dict[str, Any] = json.loads(opened)
    except (WrongSeal, ValueError) as error:
        log.error("contact cannot be read", patient=row["patient"], error=type(error).__name__)
        return CallReason.KEY_MISSING
    return choose_number(contact)
