"""A port that another process has is told before any work, with the setting that chooses another."""

import socket

import pytest

from app.command_errors import PortError
from app.config import Settings
from app.server.serving import require_free_port
from tests.postgresql import unused_port


@pytest.mark.parametrize(("name", "hint"), [("port", "--port"), ("metrics_port", "BRAID_METRICS_PORT")])
def test_a_port_that_is_taken_is_named_with_the_setting_of_another(isolated: object, name: str, hint: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings(**{"port": unused_port(), name: port})
        with pytest.raises(PortError, match=f"^127.0.0.1:{port}: .*stop the process that uses it.*{hint}"):
            require_free_port(settings)
    require_free_port(settings)
