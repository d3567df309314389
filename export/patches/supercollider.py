"""The SuperCollider file of an instrument: nn.ar plays it, with a control per stop, MIDI, OSC and a window of sliders."""

import re

from export.patches.content import OSC_PORT, RAMP_SECONDS, PatchContent
from realtime.controllers.midi.source import CC_CENTRE, SEVEN_BITS

BUFFER = 1024
"""nn.ar's buffer, unless a method's ratio is larger."""
SLIDER = (70, 220)

TEMPLATE = """\
// {name}: an instrument with {count} stops for SuperCollider, made with Drawstop.
// {values}
// It needs nn.ar: https://github.com/elgiano/nn.ar/releases. {hint}
//
// Evaluate the brackets below: Ctrl-Return with the cursor inside. Then
//   ~{variable}[\\set].(\\{first}, -1)                                     moves a stop, and its slider
//   ~{variable}[\\synth].set(\\{first}, -1)                                moves it without
//   ~{variable}[\\modulate].(\\{first}, {{ SinOsc.kr(0.2).range(-1, 0) }})   moves it by a signal
//   ~{variable}[\\modulate].(\\{first})                                    until here
//   ~{variable}[\\synth].set(\\bypass, 1)                                  the model without its stops
//   ~{variable}[\\free].()                                                ends it; so does Ctrl-.
// OSC comes in on the UDP port that the window shows, {port} or the next free one: {address} and one number.
(
var name = \\{key};
var file = "{file}".resolveRelative;
var rate = {rate}, channels = {channels}, buffer = {buffer}, port = {port};
var stops = [ // a name, its least and its largest value, its MIDI control change
{stops}
];
var organ = ();
~{variable} !? {{ |old| old[\\free].() }};
~{variable} = organ;

organ[\\values] = IdentityDictionary.newFrom(stops.collect {{ |stop| [stop[0], 0.0] }}.flatten);
organ[\\sources] = IdentityDictionary.new;

// Whatever isn't one number of a stop that exists moves nothing; NaN equals nothing.
organ[\\set] = {{ |slug, value|
	var stop = stops.detect {{ |each| each[0] == slug }};
	if(stop.notNil and: {{ value.isNumber }} and: {{ value == value }}) {{
		value = value.clip(stop[1], stop[2]).asFloat;
		organ[\\values][slug] = value;
		organ[\\synth] !? {{ |synth| synth.set(slug, value) }};
		{{ organ[\\show] !? {{ |show| show.(slug, value) }} }}.defer;
	}};
}};

organ[\\modulate] = {{ |slug, function|
	organ[\\sources].removeAt(slug) !? {{ |source|
		source[0].free;
		organ[\\synth].set(slug, organ[\\values][slug]); // lets go of the bus
		source[1].free;
	}};
	function !? {{
		var bus = Bus.control(s, 1);
		organ[\\sources][slug] = [function.play(s, bus, 0), bus];
		organ[\\synth].map(slug, bus);
	}};
}};

organ[\\free] = {{
	stops.do {{ |stop|
		OSCdef((name ++ "_" ++ stop[0]).asSymbol).free;
		MIDIdef((name ++ "_" ++ stop[0]).asSymbol).free;
	}};
	organ[\\sources].keys.copy.do {{ |slug| organ[\\modulate].(slug) }};
	organ[\\synth] !? {{ |synth| synth.free }};
	organ[\\synth] = nil;
	organ[\\port] !? {{ |taken| Library.put(\\drawstop, taken, nil) }};
	organ[\\port] = nil;
	{{ organ[\\window] !? {{ |window| window.onClose_(nil).close }} }}.defer;
}};

CmdPeriod.doOnce {{ // it has freed every synth
	organ[\\synth] = nil;
	organ[\\sources].do {{ |source| source[1].free }}.clear;
	organ[\\free].();
}};

// A port that no other instrument in this SuperCollider listens on.
while {{ Library.at(\\drawstop, port).notNil or: {{ thisProcess.openUDPPort(port).not }} }} {{ port = port + 1 }};
Library.put(\\drawstop, port, name);
organ[\\port] = port;
stops.do {{ |stop|
	OSCdef((name ++ "_" ++ stop[0]).asSymbol, {{ |message|
		if(message.size == 2) {{ organ[\\set].(stop[0], message[1]) }};
	}}, "/{prefix}/" ++ stop[0], recvPort: port);
}};

stops.do {{ |stop|
	stop[3] !? {{
		MIDIdef.cc((name ++ "_" ++ stop[0]).asSymbol, {{ |data|
			var above = data - {centre};
			organ[\\set].(stop[0], if(stop[2] > 0) {{
				above / if(above < 0, {centre}, {above})
			}} {{
				data / {seven} - 1
			}});
		}}, stop[3]);
	}};
}};
try {{ MIDIClient.init(verbose: false); MIDIIn.connectAll }} {{ |error| "%: no MIDI: %".format(name, error.errorString).warn }};

{{
	var sliders = IdentityDictionary.new, numbers = IdentityDictionary.new;
	var window = Window("% - OSC %".format(name, port), Rect(100, 100, max(stops.size * {wide} + 20, 240), {high} + 80));
	window.layout_(HLayout(*stops.collect {{ |stop|
		var spec = ControlSpec(stop[1], stop[2], default: 0);
		var slider = Slider().orientation_(\\vertical).value_(spec.unmap(0)).action_({{ |view|
			organ[\\set].(stop[0], spec.map(view.value))
		}});
		var number = NumberBox().clipLo_(stop[1]).clipHi_(stop[2]).decimals_(2).step_(0.05).value_(0).action_({{ |view|
			organ[\\set].(stop[0], view.value)
		}});
		sliders[stop[0]] = [slider, spec];
		numbers[stop[0]] = number;
		VLayout(StaticText().string_(stop[0]).align_(\\center), slider, number)
	}}));
	organ[\\sliders] = sliders;
	organ[\\show] = {{ |slug, value|
		sliders[slug][0].value_(sliders[slug][1].unmap(value));
		numbers[slug].value_(value);
	}};
	window.onClose_({{ organ[\\free].() }}).front;
	organ[\\window] = window;
}}.defer;

s.waitForBoot {{
	if(s.sampleRate != rate) {{
		"%: set s.options.sampleRate = % and s.reboot; it runs at %".format(name, rate, s.sampleRate).warn;
	}};
	NN.load(name, file);
	SynthDef(name, {{
		var sound = SoundIn.ar((0 .. channels - 1)).asArray;
		var knobs = stops.collect {{ |stop| K2A.ar(NamedControl.kr(stop[0], 0).clip(stop[1], stop[2])) }};
		var switches = [ramp: \\ramp.kr({ramp}), bypass: \\bypass.kr(0), noise: \\noise.kr(1)];
		var played = NN(name, \\play).ar(sound ++ knobs, buffer, warmup: 1, attributes: switches).asArray;
		Out.ar(0, played.wrapExtend(max(2, played.size)));
	}}).add;
	s.sync;
	organ[\\synth] = Synth(name, organ[\\values].asPairs);
	"%: plays; OSC on UDP port %".format(name, port).postln;
}};
)
"""


