"""The language knows no event loop, no switch, no HTTP and no JavaScript engine."""

import subprocess
import sys

CODE = """
import pkgutil, importlib, sys
import adapter.swml
for info in pkgutil.iter_modules(adapter.swml.__path__):
    importlib.import_module(f"adapter.swml.{info.name}")
found = {name.partition(".")[0] for name in sys.modules}
print(*sorted(found & {"gevent", "greenlet", "greenswitch", "requests", "urllib3", "falcon",
                       "sqlalchemy", "_quickjs", "quickjs", "subprocess", "structlog"}))
print(*sorted(name for name in sys.modules if name.startswith("adapter.") and
              not name.startswith("adapter.swml")))
"""


def test_what_the_language_imports():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.split() == []
