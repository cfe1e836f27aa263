"""Work of the registry that comes back by itself."""

from registry.settings import Settings
from registry.use_cases.rotate_keys import rotate_keys
from smp.logging import log
from smp.service import Runtime


async def rotate(runtime: Runtime) -> None:
    """Wrap again what an older key-encryption key wraps; silent when there is nothing to do."""
    settings: Settings = runtime.settings
    done = await rotate_keys(
        runtime.database, runtime.state["keys"], batch=settings.key_rotation_batch, now=runtime.clock.now()
    )
    if done.rewrapped or done.unreadable:
        say = log.error if done.unreadable else log.info
        say("keys rotated", rewrapped=done.rewrapped, unreadable=done.unreadable)
