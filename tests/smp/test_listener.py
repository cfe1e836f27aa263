"""What stands between Kafka and our consumer loses nothing either."""

from tests.smp.test_consumer import Bench, bench  # noqa: F401  # the fixture


async def test_a_header_that_is_not_utf_8_is_parked_with_its_record_and_the_batch_goes_on(bench: Bench) -> None:  # noqa: F811
    await bench.send(bench.event("before"))
    await bench.send(bench.event("poison"), headers={"x-foreign": b"\xff\xfe", "ce_time": b"\xff"})
    await bench.send(bench.event("after"))
    async with bench.listening():
        await bench.until_parked(1)
        await bench.until_notes(2)
    assert await bench.notes() == ["after", "before"]
