"""Imported first by scripts in Python: where the dependencies are missing, as in a system's own
Python, the script runs again inside .venv, which `environment` makes."""

import importlib.util
import os
import sys
from pathlib import Path

_ENTER = 'at=$PWD; . "$0"; cd "$at"; exec python "$@"'

if importlib.util.find_spec("cbor2") is None:
    script, *arguments = sys.argv
    command = ("bash", "-c", _ENTER, str(Path(__file__).with_suffix("")))
    os.execvp("bash", (*command, os.path.abspath(script), *arguments))
