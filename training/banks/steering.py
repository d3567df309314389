"""The edit: `x' = x + scale * (delta_off + delta_on)`, one streaming module for everything that steers.

Key idea: the SAE determines how much is added; what it can't explain stays in `x`, but for the share that goes with
features taken away. A frame whose values are all exactly 0 is passed on untouched, so a neutral knob changes no bit.
"""

import copy

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from training.banks.bank import StopBank
from training.banks.gate import Gate
from training.banks.gate_expander import ExpandedGate, share_of
from training.banks.stop import Stop
from training.sae.model import SAE, activate

QUIET_DB = -60.0


class Steering(nn.Module):
    """The stops of a bank as one edit of a frame sequence.

    With `z = (x - mean) / scale`, features `f = encode(z)`, decoder rows `d_i` and values `v_s` in [-1, 1],
    per frame:

        taken_si  = m_si * f_i of a static stop, the off gate's expanded output of a gated one (see `gate_expander`)
        total_i   = min(f_i, sum_s max(-v_s, 0) * taken_si)
                    (what two stops both take is taken away once)
        delta_off = -sum_i total_i * d_i - (total . f / f . f) * (z - sum_i f_i * d_i)
                    (where all features go, the SAE's error goes too: else a fiftieth of a solo would stay audible)
        delta_on  = sum_s max(v_s, 0) * b_s,  |delta_on| <= cap * |z|
        b_s       = sum_i f_i * u_si of a static stop, sum_i on_si * d_i of a gated one

    Where the SAE's frames are centred, zero isn't silence: what its features don't explain stays in (x' = x + decode(f') -
    decode(f)), and a stop may have constants, c_s- added at -1 and c_s+ at +1 whatever plays:

        delta_off = -sum_i total_i * d_i + sum_s max(-v_s, 0) * c_s-,   |c_s-| <= cap * |z|
        b_s       = sum_i f_i * u_si + c_s+

    The edit reads no future frame, so it adds no delay. Static stops have no memory; gates use the frames
    before: a call starts from silence, unless `allocate` made the module a stream, whose calls go on from one
    another. A stream equals the whole.

    Shape: x `[batch, width, frames]`, values `[batch or 1, stops, frames]` -> `[batch, width, frames]`.
    """

    W_enc: Tensor
    W_dec: Tensor
    b_enc: Tensor
    threshold: Tensor
    mean: Tensor
    scale: Tensor
    removal_weights: Tensor
    write_vectors: Tensor
    caps: Tensor
    constants: Tensor

    def __init__(self, sae: SAE, bank: StopBank) -> None:
        super().__init__()
        stops = bank.stops
        if not stops:
            raise DrawstopError("a bank without stops steers nothing: find a stop first (drawstop find)")
        for name in ("W_enc", "W_dec", "b_enc", "threshold", "mean", "scale"):
            self.register_buffer(name, getattr(sae, name).detach().clone())
        self.architecture: str = sae.config.architecture
        self.k: int = sae.config.k
        self.register_buffer("removal_weights", torch.stack([stop.removal_weights for stop in stops]))
        self.register_buffer("write_vectors", _stacked_write_vectors(stops))
        self.follows: tuple[int, ...] = tuple(len(stop.write_vectors) for stop in stops)
        self.constant_of: tuple[int, ...] = _indices(
            [s for s, each in enumerate(stops) if each.constants is not None], len(stops)
        )
        constants = [stop.constants for stop in stops if stop.constants is not None]
        empty = torch.zeros(0, 2, sae.config.d_in)
        self.register_buffer("constants", torch.stack(constants) if constants else empty)
        self.keeps_error: bool = sae.config.centre
        self.register_buffer("caps", torch.tensor([stop.cap for stop in stops]))
        self.n_stops: int = len(stops)
        gates = [copy.deepcopy(stop.gates) for stop in stops]  # nobody else streams through their caches
        off = [(s, each.off, each.expander) for s, each in enumerate(gates) if each is not None]
        on = [(s, each.on) for s, each in enumerate(gates) if each is not None and each.on is not None]
        # `claims` is the name that instrument files have for the off gates: realtime.backends looks for it
        self.claims = nn.ModuleList(ExpandedGate(gate, expander) for _, gate, expander in off)
        self.on_gates = nn.ModuleList(gate for _, gate in on)
        self.off_gate_of: tuple[int, ...] = _indices([s for s, _, _ in off], len(stops))
        self.on_gate_of: tuple[int, ...] = _indices([s for s, _ in on], len(stops))
        self.streaming: bool = False
        self.quiet: float = (
            10.0 ** (QUIET_DB / 10) * sae.config.d_in
        )  # normalised, frames have a power of d_in

    def allocate(self, voices: int) -> None:
        """Makes this a stream of up to `voices` parallel voices, with a past of silence."""
        for module in self.modules():
            if isinstance(module, Gate | ExpandedGate):
                module.allocate(voices)
        self.streaming = True

    def features(self, z: Tensor) -> Tensor:
        """The SAE's features. z `[batch, frames, width]` -> `[batch, frames, n_features]`."""
        return activate(z @ self.W_enc + self.b_enc, self.architecture, self.k, self.threshold)

    def forward(self, x: Tensor, values: Tensor) -> Tensor:
        z = (x.transpose(1, 2) - self.mean) / self.scale
        moved = (values != 0).any(1, keepdim=True)
        neutral = not bool(moved.any())
        if neutral and len(self.claims) == 0:
            return x
        features = self.features(z)
        off_levels = self.gate_outputs(
            z, features
        )  # also when neutral: a gate that is turned up must know the past
        written = self.gate_writes(z)
        if neutral:
            return x
        delta = self.delta_off(features, off_levels, z, values) + self.delta_on(features, written, z, values)
        return torch.where(moved, x + (delta * self.scale).transpose(1, 2), x)

    def gate_outputs(self, z: Tensor, features: Tensor) -> list[Tensor]:
        """Each off gate's expanded levels: the concept's part of the features, `[batch, frames, n_features]`.

        Shape: z `[batch, frames, width]`, features `[batch, frames, n_features]`.
        """
        outputs: list[Tensor] = []
        latents = z.transpose(1, 2)
        for gate in self.claims:  # mypy knows a ModuleList's items as Module
            outputs.append(gate.stream(latents, features) if self.streaming else gate(latents, features))  # type: ignore[operator]
        return outputs

    def gate_writes(self, z: Tensor) -> list[Tensor]:
        """The vectors that each on gate would bring in. `[batch, frames, width]` -> the same, in units of z."""
        written: list[Tensor] = []
        latents = z.transpose(1, 2)
        for gate in self.on_gates:
            levels = gate.stream(latents) if self.streaming else gate(latents)  # type: ignore[operator]
            written.append(levels.transpose(1, 2) @ self.W_dec[gate.features])  # type: ignore[index]
        return written

    def taken(self, s: int, features: Tensor, off_levels: list[Tensor]) -> Tensor:
        """What belongs to a stop, as levels of features. `[batch, frames, n_features]` -> the same."""
        gate = self.off_gate_of[s]
        return off_levels[gate] if gate >= 0 else features * self.removal_weights[s]

    def delta_off(self, features: Tensor, off_levels: list[Tensor], z: Tensor, values: Tensor) -> Tensor:
        """What is taken away, in units of z.

        Shape: features `[batch, frames, n_features]`, values `[batch, stops, frames]` -> `[batch, frames, width]`.
        """
        total = torch.zeros_like(features)
        for s in range(self.n_stops):
            amount = torch.clamp(-values[:, s], 0.0, 1.0).unsqueeze(-1)
            if bool((amount > 0).any()):
                total = total + amount * self.taken(s, features, off_levels)
        taken = torch.minimum(total, features)
        if not self.keeps_error:
            return -with_error(taken, features, z, self.W_dec)
        delta = -(taken @ self.W_dec)
        for s in range(self.n_stops):
            index = self.constant_of[s]
            if index >= 0:
                amount = torch.clamp(-values[:, s], 0.0, 1.0).unsqueeze(-1)
                limit = self.caps[s] * z.norm(2, dim=-1, keepdim=True)
                delta = delta + amount * capped(self.constants[index, 0], limit)
        return delta

    def delta_on(self, features: Tensor, written: list[Tensor], z: Tensor, values: Tensor) -> Tensor:
        """What is brought in, in units of z: each stop's part under its own cap, the sum under the largest."""
        total = torch.zeros_like(z)
        level = z.norm(2, dim=-1, keepdim=True)
        for s in range(self.n_stops):
            amount = torch.clamp(values[:, s], 0.0, 1.0).unsqueeze(-1)
            if bool((amount > 0).any()):
                gate = self.on_gate_of[s]
                write = written[gate] if gate >= 0 else self.following(s, features, z)
                total = total + amount * capped(write, self.caps[s] * level)
        return capped(total, self.caps.max() * level)

    def following(self, s: int, features: Tensor, z: Tensor) -> Tensor:
        """What a static stop writes, in units of z. `[batch, frames, n_features]` -> `[batch, frames, width]`."""
        write = features @ self.write_vectors[s] if self.follows[s] > 0 else torch.zeros_like(z)
        index = self.constant_of[s]
        return write if index < 0 else write + self.constants[index, 1]

    @torch.jit.export
    def levels(self, x: Tensor) -> Tensor:
        """Share of the frame's energy that each stop's features carry. `[batch, width, frames]` -> `[batch, stops, frames]`.

        Near silence the shares fade out: around `QUIET_DB` below the frames that the SAE was trained on.
        """
        z = (x.transpose(1, 2) - self.mean) / self.scale
        features = self.features(z)
        off_levels = self.gate_outputs(z, features)
        whole = (features @ self.W_dec).square().sum(-1) + self.quiet
        levels: list[Tensor] = []
        for s in range(self.n_stops):
            levels.append((self.taken(s, features, off_levels) @ self.W_dec).square().sum(-1) / whole)
        return torch.stack(levels, 1).clamp(0.0, 1.0)


