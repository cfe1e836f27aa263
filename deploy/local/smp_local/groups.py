"""Consumer groups of Kafka: whether the members of one have all left."""

import asyncio
import time

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from smp_local.trouble import Trouble

QUIET = {"Empty", "Dead"}


async def wait_until_empty(bootstrap: str, group: str, *, seconds: float = 30) -> None:
    """Returns when no member is left: a member with a lasting name is only gone when its session has expired.

    Raises Trouble when one is still there after `seconds`, or when Kafka does not answer.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    deadline = time.monotonic() + seconds
    try:
        await client.start()
        while await _state(client, group) not in QUIET:
            if time.monotonic() > deadline:
                raise Trouble(
                    f"Un autre processus écoute encore au nom du groupe {group}.",
                    "Arrêtez-le (un deuxième exemplaire du service ?), puis relancez : rien n'a été jeté.",
                )
            await asyncio.sleep(0.2)
    except KafkaError as error:
        raise Trouble(f"Kafka ne répond pas ({type(error).__name__}).", "« make status » dit ce qui tourne.") from error
    finally:
        await client.close()


async def _state(client: AIOKafkaAdminClient, group: str) -> str:
    for response in await client.describe_consumer_groups([group]):
        for _code, _name, state, *_rest in response.groups:
            return str(state)
    return "Dead"
