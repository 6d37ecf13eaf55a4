"""What a bundle stores beside the recommenders: the settings, and the scaler of the network."""

import numpy as np
from pydantic import ValidationError

from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.ranking.config import RankingConfig
from models.ranking.features import Scaler


def read_config(bundle: Bundle) -> RankingConfig:
    """Read the settings of the request path.

    Raises
    ------
    BundleError
        They are not those of this version.
    """
    try:
        return RankingConfig.model_validate(bundle.manifest.settings)
    except ValidationError as error:
        raise BundleError(f"{bundle.folder}: settings: {error.errors()[0]['msg']}") from error


def read_scaler(bundle: Bundle) -> Scaler:
    """Read the scaler of the network.

    Raises
    ------
    BundleError
        It is missing, or of another type.
    """
    mean, scale = (bundle.array(name, np.float32) for name in ("scaler_mean", "scaler_scale"))
    return Scaler(mean, scale)  # type: ignore[arg-type]
