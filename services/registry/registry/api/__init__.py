"""HTTP routes: parse, authorise, call one use case, answer."""

from registry.api import compartment_keys, patients, professionals, sites

ROUTERS = (sites.router, professionals.router, patients.router, compartment_keys.router)
