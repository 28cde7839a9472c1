"""Runs a script of this folder, and ends it with the place where it hangs if it takes too long.

Usage: watchdog.py SECONDS SCRIPT [ARGUMENT ...]
"""

import faulthandler
import os
import runpy
import sys

seconds, script = float(sys.argv[1]), sys.argv[2]
faulthandler.dump_traceback_later(seconds, exit=True)
sys.argv = sys.argv[2:]
runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), script), run_name="__main__")
