"""The wrapper that makes an instrument a Neutone model: what the SDK's host side calls, in TorchScript."""

import torch
from neutone_sdk import ContinuousNeutoneParameter, NeutoneParameter, WaveformToWaveformBase
from torch import Tensor

from drawstop.instrument_description import InstrumentDescription
from export.plugin.knobs import PluginKnob
from export.plugin.texts import Texts


class NeutoneInstrument(WaveformToWaveformBase):
    """An instrument's `play`, with knobs from 0 to 1: `value = clamp(2 knob - 1, minimum, maximum)`, sample by sample.

    *wet* mixes in the input, delayed as much as the output: `y + (input - y) (1 - wet)`; at 1 the bits are those of `play`.

    Shape: audio `[channels, samples]`, samples a multiple of the instrument's ratio; knobs `[4, samples]`.
    """

    # TorchScript wants the types of lists and dictionaries here, those of the base class too
    neutone_parameters_metadata: dict[str, dict[str, int | float | str | bool | list[str] | list[int]]]
    remapped_params: dict[str, Tensor]
    neutone_parameter_names: list[str]
    model_authors: list[str]
    model_tags: list[str]
    rates: list[int]
    buffers: list[int]
    stop_names: list[str]
    stop_places: list[int]
    stop_limits: list[list[float]]

    def __init__(
        self,
        instrument: torch.jit.ScriptModule,
        description: InstrumentDescription,
        knobs: tuple[PluginKnob, ...],
        texts: Texts,
        buffers: tuple[int, ...],
    ) -> None:
        # The base class's constructor asks for all of these.
        self.model_name: str = texts.name
        self.short_description: str = texts.short
        self.long_description: str = texts.long
        self.technical_description: str = texts.technical
        self.version: str = texts.version
        self.model_authors = list(texts.authors)
        self.model_tags = list(texts.tags)
        self.rates, self.buffers = [description.sample_rate], list(buffers)
        self.knobs = knobs
        self.mono_in: bool = description.channels_in == 1
        self.mono_out: bool = description.channels_out == 1
        super().__init__(instrument, use_debug_mode=True)
        of_stops = [(knob, knob.stop) for knob in knobs if knob.stop is not None]
        self.stop_names = [knob.name for knob, _ in of_stops]
        self.stop_places = [place for _, place in of_stops]
        self.stop_limits = [[knob.minimum, knob.maximum] for knob, _ in of_stops]
        self.n_stops: int = len(description.stops)
        self.delay: int = description.delay_samples
        self.wet_name: str = next((knob.name for knob in knobs if knob.stop is None), "")
        self.channels: int = description.channels_in
        self.dry = torch.zeros(self.channels, self.delay)

    def get_neutone_parameters(self) -> list[NeutoneParameter]:
        return [ContinuousNeutoneParameter(knob.name, knob.description, knob.default) for knob in self.knobs]

    def get_model_name(self) -> str:
        return self.model_name

    def get_model_authors(self) -> list[str]:
        return self.model_authors

    def get_model_short_description(self) -> str:
        return self.short_description

    def get_model_long_description(self) -> str:
        return self.long_description

    def get_technical_description(self) -> str:
        return self.technical_description

    def get_tags(self) -> list[str]:
        return self.model_tags

    def get_model_version(self) -> str:
        return self.version

    def is_experimental(self) -> bool:
        return False

    def is_input_mono(self) -> bool:
        return self.mono_in

    def is_output_mono(self) -> bool:
        return self.mono_out

    def get_native_sample_rates(self) -> list[int]:
        return self.rates

    def get_native_buffer_sizes(self) -> list[int]:
        return self.buffers

    def aggregate_params(self, params: Tensor) -> Tensor:
        """Every sample's value, in place of the SDK's mean over the buffer."""
        return params

    @torch.jit.export
    def calc_model_delay_samples(self) -> int:
        return self.delay

    def reset_model(self) -> bool:
        self.model.set_reset(1)
        self.dry = torch.zeros(self.channels, self.delay)
        return True

    def do_forward_pass(self, x: Tensor, params: dict[str, Tensor]) -> Tensor:
        signals = torch.zeros(self.n_stops, x.shape[1])
        for index, name in enumerate(self.stop_names):
            low, high = self.stop_limits[index]
            signals[self.stop_places[index]] = ((params[name] - 0.5) * 2.0).clamp(low, high)
        played = self.model.play(torch.cat([x, signals]).unsqueeze(0)).squeeze(0)
        if len(self.wet_name) > 0:
            line = torch.cat([self.dry, x], 1)
            self.dry = line[:, x.shape[1] :].clone()
            dry = line[:, : x.shape[1]]
            played = played + (dry - played) * (1.0 - params[self.wet_name])
        return played
