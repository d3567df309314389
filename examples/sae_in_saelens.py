"""Looks at the sparse autoencoder of a bank in SAELens: which of its features are active where a concept sounds.

A bank's folder is a folder that SAELens reads. SAELens knows nothing of a model's frames, so the bank's mean and scale are
applied first (`bank.sae.normalise`). The script checks that both libraries give the same features, then ranks features by how
much more often they are active in one folder of recordings than in another. `drawstop.find(bank, NAME, features=[N])` puts one
on a knob. It needs the extra `saelens`.

uv run python examples/sae_in_saelens.py [BANK MODEL HAVING LACKING]
"""

import sys
from pathlib import Path

import torch
from sae_lens import SAE

import drawstop
from drawstop import shipped
from drawstop.audio.files import list_audio, read_audio
from training.banks.bank import StopBank
from training.models.rave.model import RaveModel

TRAINED = shipped.EXAMPLE_RECORDINGS / "train"
SHOWN = 8


def frames_of(model: RaveModel, folder: Path) -> torch.Tensor:
    """The model's frames of all recordings of a folder, one after the other: `[frames, width]`."""
    sounds = [read_audio(path, model.sample_rate, model.channels)[0] for path in list_audio(folder)]
    return torch.cat([model.encode(torch.from_numpy(sound)[None])[0].T for sound in sounds])


def main(bank_folder: Path, model_path: Path, having: Path, lacking: Path) -> None:
    """Load in both libraries, compare, rank."""
    bank = drawstop.load_bank(bank_folder)
    assert isinstance(bank, StopBank), "a separator's bank has no SAE"
    model = drawstop.load_model(model_path, bank.site)
    theirs, ours = SAE.load_from_disk(bank_folder), bank.sae

    # The same frames through both libraries.
    z = ours.normalise(frames_of(model, having))
    with torch.no_grad():
        features = theirs.encode(z)
        same = torch.allclose(features, ours.encode(z), atol=1e-5)
        unexplained = (z - theirs.decode(features)).square().sum() / (z - z.mean(0)).square().sum()
        others = theirs.encode(ours.normalise(frames_of(model, lacking)))
    config = theirs.cfg
    print(
        f"SAELens reads a {config.architecture()} of {config.d_sae} features for frames of {config.d_in} numbers; "
        f"its features are {'equal to ours' if same else 'not ours'}; it explains {1 - float(unexplained):.0%} of the variance"
    )

    # Which features tell the two folders apart?
    active, elsewhere = (features > 0).float().mean(0), (others > 0).float().mean(0)
    for index in (active - elsewhere).argsort(descending=True)[:SHOWN].tolist():
        shares = (
            f"{active[index]:.0%} of the frames of {having.name}, {elsewhere[index]:.0%} of {lacking.name}"
        )
        print(f"feature {index}: active in {shares}")


if __name__ == "__main__":
    shipped_parts = (shipped.EXAMPLE_BANK, shipped.EXAMPLE_RAVE, TRAINED / "guitar", TRAINED / "voice")
    main(*(tuple(map(Path, sys.argv[1:])) or shipped_parts))
