"""A command that does one thing beside the server and ends: how it ends, and what it says when it cannot do it.

The rule: exit codes are what the command returns when it is done; 2 when it cannot be done; 130 after ^C. SIGTERM is
taken like ^C, so that what is being written is taken away before the program ends, whoever ends it.
"""

import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from veche.app.config_file import ConfigError
from veche.phrases import Language, Phrases
from veche.store.directory import explain
from veche.store.postgresql.link import LinkError, RefusedError
from veche.store.refusals import DataDirectoryError
from veche.store.transfer import TransferError

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class CannotError(Exception):
    """What was asked cannot be done; the argument is a phrase's key, the values are the phrase's."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def perform(job: Callable[[], int], say: Phrases, language: Language) -> int:
    """Do it, and return the exit code; what goes wrong is told on stderr.

    `say` knows, beside the keys of the job's own CannotErrors, "failed" with its `detail`, and "interrupted".
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return job()
    except KeyboardInterrupt:
        print("veche: " + say("interrupted"), file=sys.stderr)
        return EXIT_INTERRUPTED
    except CannotError as error:
        text = say(error.key, **error.values)
    except DataDirectoryError as error:
        text = error.text(language)
    except ConfigError as error:
        text = str(error)
    except OSError as error:
        text = explain(Path(error.filename or "?"), error).text(language)
    except (sqlite3.Error, LinkError, RefusedError, TransferError) as error:
        text = say("failed", detail=error)
    finally:
        signal.signal(signal.SIGTERM, before)
    print(f"veche: {text}", file=sys.stderr)
    return EXIT_USAGE