def with_error(taken: Tensor, features: Tensor, z: Tensor, decoder: Tensor) -> Tensor:
    """Levels taken away, and the same share of what the features don't explain, in units of z.

    Shape: taken and features `[..., n_features]`, z `[..., width]`, decoder `[n_features, width]` -> `[..., width]`.
    """
    return taken @ decoder + share_of(taken, features) * (z - features @ decoder)


def _stacked_write_vectors(stops: tuple[Stop, ...]) -> Tensor:
    """`[stops, n_features, width]`, zeros for stops that add nothing; `[stops, 0, width]` where none does."""
    most = max(len(stop.write_vectors) for stop in stops)
    return torch.stack(
        [
            torch.cat(
                [
                    stop.write_vectors,
                    stop.write_vectors.new_zeros(most - len(stop.write_vectors), stop.write_vectors.shape[1]),
                ]
            )
            for stop in stops
        ]
    )


def _indices(stops: list[int], count: int) -> tuple[int, ...]:
    """For each of `count` stops its index in a list of some stops' numbers, or -1."""
    return tuple(stops.index(s) if s in stops else -1 for s in range(count))


def capped(vectors: Tensor, limit: Tensor) -> Tensor:
    """Scales vectors down to a largest norm. `[..., width]`, `[..., 1]` -> `[..., width]`; zero stays zero."""
    norm = vectors.norm(2, dim=-1, keepdim=True)
    return vectors * torch.clamp(limit / norm.clamp(min=1e-12), max=1.0)
