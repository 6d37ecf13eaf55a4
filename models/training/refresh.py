"""Training with the settings of an earlier bundle, and with its network where that is kept."""

import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.data.strengths import StrengthScale
from models.ranking.bundle_settings import read_config, read_network
from models.ranking.candidates import PARTS
from models.ranking.config import RankingConfig
from models.ranking.network import NETWORK_FILE, NetworkScorer
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever, used
from models.training.labelled_lists import LabelOptions
from models.training.learn import KERAS_FILE, Learned, context_settings, learn_network, network_files


@dataclass(frozen=True)
class ChosenSettings:
    """Settings of an earlier bundle, and the network that was trained with them, where it is kept."""

    config: RankingConfig
    network: NetworkScorer | None = None
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, bundle: Bundle, *, keep_network: bool) -> "ChosenSettings":
        """Read the settings of a bundle.

        Raises
        ------
        BundleError
            This version cannot read the bundle.
        """
        config = read_config(bundle)
        if not keep_network or not config.blend.reads_network:
            return cls(config)
        return cls(config, read_network(bundle), (bundle.file(KERAS_FILE), bundle.file(NETWORK_FILE)))

    def without(self, parts: Collection[str]) -> "ChosenSettings":
        """Give some parts no weight. A network that read one of them is not kept: another one is trained."""
        read = {*self.config.network_parts, *(part for part in PARTS if getattr(self.config.blend, part) > 0)}
        if read.isdisjoint(parts):
            return self
        config = self.config.changed("blend", **dict.fromkeys(parts, 0.0))
        left = tuple(part for part in config.network_parts if part not in parts)
        return ChosenSettings(config.model_copy(update={"network_parts": left}))

    def kept_in(self, folder: Path) -> "ChosenSettings":
        """Copy the files to a folder: the bundle may be removed while the run goes on."""
        return replace(self, files=tuple(Path(shutil.copy(path, folder)) for path in self.files))


def refresh(
    train: Interactions,
    chosen: ChosenSettings,
    folder: Path,
    options: LabelOptions,
    network: NetworkConfig,
    *,
    scale: StrengthScale,
    seed: int,
    progress: Progress,
) -> Learned:
    """Fit the recommenders on a training part, and train the network where none is kept.

    Raises
    ------
    BundleError
        The settings need a network, and there are too few interactions to train one.
    """
    config = chosen.config.model_copy(update={"scale": scale})
    if chosen.network is None:
        # A network that is trained now learns as this version does, whatever the bundle of the settings did.
        config = config.model_copy(update={"generated_reference": True, **context_settings(options)})
    progress("similarities", 0.0)
    retriever = Retriever.fit(train, config, options.catalogue, used(config)).pruned()
    progress("similarities", 1.0)
    scorer, files = chosen.network, list(chosen.files)
    curves: dict[str, list[float]] = {}
    if scorer is None and config.blend.reads_network:
        learned = learn_network(train, retriever, folder, options, network, seed=seed, progress=progress)
        if learned is None:
            raise BundleError(
                "there are too few interactions to train the network that the settings need: train in full"
            )
        scorer, curves = learned
        files = network_files(folder)
    ranker = Ranker(retriever, scorer, train.item_ids, train.user_ids)
    return Learned(ranker, retriever, scorer, files, curves, [])
