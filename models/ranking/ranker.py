"""The ranker: from a user's history to one ranked list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arrays.compiled import load_kernels
from models.arrays.types import Float32, Int32, Int64
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.goal import Goal
from models.data.history import History
from models.data.strengths import StrengthScale
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.ranking.blend import blend, content_share, network_weight, with_content_share
from models.ranking.bundle_settings import NO_BUNDLE, BundleFacts, read_config, read_network, read_recommenders
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import Candidates
from models.ranking.features import NETWORK_SIGNALS, FeatureBuilder
from models.ranking.network import NETWORK_FILE, NetworkScorer
from models.ranking.new_items import NewItems
from models.ranking.newcomers import lifted_query, newcomer_lift
from models.ranking.ranked import Adjustment, Ranked, added_by
from models.ranking.retriever import Retriever
from models.ranking.seen_repeats import raise_repeats
from models.ranking.timing import Timed, untimed
from models.recommenders.content import Content
from models.recommenders.go_on import GoOn
from models.recommenders.popularity import Popularity
from models.recommenders.recommender import ItemMatrix, Likeness, Recommender, by_name
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.repeats import Repeats
from models.similar.similar_items import SimilarItemsOf


class Ranker:
    """Ranks the items of a bundle's catalogue for a history; one ranker serves one thread.

    Parameters
    ----------
    retriever
        Generates the candidates.
    network
        Scores the candidates; None if the blend does not use it.
    item_ids, user_ids
        Known ids as UTF-8 bytes, ascending; an id's code is its position.
    facts
        Facts about the bundle, if there is one.
    recommenders
        All recommenders of the bundle by name; by default those of the retriever.
    knowledge
        The encoded catalogue; by default an empty one.
    similar
        The similar items; None in bundles from before they had arrays of their own.
    """

    def __init__(
        self,
        retriever: Retriever,
        network: NetworkScorer | None,
        item_ids: npt.NDArray[np.bytes_],
        user_ids: npt.NDArray[np.bytes_],
        facts: BundleFacts = NO_BUNDLE,
        *,
        recommenders: Mapping[str, Recommender] | None = None,
        knowledge: Knowledge | None = None,
        similar: SimilarItemsOf | None = None,
    ) -> None:
        self.retriever = retriever
        self.network = network
        self.item_ids = item_ids
        self.user_ids = user_ids
        self.version = facts.version
        self.catalogue_at = facts.catalogue_at
        self.data_until = facts.data_until
        self.last_interaction_id = facts.last_interaction_id
        self.known_masks = facts.known_masks
        signals, context = (NETWORK_SIGNALS, False) if network is None else (network.signals, network.context)
        self.features = FeatureBuilder(retriever.popularity, signals, context=context)
        self.recommenders = by_name(retriever.recommenders) if recommenders is None else recommenders
        repeats = self.recommenders.get(Repeats.signals[0])
        self.repeats = repeats if isinstance(repeats, Repeats) and not repeats.empty else None
        self.similar = similar
        self.knowledge = Knowledge.fit(None, KnowledgeConfig(), item_ids) if knowledge is None else knowledge

    @classmethod
    def load(cls, bundle: Bundle) -> "Ranker":
        """Build the ranker from a verified bundle.

        Raises
        ------
        BundleError
            The parts of the bundle do not fit together, or this version cannot read them.
        """
        config = read_config(bundle)
        item_ids = bundle.array("item_ids", "S")
        user_ids = bundle.array("user_ids", "S")
        retriever = Retriever.load(bundle, config)
        recommenders = read_recommenders(bundle, config, retriever.recommenders)
        if not all(part.fits(len(item_ids), len(user_ids)) for part in recommenders.values()):
            raise BundleError(f"{bundle.folder}: its arrays are of different numbers of items or users")
        similar = None if config.similar is None else SimilarItemsOf.load(bundle, config.similar)
        if similar is not None and not similar.fits(len(item_ids)):
            raise BundleError(f"{bundle.folder}: its similar items are of another number of items")
        network = None
        if NETWORK_FILE in bundle.manifest.files:
            network = read_network(bundle)
        elif config.blend.reads_network:
            raise BundleError(f"{bundle.folder}: {NETWORK_FILE} is missing")
        ranker = cls(
            retriever,
            network,
            item_ids,  # type: ignore[arg-type]
            user_ids,  # type: ignore[arg-type]
            BundleFacts.of(bundle),
            recommenders=recommenders,
            knowledge=Knowledge.load(bundle, KnowledgeConfig()),
            similar=similar,
        )
        load_kernels()
        # The network allocates its buffers at its first run: do it now, not in a request.
        ranker.rank(History(retriever.popularity.order[:2].copy(), -1, np.ones(2, np.float32)), CandidateQuery())
        # The checks have read all files into memory; requests read again what they need.
        bundle.release()
        return ranker

    def rank(
        self,
        history: History,
        query: CandidateQuery,
        *,
        new_items: NewItems | None = None,
        adjustments: Sequence[Adjustment] = (),
        before_deadline: Callable[[], bool] = lambda: True,
        with_network: bool = True,
        network_share: float | None = None,
        content_share: float | None = None,
        retriever: Retriever | None = None,
        timed: Timed = untimed,
    ) -> Ranked:
        """Rank the items that a request wants.

        Parameters
        ----------
        history
            The user's interactions, oldest first.
        query
            Which items are wanted.
        new_items
            Items created after the bundle was made.
        adjustments
            Additions to the scores of some items.
        before_deadline
            Called before the network is run; if it returns False, the neighbours rank the list alone.
        with_network
            Whether the network is run at all; it has learned nothing about users without a history.
        network_share
            Share of the network in the scores, from 0 to 1; where None, the one that training chose.
        content_share
            Share of the parts that compare descriptions in the neighbours' scores; where None, as training chose.
        retriever
            A copy of the ranker's own, for another thread.
        timed
            Entered around each phase.
        """
        lifted = newcomer_lift(self.retriever, history)
        query = query if lifted is None else lifted_query(query, lifted, self.popularity, self.n_candidates)
        with timed("candidates"):
            candidates = (retriever or self.retriever).retrieve(history, query, new_items)
        mix = self.retriever.mix
        if content_share is not None:
            mix = with_content_share(mix, content_share)
            candidates = replace(candidates, neighbours=mix @ candidates.parts)
        network, late, scores = None, False, candidates.neighbours
        share = self.network_weight(candidates) if network_share is None else network_share
        if lifted is not None:
            scores = lifted.raised(candidates.items, self.popularity.newcomer_counts_of(candidates.items))
        if with_network and self.network is not None and share > 0:
            late = not before_deadline()
            if not late:
                with timed("network"):
                    network = self.network.raw(self.features.build(candidates, self.network.scaler))
                    scores = blend(candidates, network, share)
        extra = added_by(adjustments, candidates.items, scores) if len(scores) else {}
        if extra:
            scores = scores + np.sum(list(extra.values()), axis=0, dtype=np.float32)
        places = np.argsort(-scores, kind="stable")
        if candidates.wanted is not None:
            places = places[candidates.wanted[places]]
        return Ranked(candidates, places, scores[places], network, late, extra, lifted, share, mix)

    def score(self, candidates: Candidates, network: Float32 | None = None) -> Float32:
        """Score candidates with the blend; `network` are the network's scores, if already computed."""
        weight = self.network_weight(candidates)
        if self.network is None or weight <= 0:
            return candidates.neighbours
        if network is None:
            network = self.network.score(self.features.build(candidates))
        return blend(candidates, network, weight)

    def network_weight(self, candidates: Candidates) -> float:
        """Return the network's share in the scores of some candidates, which depends on where they come from."""
        return network_weight(self.retriever.config.blend, candidates)

    def repeated(self, history: History, query: CandidateQuery, size: int) -> tuple[Adjustment, CandidateQuery]:
        """Raise the scores of items that a user may want again, where seen items are wanted.

        Parameters
        ----------
        history
            The user's interactions, with their times.
        query
            Which items are wanted.
        size
            Number of item codes, the length of the adjustment.

        Returns
        -------
        tuple
            The adjustment of the scores, and the query with these items as candidates.
        """
        raised = history.raised(self.retriever.config.strength_exponent)
        known = raised.where(raised.items < len(self.item_ids)).every
        weight = self.retriever.config.blend.seen_repeats
        return raise_repeats(self.repeats, known, query, weight, len(self.item_ids), size)

    def read_profile(self, attributes: Mapping[str, Any], context: Mapping[str, Any] | None = None) -> Int64 | None:
        """Return the hashed values of a user's attributes and of a context; None where the bundle reads none."""
        affinity = self.retriever.affinity
        return None if affinity is None else affinity.reader.codes(attributes, context)

    @property
    def n_candidates(self) -> int:
        """Number of candidates for a request that does not ask for more."""
        return self.retriever.config.blend.candidates

    @property
    def generated_reference(self) -> bool:
        """Whether scores are relative to generated candidates alone; in older bundles to all candidates."""
        return self.retriever.config.generated_reference

    @property
    def goal(self) -> Goal | None:
        """What counted as success in training; None where all interactions did."""
        return self.retriever.config.goal

    @property
    def half_lives(self) -> list[float]:
        """The half-lives, in days, by which scores fall while nothing happens: of what a user may go on with."""
        parts = [part for part in self.retriever.recommenders if isinstance(part, GoOn)]
        return [part.config.half_life for part in parts if part.clock]

    @property
    def scale(self) -> StrengthScale:
        """How training turned interactions into strengths."""
        return self.retriever.config.scale

    @property
    def popularity(self) -> Popularity:
        """The popularity recommender: the interactions of each item, all of them and the recent ones."""
        return self.retriever.popularity

    @property
    def content_share(self) -> float:
        """The share of the parts that compare descriptions in the weights of the neighbours."""
        return content_share(self.retriever.mix)

    def weight_of(self, part: str) -> float:
        """Return the weight of a part in the mix; 0 where the mix does not read it."""
        return float(getattr(self.retriever.config.blend, part))

    def block(self, items: Int32) -> None:
        """Exclude items (codes) from every list from now on."""
        self.retriever.block(items)

    def unblock(self, items: Int32) -> None:
        """Include items (codes) in lists again."""
        self.retriever.unblock(items)

    @property
    def likenesses(self) -> list[Likeness]:
        """How alike two items are: by the users they share, and by their descriptions."""
        parts: list[Any] = [self.recommenders.get(entry.name) for entry in RECOMMENDERS if entry.compares_items]
        return [part.likeness for part in parts if isinstance(part, ItemMatrix)]

    @property
    def content(self) -> Content | None:
        """The content-based recommender."""
        found = self.recommenders.get(Content.signals[0])
        return found if isinstance(found, Content) else None
