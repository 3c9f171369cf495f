"""The remote side: one protocol, two dialects."""

import sys

# httpx tries to import a command line of its own, and with it rich and pygments: a tenth of every start. Told
# that it isn't there, httpx does without, as where these aren't installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None is how Python marks such a module
