"""Processes that must not outlive whoever started them, however that one ends: `kill -9` of a test run included.

    subprocess.Popen([*until_we_end(), sys.executable, "-m", "veche.app.server"])

The rule: what is started ends with the *thread* that started it (prctl(2), PR_SET_PDEATHSIG: "the 'parent' in this case
is considered to be the thread that created this process"), so that has to be one that lives as long as it is needed.
Linux alone has this; elsewhere the words are none, and an orderly end is all there is.
"""

import functools
import shutil
import signal
import sys


@functools.cache
def until_we_end(which: signal.Signals = signal.SIGKILL) -> tuple[str, ...]:
    """What to put before a command, so that the process gets a signal when its starter ends; nothing if it cannot be.

    The process id stays: setpriv(1) becomes the command.
    """
    if sys.platform != "linux" or not shutil.which("setpriv"):
        return ()
    return ("setpriv", "--pdeathsig", which.name.removeprefix("SIG"))
