"""Creates the topics of the catalogue, and returns only when each partition has its leader."""

import asyncio
import time
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from smp.contracts import TOPICS
from smp.contracts.base import Topic
from smp_local.trouble import Trouble


async def create_topics(bootstrap: str, topics: Iterable[Topic] = TOPICS, *, seconds: float = 30) -> list[str]:
    """Names of the topics that were not there before. Replication is the broker's default (one here)."""
    wanted = {topic.name: topic for topic in topics}
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await client.start()
        missing = sorted(set(wanted) - set(await client.list_topics()))
        if missing:
            new = [NewTopic(name, wanted[name].partitions, 1, topic_configs=wanted[name].config) for name in missing]
            _refuse_failures(await client.create_topics(new))
        await _wait_for_leaders(client, sorted(wanted), seconds)
    except KafkaError as error:
        raise Trouble(
            f"Kafka n'a pas créé les sujets : {type(error).__name__}.", "Voyez le journal kafka.log, puis relancez."
        ) from error
    finally:
        await client.close()
    return missing


def _refuse_failures(response: object) -> None:
    for _name, code, *_rest in getattr(response, "topic_errors", ()):
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error()


async def _wait_for_leaders(client: AIOKafkaAdminClient, names: list[str], seconds: float) -> None:
    """Just after their creation the first sends would be refused and retried with warnings."""
    deadline = time.monotonic() + seconds
    while not all(_is_led(topic) for topic in await client.describe_topics(names)):
        if time.monotonic() > deadline:
            raise Trouble("Les sujets de Kafka n'ont pas de meneur.", "Relancez ; sinon voyez le journal kafka.log.")
        await asyncio.sleep(0.05)


def _is_led(topic: dict[str, object]) -> bool:
    partitions = topic.get("partitions")
    return isinstance(partitions, list) and bool(partitions) and all(one["leader"] >= 0 for one in partitions)
