"""`make events`: follow topics, one readable line per record, from the headers alone (no payload is opened)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from smp.contracts import TOPICS
from smp_local import screen
from smp_local.trouble import Trouble


def chosen(words: str) -> list[str]:
    """Topics whose name holds one of the words (commas between them); all when none is given. Else Trouble."""
    names = [topic.name for topic in TOPICS]
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    found = [name for name in names if not wanted or any(word in name for word in wanted)]
    if not found:
        raise Trouble(f"Aucun sujet ne s'appelle « {words} ».", f"Les sujets : {', '.join(names)}")
    return found


async def follow(bootstrap: str, topics: Iterable[str], *, from_start: bool, until_end: bool = False) -> None:
    """Prints records until cancelled, or, with `until_end`, up to the last one that existed at the call."""
    kafka = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        await kafka.start()
        ends = await kafka.end_offsets(list(kafka.assignment()))
        starts = await kafka.beginning_offsets(list(ends)) if from_start else ends
        for partition, offset in starts.items():
            kafka.seek(partition, offset)
        while not (until_end and await _is_at(kafka, ends)):
            batches = await kafka.getmany(timeout_ms=300)
            records = [record for batch in batches.values() for record in batch]
            for record in sorted(records, key=lambda record: record.timestamp):
                screen.say(readable(record))
    except KafkaError as error:
        raise Trouble(f"Kafka ne répond pas ({type(error).__name__}).", "« make status » dit ce qui tourne.") from error
    finally:
        await kafka.stop()


def readable(record: "ConsumerRecord[bytes | None, bytes | None]") -> str:
    """When, what, of which aggregate (full id, to be looked for elsewhere), where, and its place in order."""
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    kind = headers.get("ce_type", "(sans type)").removeprefix("fr.smp.")
    return (
        f"{_local(headers)}  {kind:<38} {headers.get('ce_subject', '?'):<36}  "
        f"n°{headers.get('ce_sequence', '?'):<3} {headers.get('ce_territory', '–'):<3} "
        f"[{record.partition}:{record.offset}]"
    )


def _local(headers: Mapping[str, str]) -> str:
    try:
        return datetime.fromisoformat(headers["ce_time"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (KeyError, ValueError):
        return "(sans heure)".ljust(19)


async def _is_at(kafka: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    return all([await kafka.position(partition) >= end for partition, end in ends.items()])
