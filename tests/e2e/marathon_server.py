"""The simulated Marathon, for tests."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from cluster.marathon import *  # noqa: E402,F401,F403
