"""The wiring of the registry, and nothing else."""

from registry import api, jobs
from registry.settings import Settings
from smp.service import Job, Runtime, Service


async def _start(runtime: Runtime) -> None:
    settings: Settings = runtime.settings
    runtime.state["keys"] = settings.encryption_keys()


service = Service(
    "registry",
    Settings,
    package="registry",
    routers=api.ROUTERS,
    jobs=[Job("rotate-keys", every=3600, run=jobs.rotate)],
    on_start=_start,
)

if __name__ == "__main__":
    service.main()
