# list the recipes
default:
    @just --list

# make the environment: Python 3.11 and everything in uv.lock, the extras too
setup:
    uv sync

# mend what can be mended by a machine: lint, format, the generated pages, the demo's patches
fix:
    uv run ruff check --fix .
    uv run ruff format .
    uv run python docs/generators/generate.py
    uv run python -m export.patches.demo_patches

# lint, format, strict types, the one-way imports, the generated pages and patches being current, the pages' links
check:
    uv run ruff check .
    uv run ruff format --check .
    uv run mypy
    uv run lint-imports
    uv run python docs/generators/generate.py --check
    uv run python -m export.patches.demo_patches --check
    uv run sphinx-build -W --keep-going -q -E -c docs/site . build/site

# the pages as a site, in build/site: it works offline, and a broken link or anchor fails
site:
    uv run sphinx-build -W --keep-going -q -c docs/site . build/site

# build the site, and show it at http://127.0.0.1:8000 until Ctrl-C
site-serve: site
    uv run python -m http.server --bind 127.0.0.1 --directory build/site 8000

# run the tests; arguments go to pytest
test *arguments:
    uv run pytest -n 2 {{arguments}}

# the tests that need no JACK, browser, export or training, each a quarter of a second at most on a quiet core
test-fast *arguments:
    uv run pytest -n 2 -m "not live and not models and not slow" {{arguments}}

# the tests of a folder or file, by its path: those of the nearest folder that has tests: `just test-for training/banks/bank.py`
test-for path *arguments:
    #!/usr/bin/env bash
    set -euo pipefail
    place="{{path}}"
    until [ -e "tests/$place" ]; do place="$(dirname "$place")"; done
    uv run pytest -n 2 "tests/$place" {{arguments}}

# every kind of RAVE through every check of the instrument, SAEs on four processes: minutes
test-models:
    DRAWSTOP_WHOLE_TABLE=1 uv run pytest -n 2 tests/export/instrument/test_any_rave.py tests/export/instrument/test_odd_blocks.py tests/training/models/rave/test_rave_table.py tests/realtime/backends/test_backends.py tests/training/sae/test_distributed.py tests/training/sae/test_train.py tests/realtime/controllers/midi/test_random_gestures.py

# what a block costs: the instrument beside the plain RAVE, and every backend beside TorchScript, in one run each:
# half an hour, of which exporting two RAVEs of full size and compiling take the most
bench:
    uv run python -m bench.instrument
    uv run python -m bench.instrument.separator
    uv run python -m bench.instrument.backends --models demo raspberry v2 --threads 1 2

# a Neutone model of an instrument: delay and difference from `play` at every rate and buffer, and with --model its RAVE what a
# buffer costs beside that, in the SDK's own wrapper: some minutes
bench-plugin *arguments:
    uv run python -m bench.instrument.plugin {{arguments}}

# SAE training: a step beside SAELens's own, the time that both take to explain as much, memory: a quarter of an hour of one core;
# `--quick` is the short form
bench-sae *arguments:
    uv run python -m bench.sae.step {{arguments}}

# how an SAE training's time and memory grow with frames, features and layers: a quarter of an hour of one core and 3 GB of disk;
# `--quick` is the short form
bench-growth *arguments:
    uv run python -m bench.sae.growth {{arguments}}

# what `drawstop plan` forecasts beside what the small job then takes: minutes
bench-plan *arguments:
    uv run python -m bench.sae.forecast {{arguments}}

# an hour of playing on a loaded machine, controllers storming, devices and instruments going and coming:
# does the sound ever stop? Needs jackd and stress-ng; `just endurance --minutes 10` is the short form
endurance *arguments:
    uv run python -m bench.live.endurance {{arguments}}

# the shipped instrument's delay, part by part, at two rates and three device blocks: three minutes, quiet. Needs jackd;
# `--busy` (stress-ng) loads every other core
bench-delay *arguments:
    uv run python -m bench.live.delay {{arguments}}

# the controllers, live under JACK: timing, step, flood or performance, each with a table and limits. Needs jackd
bench-controllers *arguments:
    uv run python -m bench.controllers {{arguments}}

alias bench-controls := bench-controllers

# the demo: sound, picture, table, instrument
demo *arguments:
    uv run drawstop demo {{arguments}}

# render the example recordings and train its RAVE anew (about an hour of one core; resumable);
# needs a C++ compiler, fluidsynth, espeak-ng and the soundfonts that LICENSES.md lists
demo-train *arguments:
    uv run --group recipe python -m training.recipes.rave {{arguments}}

# render the shipped separator's corpus, train the separator and measure its stops (about three hours of one core; resumable);
# needs a C++ compiler, fluidsynth, espeak-ng and the material that training/recipes/separator/corpus/material.py names
shipped-train *arguments:
    uv run --group recipe python -m training.recipes.separator {{arguments}}

# render the diverse set of recordings (1376 of 4 s), train SAEs of the example RAVE on it, and measure what concepts they tell
# (about ten minutes of one core; resumable); needs what demo-train needs
demo-diverse *arguments:
    uv run --group recipe python -m training.recipes.diverse {{arguments}}

# which share of planted directions SAEs of each architecture find: training/demo/planted.json (minutes; resumable)
demo-planted:
    uv run python -m training.recipes.planted.recovery

# guitar music with a male voice: render it, find three stops of the example RAVE (guitar, male voice, female voice), and measure
# them (about an hour of two cores; resumable, but for the finding of the stops); needs what demo-train needs
demo-duet *arguments:
    uv run --group recipe python -m training.recipes.duet {{arguments}}

# the same with the shipped separator: find a stop for men and one for women, and measure (the corpus half an hour of two cores, the
# rest half an hour of one; resumable); arguments: a folder for the run, and training/shipped/duet.json
shipped-duet *arguments:
    uv run --group recipe python -m training.recipes.duet.shipped {{arguments}}

# render recordings, train the demo's small MusicGen and its classifier, find stops and measure them (an hour and a half of one core; the trainings and
# the last measurement resume);
# needs fluidsynth and the soundfonts that LICENSES.md lists
demo-train-musicgen *arguments:
    uv run python -m training.recipes.musicgen {{arguments}}

# SAE files as dictionary_learning and sparsify write them, for the tests of `drawstop import`: each library in an environment of its
# own, minutes; what is in tests/training/sae/files/written was made so
foreign-saes:
    uv run --isolated --no-project --python 3.11 --with dictionary-learning==0.1.0 python bench/sae/foreign_files.py dictionary_learning tests/training/sae/files/written
    SPARSIFY_DISABLE_TRITON=1 uv run --isolated --no-project --python 3.11 --with eai-sparsify==1.3.3 python bench/sae/foreign_files.py sparsify tests/training/sae/files/written

# exports by acids-rave 2.1.21 and 2.2.2, each made in an environment of its own, and what becomes of them here: an hour of one core
old-raves folder:
    for version in 2.1.21 2.2.2; do \
      uv venv -q --clear --python 3.11 {{folder}}/environment-$version && \
      VIRTUAL_ENV={{folder}}/environment-$version uv pip install -q --no-config acids-rave==$version "numpy<2" "setuptools<81" "nn-tilde<1.6" --override bench/instrument/old_raves.txt && \
      {{folder}}/environment-$version/bin/python bench/instrument/old_raves.py {{folder}}/$version; \
    done
    uv run python -m bench.instrument.exports {{folder}}/2.1.21
    uv run python -m bench.instrument.exports {{folder}}/2.2.2
