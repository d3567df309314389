"""A tiny random MusicGen in transformers' format: EnCodec, T5, language model and tokenizer, as `save_pretrained` writes them."""

import warnings
from pathlib import Path

import torch

WORDS = ("<pad>", "</s>", "<unk>", "a", "slow", "folk", "song", "guitar", "voice")
CARD, CODEBOOKS, WIDTH, LAYERS = 256, 4, 64, 3


def save_tiny_transformers_musicgen(folder: Path, shard_size: str = "50GB", channels: int = 1) -> Path:
    """A random model's folder.

    Args:
        shard_size: largest file of weights; small enough, there are several and an index.
        channels: 2 writes a config of a stereo model (with a mono model's weights).
    """
    import transformers

    transformers.utils.logging.set_verbosity_error()
    torch.manual_seed(0)
    text = transformers.T5Config(vocab_size=64, d_model=24, d_kv=6, d_ff=32, num_layers=2, num_heads=4)
    codec = transformers.EncodecConfig(
        sampling_rate=4000,
        num_filters=4,
        hidden_size=16,
        codebook_dim=16,
        codebook_size=CARD,
        upsampling_ratios=[5, 4, 4],
        target_bandwidths=[1.6],
        num_lstm_layers=1,
        normalize=False,
    )
    decoder = transformers.MusicgenDecoderConfig(
        vocab_size=CARD,
        hidden_size=WIDTH,
        ffn_dim=4 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_codebooks=CODEBOOKS,
        audio_channels=channels,
        pad_token_id=CARD,
        bos_token_id=CARD,
        dropout=0.0,
        activation_dropout=0.0,
    )
    config = transformers.MusicgenConfig(
        text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = transformers.MusicgenForConditionalGeneration(config).eval()
        for weight in model.decoder.parameters():
            if weight.ndim > 1:  # as they are drawn, a greedy model says the same token for ever
                torch.nn.init.normal_(weight, std=0.1)
        start = {"decoder_start_token_id": CARD, "pad_token_id": CARD, "bos_token_id": CARD}
        model.generation_config.update(max_length=1000, **start)
        model.save_pretrained(folder, max_shard_size=shard_size)
    _tokenizer().save_pretrained(folder)
    return folder


def _tokenizer():  # type: ignore[no-untyped-def]
    """A word for each of `WORDS`, and T5's end."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
