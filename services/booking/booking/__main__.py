"""The wiring of booking, and nothing else."""

from functools import partial

from booking import api
from booking.consumers import HANDLERS
from booking.settings import Settings
from booking.use_cases.appointments.book_together import book_together
from booking.use_cases.appointments.expire_holds import end_rests, expire_holds
from booking.use_cases.appointments.step_together import step_together
from booking.use_cases.availability.agendas import Agendas, forget_changes
from booking.use_cases.calendar.materialise_sessions import materialise_rules
from booking.use_cases.calendar.restoring import forget_past
from booking.use_cases.capacity.release_capacity import release_capacity
from booking.use_cases.follow_registry import follow_registry
from booking.use_cases.impact.settle_impact import settle_impacts
from booking.use_cases.supervision.recheck_supervision import recheck_supervision
from booking.use_cases.waiting_list.ending_offers import end_offers
from booking.use_cases.waiting_list.leave_waiting_list import close_outdated
from booking.use_cases.waiting_list.offer_places import offer_places, reach_further
from smp.combining import Combiner
from smp.service import Job, Runtime, Service


async def _start(runtime: Runtime) -> None:
    settings: Settings = runtime.settings
    runtime.state["rules"] = rules = settings.rules()
    runtime.state["agendas"] = Agendas(rules.way)
    runtime.state["bookings"] = Combiner(partial(book_together, runtime.database, rules))
    runtime.state["steps"] = Combiner(partial(step_together, runtime.database))


async def _forget(runtime: Runtime) -> None:
    await forget_changes(runtime.database)
    await forget_past(runtime.database, runtime.clock.now())


async def _expire(runtime: Runtime) -> None:
    await expire_holds(runtime.database, runtime.clock.now(), runtime.state["rules"].cool_down)
    await end_rests(runtime.database, runtime.clock.now())


async def _end_offers(runtime: Runtime) -> None:
    await end_offers(runtime.database, runtime.clock.now(), runtime.state["rules"].cool_down)


async def _offer(runtime: Runtime) -> None:
    """A job of its own, however long its queues are: what ends meanwhile is noted."""
    await offer_places(runtime.database, runtime.state["rules"], runtime.clock)


async def _close_waiting(runtime: Runtime) -> None:
    now = runtime.clock.now()
    await close_outdated(runtime.database, now)
    await reach_further(runtime.database, runtime.state["rules"], now)


async def _materialise(runtime: Runtime) -> None:
    await materialise_rules(runtime.database, runtime.state["rules"], runtime.clock.now())


async def _follow(runtime: Runtime) -> None:
    await follow_registry(runtime.database, runtime.state["rules"], runtime.clock.now())


async def _release(runtime: Runtime) -> None:
    await release_capacity(runtime.database, runtime.clock.now())


async def _settle(runtime: Runtime) -> None:
    await settle_impacts(runtime.database, runtime.state["rules"], runtime.clock.now())


async def _recheck(runtime: Runtime) -> None:
    begins = not runtime.state.get("has_rechecked")
    await recheck_supervision(runtime.database, runtime.state["rules"], runtime.clock.now(), begins=begins)
    runtime.state["has_rechecked"] = True


service = Service(
    "booking",
    Settings,
    package="booking",
    routers=api.ROUTERS,
    handlers=HANDLERS,
    jobs=[
        Job("expire-holds", every=1, run=_expire),
        Job("follow-registry", every=1, run=_follow),
        Job("end-offers", every=0.5, run=_end_offers),
        Job("offer-places", every=0.5, run=_offer),
        Job("close-waiting-list-entries", every=60, run=_close_waiting),
        Job("materialise-sessions", every=60, run=_materialise),
        Job("recheck-supervision", every=1, run=_recheck),
        Job("forget-changes", every=600, run=_forget),
        Job("release-capacity", every=5, run=_release),
        Job("settle-impacts", every=1, run=_settle),
    ],
    projections=["site", "professional", "supervision", "patient", "patient_contact"],
    on_start=_start,
)

if __name__ == "__main__":
    service.main()
