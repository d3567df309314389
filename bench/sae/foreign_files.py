"""SAE files written by dictionary_learning and sparsify themselves, with frames and what each library makes of them: the tests'
fixtures in tests/training/sae/files/written (just foreign-saes).

Runs in an environment of its own, which has torch and one of the libraries: python bench/sae/foreign_files.py LIBRARY FOLDER
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

D_IN, FEATURES, K, FRAMES = 6, 12, 3, 40
THRESHOLD = 0.25


def dictionaries() -> dict[str, Any]:
    """One of each class that dictionary_learning's `load_dictionary` knows, biases, gains and thresholds off their defaults."""
    from dictionary_learning import dictionary
    from dictionary_learning.trainers.batch_top_k import BatchTopKSAE
    from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKSAE
    from dictionary_learning.trainers.top_k import AutoEncoderTopK

    return {
        "AutoEncoder": dictionary.AutoEncoder(D_IN, FEATURES),
        "AutoEncoderNew": dictionary.AutoEncoderNew(D_IN, FEATURES),
        "GatedAutoEncoder": dictionary.GatedAutoEncoder(D_IN, FEATURES),
        "JumpReluAutoEncoder": dictionary.JumpReluAutoEncoder(D_IN, FEATURES),
        "AutoEncoderTopK": AutoEncoderTopK(D_IN, FEATURES, K),
        "BatchTopKSAE": BatchTopKSAE(D_IN, FEATURES, K),
        "MatryoshkaBatchTopKSAE": MatryoshkaBatchTopKSAE(D_IN, FEATURES, K, [4, 8]),
    }


def shaken(module: torch.nn.Module) -> None:
    """Random numbers in every parameter; thresholds where they let some of the values through."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            small = parameter.ndim == 1
            parameter.copy_(torch.randn(parameter.shape) * (0.3 if small else 1.0))
            if name == "threshold":
                parameter.copy_(THRESHOLD + torch.rand(parameter.shape))
        if "threshold" in dict(module.named_buffers()):
            module.get_buffer("threshold").fill_(THRESHOLD)


def write_dictionary_learning(folder: Path, x: torch.Tensor) -> None:
    """A folder for each class, as `trainSAE` leaves it: `ae.pt` and `config.json`; expected values of `load_dictionary`."""
    from dictionary_learning.utils import load_dictionary

    for name, module in dictionaries().items():
        shaken(module)
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        torch.save({key: value.cpu() for key, value in module.state_dict().items()}, place / "ae.pt")
        trainer = {
            "dict_class": name,
            "activation_dim": D_IN,
            "dict_size": FEATURES,
            "layer": 3,
            "lm_name": "rave",
        }
        if "TopK" in name:
            trainer["k"] = K
        (place / "config.json").write_text(json.dumps({"trainer": trainer}, indent=4))
        loaded, _ = load_dictionary(str(place), "cpu")
        with torch.no_grad():
            features = loaded.encode(x)
            save_expected(place, x, features, loaded.decode(features))


def write_sparsify(folder: Path, x: torch.Tensor) -> None:
    """A folder named by a hookpoint, as `save_to_disk` writes it; expected values of `load_from_disk`."""
    from sparsify import SparseCoder, SparseCoderConfig

    coder = SparseCoder(D_IN, SparseCoderConfig(num_latents=FEATURES, k=K))
    shaken(coder)
    place = folder / "layers.3"
    coder.save_to_disk(place)
    loaded = SparseCoder.load_from_disk(place)
    with torch.no_grad():
        encoded = loaded.encode(x)
        features = torch.zeros(FRAMES, FEATURES).scatter(1, encoded.top_indices, encoded.top_acts)
        save_expected(place, x, features, loaded.decode(encoded.top_acts, encoded.top_indices))


def save_expected(place: Path, x: torch.Tensor, features: torch.Tensor, x_hat: torch.Tensor) -> None:
    """Frames, and what the library makes of them."""
    tensors = {"x": x, "features": features, "x_hat": x_hat}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, place / "expected.safetensors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=["dictionary_learning", "sparsify"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    frames = 2 * torch.randn(FRAMES, D_IN)
    write = write_sparsify if arguments.library == "sparsify" else write_dictionary_learning
    write(arguments.folder / arguments.library, frames)
