"""Kafka batches filled by hand: one future and one look at the cluster per batch, where aiokafka's `send` has one of
each per record. Partitions are those of Kafka's default partitioner (murmur2 of the key)."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

Headers = list[tuple[str, bytes]]

# Kafka's own limit of a request (message.max.bytes); headers and framing of one record fit in the margin.
LARGEST_REQUEST_BYTES = 1024 * 1024
_LARGEST_VALUE_BYTES = LARGEST_REQUEST_BYTES - 4096


@dataclass(slots=True)
class _Parcel:
    topic: str
    partition: int
    builder: Any
    numbers: list[int] = field(default_factory=list)


class Parcels:
    """One pass of records through a producer. `number` names a record in the answers."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._partitions: dict[str, int] = {}
        self._open: dict[tuple[str, int], _Parcel] = {}
        self._handed: list[tuple[_Parcel, asyncio.Future[Any]]] = []
        self._errors: dict[int, str] = {}
        self._closed_topics: dict[str, str] = {}

    async def add(self, number: int, topic: str, key: bytes, value: bytes, headers: Headers, timestamp_ms: int) -> bool:
        """Pack a record; a full parcel leaves at once. False when it cannot be packed: `finish` says why."""
        count = self._partitions.get(topic) or await self._count_partitions(topic)
        if topic in self._closed_topics:
            self._errors[number] = self._closed_topics[topic]
            return False
        if len(value) > _LARGEST_VALUE_BYTES:
            self._errors[number] = MessageSizeTooLargeError.__name__
            return False
        place = topic, (murmur2(key) & 0x7FFFFFFF) % count
        parcel = self._open.get(place) or self._new(place)
        if parcel.builder.append(timestamp=timestamp_ms, key=key, value=value, headers=headers) is None:
            await self._hand_over(parcel)
            parcel = self._new(place)
            parcel.builder.append(timestamp=timestamp_ms, key=key, value=value, headers=headers)
        parcel.numbers.append(number)
        return True

    async def finish(self) -> dict[int, str]:
        """Wait until each parcel is acknowledged or refused; the errors of what Kafka did not take."""
        for parcel in self._open.values():
            await self._hand_over(parcel)
        for parcel, future in self._handed:
            try:
                await future
            except KafkaError as error:
                self._errors.update(dict.fromkeys(parcel.numbers, type(error).__name__))
        return self._errors

    async def _count_partitions(self, topic: str) -> int:
        if topic in self._closed_topics:
            return 0
        try:
            self._partitions[topic] = len(await self._producer.partitions_for(topic))
        except KafkaError as error:
            # Each further record of this topic would wait for its metadata as long as this one did.
            self._closed_topics[topic] = type(error).__name__
            return 0
        return self._partitions[topic]

    def _new(self, place: tuple[str, int]) -> _Parcel:
        parcel = self._open[place] = _Parcel(*place, self._producer.create_batch())
        return parcel

    async def _hand_over(self, parcel: _Parcel) -> None:
        error = self._closed_topics.get(parcel.topic)
        if error is None:
            try:
                future = await self._producer.send_batch(parcel.builder, parcel.topic, partition=parcel.partition)
            except KafkaError as failure:
                error = self._closed_topics[parcel.topic] = type(failure).__name__
            else:
                self._handed.append((parcel, future))
                return
        self._errors.update(dict.fromkeys(parcel.numbers, error))
