"""The Python client of Braid, a recommendation service.

`Braid` blocks and `AsyncBraid` is awaited; both have one method for each operation of the service, by its operation
id, and `send`, which posts interactions in the background. `models` has the types of bodies and answers; every error
is a `BraidError`.
"""

from braid_client import models
from braid_client.client import AsyncBraid, Braid
from braid_client.errors import BraidError
from braid_client.generated.operations import OPERATIONS

__all__ = ["OPERATIONS", "AsyncBraid", "Braid", "BraidError", "models"]
