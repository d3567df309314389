"""Descriptions of instruments for the patches' tests, with the labels that a bake writes."""

from drawstop.instrument_description import InstrumentDescription, MethodDescription, StopDescription

RATIO = 2048
SAMPLE_RATE = 44100


def description(channels: int = 1, stops: int = 2, latents: int = 4) -> InstrumentDescription:
    """An instrument of 1 or 2 channels with `guitar`, `voice` and further stops."""
    slugs = (["guitar", "voice"] + [f"stop_number_{place}" for place in range(3, stops + 1)])[:stops]
    audio = tuple(f"(signal) Channel {channel + 1}" for channel in range(channels))
    latent = tuple(f"(signal) Latent dimension {place + 1}" for place in range(latents))
    knobs = tuple(f"(signal) {slug}: -1 taken away, 0 as played, 1 brought in" for slug in slugs)
    levels = tuple(f"(signal) {slug}: its share of the sound, 0 to 1" for slug in slugs)
    return InstrumentDescription(
        name="organ",
        version="0",
        sample_rate=SAMPLE_RATE,
        channels_in=channels,
        channels_out=channels,
        ratio=RATIO,
        latent_size=latents,
        delay_samples=2000,
        stops=tuple(StopDescription(slug.replace("_", " ").title(), slug, slug) for slug in slugs),
        methods=(
            MethodDescription("forward", audio, 1, audio, 1, 2000),
            MethodDescription("play", audio + knobs, 1, audio, 1, 2000),
            MethodDescription("encode", audio, 1, latent, RATIO, 1200),
            MethodDescription("decode", latent, RATIO, audio, 1, 800),
            MethodDescription("steer", latent + knobs, RATIO, latent, RATIO, 0),
            MethodDescription("listen", audio, 1, levels, RATIO, 1200),
        ),
        model_fingerprint="",
        bank_fingerprint="",
    )
