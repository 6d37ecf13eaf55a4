"""Braid's own application with two more routes: `python -m benchmarks.load.application`, set up as for `braid serve`.

The ceiling is a constant answer of the same application in the same process, with the same server, options and
middleware: the difference to Braid's own routes is the cost of recommending.
"""

import os
from pathlib import Path

from fastapi import FastAPI, Response

from app.api.dependencies import State
from app.config import load_settings
from app.main import create_app as create_braid
from app.schemas.interactions import InteractionIn
from app.server.serving import serve_forever

ANSWER = "BENCHMARK_ANSWER"
"""Environment variable that names the file with the constant answer."""
CONSTANT = "/benchmark/constant"
PROCESS = "/benchmark/process"
NO_OP = "/benchmark/interactions"
_STORED = b'{"id":1,"event_id":"e","status":"stored"}'


def create_app() -> FastAPI:
    """Build the application, once in every worker."""
    app = create_braid()
    answer = Path(os.environ[ANSWER]).read_bytes()

    @app.get(CONSTANT, response_class=Response)
    async def constant() -> Response:
        return Response(answer, media_type="application/json")

    @app.post(NO_OP, response_class=Response)
    async def no_op(_interaction: InteractionIn, _state: State) -> Response:
        # The same body and the same checks as Braid's own route, and nothing is stored.
        return Response(_STORED, status_code=201, media_type="application/json")

    @app.get(PROCESS, response_class=Response)
    async def process() -> Response:
        # With several workers a connection stays with the worker that accepted it: this route tells which one.
        return Response(str(os.getpid()).encode(), media_type="text/plain")

    return app


if __name__ == "__main__":
    serve_forever(load_settings(), application="benchmarks.load.application:create_app")
