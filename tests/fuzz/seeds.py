"""What there is to be attacked: a small town in a territory of its own, and the timers that run there."""

from datetime import datetime, timedelta

from booking.store import offers
from booking.use_cases.appointments.expire_holds import end_rests
from booking.use_cases.capacity.release_capacity import release_capacity
from smp.contracts.territories import TERRITORIES
from smp.postgres import Database
from tests.booking import waiting
from tests.booking.world import MONDAY, NOW, Centre, monday
from tests.fuzz.links import Links

CODES = sorted(TERRITORIES)
HOURS = (NOW, NOW, monday("08:30"), monday("10:05"))  # a world is booked, then lived
MORNING = [f"{9 + n // 3:02}:{n % 3 * 20:02}" for n in range(15)]


class Town:
    """One site with its people, a second one, and what has been booked there before the attack."""

    def __init__(self, database: Database, links: Links, number: int) -> None:
        self.territory = CODES[number % len(CODES)]
        self._links = links
        self._centre = Centre(database, self.territory)

    async def build(self) -> None:
        """Two doctors, an intern, a social worker, an assistant, twenty patients, three who wait."""
        centre, links = await self._centre.open(), self._links
        await Centre(self._centre.database, self.territory).open()
        doctor, other, worker = [await centre.doctor(role) for role in ("gp", "gp", "social_worker")]
        intern, assistant = await centre.intern_of(doctor), await centre.doctor("medical_assistant")
        patients = [await centre.patient() for _ in range(20)]
        links.learn({"site": str(centre.site)})
        links.learn({"professionals": [str(each) for each in (doctor, other, worker, intern, assistant)]})
        links.learn({"patients": [str(each) for each in patients]})
        for who, kinds in (
            (doctor, ("consultation", "minor_emergency")),
            (other, ("consultation", "minor_emergency")),
            (intern, ("consultation",)),
            (worker, ("social",)),
        ):
            for day in (MONDAY, MONDAY + timedelta(days=1)):
                session = await centre.session(who, "08:00", "19:00", day=day, kinds=kinds)
                starts = [session.period.start + n * session.grid for n in range(0, 30, 4)]
                links.learn([{"session": str(session.id), "start": start.isoformat()} for start in starts])
        full = await centre.session(await centre.doctor(), MORNING[0], "14:00")
        for n, hour in enumerate(MORNING):
            given = (
                await centre.hold(full, hour)
                if n % 5 == 0
                else (await centre.book(full, hour, patients[n])).appointment
            )
            links.learn({"appointment": str(given.id), "state": given.state})
            if n % 5 == 4:
                links.learn({"entry": str((await waiting.join(centre)).id)})
                await waiting.cancel(centre, given)

    async def run_timers(self, now: datetime) -> None:
        """What the jobs do, and the offers they have made."""
        centre = self._centre
        await end_rests(centre.database, now)
        await release_capacity(centre.database, now)
        await waiting.run_jobs(centre, now)
        for entry in tuple(self._links.known("entry")):
            async with centre.transaction() as tx:
                made = await offers.of_entry(tx, entry)
            self._links.learn({"offers": [str(offer.id) for offer in made if offer.state == "running"]})
