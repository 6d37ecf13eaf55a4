"""The errors that commands tell, and no client of the interface meets."""

from app.errors import BraidError


class NoBundleError(BraidError):
    """The command needs a bundle, and there is none."""

    code = "no_bundle"


class ScenarioFileError(BraidError):
    """A file of scenarios cannot be used; the text is one line that names the file and the place."""


class ExplanationsFileError(BraidError):
    """A file of explanations cannot be used; the text is one line that names the file and the place."""


class PortError(BraidError):
    """The server cannot listen on this address."""

    code = "port_unavailable"


class WorkersError(BraidError):
    """The worker processes of the server do not start, or die again and again."""

    code = "workers_failed"


class TrainingUnavailableError(BraidError):
    """The packages for training are not installed."""

    code = "training_unavailable"
