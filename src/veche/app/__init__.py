"""The top floor: reads the settings, builds everything, and is the only place that knows everyone."""

import os

from veche.app import compiled

# Before anything below is imported: see app/compiled.py.
compiled.use(os.environ.get(compiled.CHOICE, ""))
