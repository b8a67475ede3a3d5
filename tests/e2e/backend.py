"""The benchmark's backend, for tests."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/load"))

from bench.backend import Backend  # noqa: E402,F401