def supercollider_file(content: PatchContent, model: str) -> str:
    """The text of the `.scd`; `model` is the instrument's path from its folder."""
    description = content.description
    stops = ",\n".join(
        f"\t[\\{stop.slug}, {stop.minimum:g}, {stop.maximum:g}, {content.controller(stop) or 'nil'}]"
        for stop in content.stops
    )
    return TEMPLATE.format(
        name=content.name,
        key=sc_name(content.name),
        variable=sc_name(content.name),
        count=len(content.stops),
        values=f"{content.values_text[0].upper()}{content.values_text[1:]}. {content.midi_text}",
        hint="Start SuperCollider with OMP_NUM_THREADS=1 in its environment.",
        first=content.stops[0].slug,
        port=OSC_PORT,
        address=content.address(content.stops[0]),
        prefix="stop",
        file=model,
        rate=description.sample_rate,
        channels=description.channels_in,
        buffer=max(BUFFER, content.largest_ratio),
        stops=stops,
        centre=CC_CENTRE,
        above=SEVEN_BITS - CC_CENTRE,
        seven=SEVEN_BITS,
        wide=SLIDER[0],
        high=SLIDER[1],
        ramp=f"{RAMP_SECONDS:g}",
    )


def sc_name(name: str) -> str:
    """A name as SuperCollider's variables and symbols take it: letters, digits and _, a small letter first.

    >>> sc_name("My-organ.2"), sc_name("909")
    ('my_organ_2', 'i909')
    """
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    plain = plain[0].lower() + plain[1:]
    return plain if plain[0].isalpha() else f"i{plain}"
