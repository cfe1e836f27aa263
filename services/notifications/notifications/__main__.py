"""The wiring of the service: `python -m notifications run`."""

from functools import partial

from notifications.api import call_tasks, messages, sms_callbacks
from notifications.consumers import Consumers
from notifications.providers.ovh import Ovh
from notifications.settings import Settings
from notifications.use_cases.expire_unanswered import expire_unanswered, forget_old_texts
from notifications.use_cases.receive_receipt import receive_together
from notifications.use_cases.send_due import Sender
from smp.combining import Combiner
from smp.sealing_keys import CompartmentKeys
from smp.service import Job, Runtime, Service

consumers = Consumers()


async def start(runtime: Runtime) -> None:
    """Give the consumers their rules, and the process its sender."""
    settings: Settings = runtime.settings
    consumers.policy = settings.policy()
    consumers.policy.rules(
        None, None
    )  # reads the calendar of holidays now, a second's work, and not at the first event
    runtime.state["receipts"] = Combiner(partial(receive_together, runtime.database, runtime.clock))
    if runtime.tokens is None:
        return
    runtime.state["sender"] = Sender(
        database=runtime.database,
        clock=runtime.clock,
        policy=consumers.policy,
        provider=Ovh(settings.account(), runtime.http, settings.sms_timeout_seconds),
        keys=CompartmentKeys(str(settings.registry_url), runtime.http, runtime.tokens),
    )


async def send(runtime: Runtime) -> None:
    """Send the texts whose hour has come."""
    await runtime.state["sender"].send_due()


async def expire(runtime: Runtime) -> None:
    """End the texts whose receipt never came."""
    await expire_unanswered(runtime.database, runtime.clock, consumers.policy)


async def forget(runtime: Runtime) -> None:
    """Erase what may not be kept any longer."""
    await forget_old_texts(runtime.database, runtime.clock, consumers.policy)


service = Service(
    name="notifications",
    settings=Settings,
    package="notifications",
    routers=[messages.router, call_tasks.router, sms_callbacks.router],
    handlers=consumers.handlers,
    jobs=[
        Job("send-due-texts", 0.25, send),
        Job("expire-unanswered-texts", 5.0, expire),
        Job("forget-old-texts", 3600.0, forget),
    ],
    projections=["appointment", "patient", "site_address", "site"],
    on_start=start,
)

if __name__ == "__main__":
    service.main()
