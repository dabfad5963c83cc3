"""What a bot remembers over a restart: one small JSON file, always whole.

The rule: the file is the old state or the new one, never half of either, whatever moment the machine stops at; and a
file that cannot be read is left alone, because somebody may want to mend it.
"""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

# Bytes of the file. A bot whose state outgrows this wants a database.
MOST_BYTES = 1024 * 1024


class StateError(Exception):
    """The state cannot be read or kept; the text says why."""


class State(dict[str, Any]):
    """A dictionary of what JSON can hold, kept in a file; with the path "" it is kept nowhere.

    Change it as you like and call `save`; a bot does so before each of its answers and after each handler. Raises
    StateError when the file is there and holds no state.
    """

    def __init__(self, path: str | Path = "", *, limit: int = MOST_BYTES) -> None:
        super().__init__()
        self._path = Path(path) if path else None
        self._limit = limit
        self._saved = "{}"
        if self._path is not None:
            self._read(self._path)

    def save(self) -> None:
        """Put it on the disk, if it has changed.

        Raises StateError when it is larger than `limit` bytes, holds what JSON cannot, or the disk does not take it;
        the file is as it was then.
        """
        try:
            text = json.dumps(self, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise StateError(f"the state holds what JSON cannot: {error}") from None
        if text == self._saved:
            return
        data = text.encode(errors="replace")
        if len(data) > self._limit:
            raise StateError(f"the state is larger than {self._limit} bytes")
        if self._path is not None:
            try:
                _write(self._path, data)
            except OSError as error:
                raise StateError(f"{self._path}: {error.strerror or error}") from None
        self._saved = text

    def _read(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                data = file.read(self._limit + 1)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StateError(f"{path}: {error.strerror or error}") from None
        try:
            found = json.loads(data.decode()) if len(data) <= self._limit else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise StateError(f"{path} is not the state of a bot; move it away to begin anew")
        self.update(found)
        self._saved = json.dumps(self, ensure_ascii=False)


def _write(path: Path, data: bytes) -> None:
    """Replace a file in one step: a new file for our eyes only, synced, renamed, and the renaming synced."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
