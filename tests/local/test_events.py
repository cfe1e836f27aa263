"""`make events` against a real broker."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from smp.contracts import SITES, TOPICS, Event
from smp.contracts.envelope import to_headers, to_key, to_value
from smp.contracts.sites import SiteClosed
from smp_local import events
from smp_local.topics import create_topics
from smp_local.trouble import Trouble


async def publish(bootstrap: str, *records: tuple[bytes, bytes, list[tuple[str, bytes]]]) -> None:
    kafka = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await kafka.start()
    try:
        for key, value, headers in records:
            await kafka.send_and_wait(SITES.name, value, key=key, headers=headers)
    finally:
        await kafka.stop()


async def test_each_record_is_one_line_that_says_what_of_whom_where_and_in_which_place(
    kafka_bootstrap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await create_topics(kafka_bootstrap)
    site, now = uuid4(), datetime.now(UTC)
    closed = SiteClosed(site=site, from_date=now.date())
    event = Event.of(closed, subject=site, territory="53", site=site, sequence=7, time=now)
    await publish(kafka_bootstrap, (to_key(event), to_value(event), to_headers(event)), (b"k", b"not an event", []))
    await events.follow(kafka_bootstrap, [SITES.name], from_start=True, until_end=True)
    shown = capsys.readouterr().out.splitlines()
    ours = next(line for line in shown if str(site) in line)
    assert "registry.SiteClosed.v1" in ours
    assert "n°7" in ours
    assert " 53 " in ours
    assert any("(sans type)" in line for line in shown)


def test_a_topic_is_chosen_by_a_word_of_its_name() -> None:
    assert events.chosen("sites") == [SITES.name]
    assert events.chosen("") == [topic.name for topic in TOPICS]
    with pytest.raises(Trouble, match="nowhere"):
        events.chosen("nowhere")
