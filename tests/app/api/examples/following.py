"""Following the blocks of the page: each call is sent, and what comes is compared with what the page shows."""

import asyncio
import math
import re
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
from jsonschema import Draft202012Validator

from tests.app.api.examples.page import Call

GENERATED = {
    "changed_at", "created_at", "day", "finished_at", "from", "id", "import_id", "job_id", "next_cursor", "request_id",
    "score", "share", "timestamp", "to",
}  # fmt: skip
"""Fields whose values are others at every run: their types are compared."""
LEFT_OUT = "…"
FILES = {"interactions.csv": b"user_id,item_id,event_type\nu-9,sku-1,view\nu-9,sku-2,view\n"}


class Follower:
    """Sends calls in turn, and puts the ids that were made for those of the page.

    Parameters
    ----------
    client
        Of a server without data.
    openapi
        Its description, which answers are checked against.
    """

    def __init__(self, client: httpx.AsyncClient, openapi: dict[str, Any]) -> None:
        self._client = client
        self._openapi = openapi
        self._made: dict[str, str] = {}

    async def follow(self, call: Call) -> list[str]:
        """Send a call, and tell what is not as the page shows it."""
        path = "".join(self._made.get(part, part) for part in re.split(r"([/?&=])", call.path))
        answer = await self._client.request(call.method, path, **self._content(call))
        real = answer.json() if answer.content else None
        if call.path == "/imports":
            await self._imported(answer.headers["location"])
        place = f"docs/api.md:{call.line}: {call.method} {call.path}"
        if answer.status_code != call.status:
            return [f"{place}: {answer.status_code}: {answer.text}"]
        found = [f"{place}: {text}" for text in self.compared("", call.answer, real)]
        found += [f"{place}: {text}" for text in self._undescribed(call, real)]
        return [*found, f"the answer: {answer.text}"] if found else []

    def _content(self, call: Call) -> dict[str, Any]:
        if not call.body:
            return {}
        if "=@" in call.body:
            names = [line.split("=@") for line in call.body.splitlines()]
            return {"files": {name: (file, FILES[file]) for name, file in names}}
        return {"json": self._put(orjson.loads(call.body))}

    def _put(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._put(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._put(one) for one in value]
        return self._made.get(value, value) if isinstance(value, str) else value

    def compared(self, place: str, shown: Any, real: Any) -> Iterator[str]:
        """Tell where an answer is not as it is shown, and keep the ids that were made."""
        name = place.rpartition(".")[2]
        if shown == LEFT_OUT:
            return
        if isinstance(shown, dict) and isinstance(real, dict):
            if set(shown) != set(real):
                yield f"{place}: the keys are {sorted(real)}, not {sorted(shown)}"
            for key in set(shown) & set(real):
                yield from self.compared(f"{place}.{key}", shown[key], real[key])
        elif isinstance(shown, list) and isinstance(real, list) and len(shown) == len(real):
            for one, other in zip(shown, real, strict=True):
                yield from self.compared(f"{place}[]", one, other)
        elif name in GENERATED and type(shown) is type(real):
            if isinstance(shown, str):
                self._made[shown] = real
        elif isinstance(shown, float) and isinstance(real, float):
            if not math.isclose(shown, real, abs_tol=0.005):
                yield f"{place}: is {real}, not {shown}"
        elif shown != real:
            yield f"{place}: is {real!r}, not {shown!r}"

    def _undescribed(self, call: Call, real: Any) -> Iterator[str]:
        if real is None:
            return
        path = call.path.partition("?")[0]
        # A path with a name of its own comes before one with an id in this place.
        for template in sorted(self._openapi["paths"], key=lambda one: one.count("{")):
            operation = self._openapi["paths"][template].get(call.method.lower())
            if operation and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                content = operation["responses"][str(call.status)]["content"]
                (media,) = content.values()
                schema = media["schema"] | {"components": self._openapi["components"]}
                for document in (_completed(call.answer, real), real):
                    for problem in Draft202012Validator(schema).iter_errors(document):
                        yield f"{problem.json_path}: {problem.message}"
                return
        yield "is no call of the description"

    async def _imported(self, path: str) -> None:
        async with asyncio.timeout(180):
            while (await self._client.get(path)).json()["status"] == "running":  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.1)


def _completed(shown: Any, real: Any) -> Any:
    """Put what came in the place of what the page leaves out."""
    if shown == LEFT_OUT:
        return real
    if isinstance(shown, dict) and isinstance(real, dict):
        return {name: _completed(one, real.get(name)) for name, one in shown.items()}
    if isinstance(shown, list) and isinstance(real, list) and len(shown) == len(real):
        return [_completed(one, other) for one, other in zip(shown, real, strict=True)]
    return shown
