"""The settings of an SAE and its training, and the metrics that a training reports."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from drawstop.errors import DrawstopError

Architecture = Literal["topk", "batchtopk", "matryoshka", "jumprelu", "topk-jumprelu"]
"""How features are chosen: while training in `training.sae.objectives`, afterwards in `training.sae.model.activate`.

* `topk`: a frame's k largest (Gao et al. 2024, arXiv 2406.04093). The only one whose features scale with the frame.
* `batchtopk`: the k x batch largest of a batch; afterwards one threshold for all (Bussmann et al. 2024, arXiv 2412.06410).
* `matryoshka`: BatchTopK whose first features must do without the later ones (Bussmann et al. 2025, arXiv 2503.17547).
* `jumprelu`: a threshold learned for each feature (Rajamanoharan et al. 2024, arXiv 2407.14435).
* `topk-jumprelu`: trained as `topk`, then given one threshold per feature.
"""

PREFIX_SHARES = (1 / 32, 3 / 32, 7 / 32, 15 / 32, 1.0)
"""Shares of a Matryoshka's features in each nested dictionary: each group is twice as large as the one before."""

Precision = Literal["float32", "float64", "bf16"]
"""Numbers that a training computes with. `bf16`: its products in bfloat16 (autocast); weights, choices, losses stay float32."""

SPARSE_ABOVE = 16 * 1024
"""Numbers in a decoder above which a training gathers rows instead of multiplying by zeros: a step is then 1.9 to 3.8 times as
fast on a CPU, with the largest gain at the largest width (python -m bench.sae.step)."""
SPARSE_SHARE = 1 / 16
"""The largest k / n_features at which a training gathers rows: there both ways take about as long."""

_JUMPRELU_ONLY = frozenset({"bandwidth", "sparsity_weight"})


@dataclass(frozen=True)
class SAEConfig:
    """Settings of an SAE and its training. Fields without a stated source were set on a planted dictionary
    (tests/training/sae/test_train.py)."""

    d_in: int
    """Numbers per frame."""
    n_features: int = 512
    """Features in the dictionary."""
    k: int = 16
    """Features that may be active in one frame; for all but `topk`, on average."""
    architecture: Architecture = "topk"
    """How features are chosen, see `Architecture`."""
    steps: int = 5000
    """Training steps."""
    batch_size: int = 1024
    """Frames per step."""
    learning_rate: float = 3e-3
    """Adam's peak learning rate."""
    warmup_share: float = 0.02
    """Share of the steps over which the learning rate rises from 0."""
    decay_share: float = 0.5
    """Share of the steps, at the end, over which the learning rate falls to 0."""
    seed: int = 0
    """Seed of the first weights and of the batches."""
    centre: bool = True
    """Subtract the training frames' mean; False leaves the mean at 0."""
    bias: bool = True
    """Learn b_enc and b_dec; False leaves both at 0."""
    aux_k: int = 32
    """Dead features that reconstruct the error in the auxiliary loss (AuxK); 0 switches it off."""
    aux_weight: float = 1 / 32
    """Weight of the auxiliary loss (Gao et al. 2024, section A.2)."""
    dead_after_steps: int = 100
    """A feature that hasn't fired for so many steps counts as dead."""
    checkpoint_every: int = 500
    """Steps between checkpoints: what a killed training loses at most."""
    bandwidth: float = 0.3
    """`jumprelu`: how near its threshold a value must be to move it, relative to the size of a feature's value where k of
    them share a frame's length: sqrt(d_in / k)."""
    sparsity_weight: float = 1.0
    """`jumprelu`: weight of `(L0 / k - 1)²`."""
    precision: Precision = "float32"
    """Numbers that the training computes with; the SAE that comes out is float32 always."""

    def __post_init__(self) -> None:
        read_architecture(self.architecture)
        read_precision(self.precision)
        for name in (
            "d_in",
            "n_features",
            "k",
            "steps",
            "batch_size",
            "dead_after_steps",
            "checkpoint_every",
        ):
            if getattr(self, name) < 1:
                raise DrawstopError(f"{name} must be 1 or more, got {getattr(self, name)}")
        for name in ("aux_k", "aux_weight", "seed"):
            if getattr(self, name) < 0:
                raise DrawstopError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if self.k > self.n_features:
            raise DrawstopError(f"k must be at most n_features ({self.n_features}), got {self.k}")
        for name in ("learning_rate", "bandwidth", "sparsity_weight"):
            if not getattr(self, name) > 0:
                raise DrawstopError(f"{name} must be above 0, got {getattr(self, name)}")
        if min(self.warmup_share, self.decay_share) < 0 or self.warmup_share + self.decay_share > 1:
            raise DrawstopError(
                "warmup_share and decay_share must be 0 or more and at most 1 together, "
                f"got {self.warmup_share} and {self.decay_share}"
            )

    @property
    def prefixes(self) -> tuple[int, ...]:
        """Sizes of a Matryoshka's nested dictionaries, ascending; the last is the whole.

        >>> SAEConfig(d_in=2, n_features=64).prefixes
        (2, 6, 14, 30, 64)
        """
        return tuple(sorted({max(1, round(share * self.n_features)) for share in PREFIX_SHARES}))

    @property
    def sparse(self) -> bool:
        """Whether a training gathers the active features' rows instead of multiplying matrices, see `sparse_features`.

        JumpReLU never does: a threshold's gradient comes from values on both of its sides.

        >>> SAEConfig(d_in=128, n_features=1024).sparse, SAEConfig(d_in=128, n_features=64).sparse
        (True, False)
        """
        return (
            self.architecture != "jumprelu"
            and self.d_in * self.n_features > SPARSE_ABOVE
            and self.k <= SPARSE_SHARE * self.n_features
        )

    def described(self) -> dict[str, Any]:
        """The fields that matter for this architecture, as JSON."""
        unused = set(_JUMPRELU_ONLY if self.architecture != "jumprelu" else ())
        unused |= {"precision"} if self.precision == "float32" else set()
        return {name: value for name, value in asdict(self).items() if name not in unused}


def read_architecture(name: str) -> Architecture:
    """An architecture by its name. Raises DrawstopError for a name that isn't one."""
    for known in get_args(Architecture):
        if name == known:
            architecture: Architecture = known
            return architecture
    raise DrawstopError(f"expected an architecture out of {', '.join(get_args(Architecture))}, got {name!r}")


def read_precision(name: str) -> Precision:
    """A precision by its name. Raises DrawstopError for a name that isn't one."""
    for known in get_args(Precision):
        if name == known:
            precision: Precision = known
            return precision
    raise DrawstopError(f"expected a precision out of {', '.join(get_args(Precision))}, got {name!r}")


@dataclass(frozen=True)
class TrainingMetrics:
    """How well an SAE describes frames. `validation_…` is None where there were no validation frames."""

    fraction_of_variance_explained: float
    """Fraction of the training frames' variance: 1 is perfect, 0 is no better than their mean."""
    validation_fraction_of_variance_explained: float | None
    """The same on recordings that training never saw."""
    l0: float
    """Active features per frame, on average."""
    dead_features: int
    """Features that never fire on the measured training frames."""
    dead_share: float
    """`dead_features / n_features`."""
    steps: int
    """Steps trained."""
