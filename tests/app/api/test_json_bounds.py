"""Counting what a JSON body holds: other requests have their turn while a large one is counted."""

import asyncio

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message

from app.api.json_bounds import ONE_OBJECT, JsonBounds, JsonReader

SIZE = 5_000_000


async def turns_while_counting(body: bytes, bounds: JsonBounds = ONE_OBJECT) -> tuple[int, str]:
    """Return how often another task had its turn, and why the body is refused; empty where it is not."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    turns, why = 0, ""

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    try:
        message = await JsonReader(receive, bounds)()
        assert message["body"] == body
    except HTTPException as error:
        why = error.detail
    beside.cancel()
    return turns, why


@pytest.mark.parametrize("text", [b":" * SIZE, b'\\"' * (SIZE // 2)], ids=["names", "escaped quotes"])
async def test_others_have_their_turn_while_a_long_text_is_counted(text: bytes) -> None:
    bounds = JsonBounds(names=10, values=10, containers=10)
    turns, why = await turns_while_counting(b'["::::::::::::' + text + b'"]', bounds)
    assert (turns >= SIZE // (1 << 18) - 1, why) == (True, "")


async def test_what_is_outside_of_texts_is_counted_in_turns() -> None:
    # Each part has less outside of its texts than its size.
    turns, why = await turns_while_counting(b"[" + b'"::::::::::",' * 90_000 + b'"' + b"x" * SIZE + b'"]')
    assert (turns > 10, why) == (True, "")


async def test_a_small_body_waits_for_nobody() -> None:
    assert await turns_while_counting(b'{"user_id": "u"}') == (0, "")
