"""Runs one program under one instrumentation: run.py <program> <instrumentation>.

Where to: FANLIGHT_URL, in the experiment EXPERIMENT. The models: FAKELLM_URL. Each run is a process of its own, because
instrumentations patch the same functions.
"""

import importlib
import sys

from instrument import instrument

program, instrumentation = sys.argv[1:]
finish = instrument(program, instrumentation)
importlib.import_module(program).run()
finish()
