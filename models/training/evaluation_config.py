"""Which evaluation to run: the protocol, what is measured, and what the recipe may use."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from models.data.events import EventType
from models.data.timeline import VISIT_PAUSE
from models.ranking.candidates import TRAINED
from models.ranking.network_config import NetworkConfig
from models.ranking.rotation import RotationConfig
from models.training.refresh import ChosenSettings


@dataclass(frozen=True)
class EvaluationConfig:
    """Options of an evaluation.

    Parameters
    ----------
    protocol
        `fixed`, `leave-last-out`, `temporal`, `timeline` or `random`; where None, chosen by the data.
    ks
        Lengths of the lists that are measured.
    with_timeline
        Whether the protocol is `timeline` where none is given and the interactions have times that are enough for it.
    seed
        The same seed and data give the same metrics, unless the budget is spent.
    budget
        Seconds of processor time after which no further setting is tried; the trial that is running is finished. Where
        None it grows with the data.
    goal
        What counts as success, see `Goal.parse`; chosen by the event types of the data where None.
    include_seen
        Whether items of the history are recommended and count as targets.
    exclude_seen
        Event types whose items are left out of the user's lists, unless `include_seen`; those of the goal where None.
    test_days
        Length of the test of the `temporal` and the `timeline` protocol; a tenth of the data where None.
    visit_pause
        Seconds without an interaction that end a visit under the `timeline` protocol.
    test_users
        How many test users are measured, a random sample of more; all where None.
    parts
        The parts that may have a weight, of `TRAINED`.
    with_network
        Whether a network is trained.
    network
        Settings of the network.
    event_types
        Weights of event types; those left out are as in `EVENT_WEIGHTS`.
    rating_scale
        Scale of the ratings, `1..5` for example, or `amounts`; measured where None.
    chosen
        Settings that were chosen before; all are chosen again where None.
    brief
        Whether calibration and new users are left out of the report.
    with_validation
        Whether the validation part is measured as well.
    with_acts
        Whether the run keeps which interactions were purchases and views, for a bundle.
    rotation
        By how much what was shown and passed over sinks in the lists of the test.
    """

    protocol: str | None = None
    with_timeline: bool = False
    ks: Sequence[int] = (5, 10, 20)
    seed: int = 0
    budget: float | None = None
    goal: str | None = None
    include_seen: bool = False
    exclude_seen: Collection[str] | None = None
    test_days: float | None = None
    visit_pause: float = VISIT_PAUSE
    test_users: int | None = None
    parts: Collection[str] = TRAINED
    with_network: bool = True
    network: NetworkConfig = field(default_factory=NetworkConfig)
    event_types: Mapping[str, float | EventType] | None = None
    rating_scale: str | None = None
    chosen: ChosenSettings | None = None
    brief: bool = False
    with_validation: bool = False
    with_acts: bool = False
    rotation: RotationConfig = field(default_factory=RotationConfig)
