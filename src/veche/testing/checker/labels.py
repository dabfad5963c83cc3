"""What belongs to which request: the answer under a label, whether it is one line or a batch of them.

Source: labeled-response. "servers MUST attach the `label` tag [...] to the message or to the start of the batch".
"""

from veche.wire.message import Message


class Labels:
    """Puts answers together. Give it every message; it gives a whole answer back when its last line has come."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}  # by the reference of a batch
        self._roots: dict[
            str, list[Message]
        ] = {}  # what has come of an answer, by the reference of its batch

    def take(self, message: Message) -> tuple[str, list[Message]] | None:
        """A label and all of its answer, if this was the last line of one."""
        label = message.tags.get("label", "")
        batch = message.tags.get("batch", "")
        reference = message.params[0] if message.command == "BATCH" and message.params else ""
        if label and reference[:1] == "+":
            self._labels[reference[1:]] = reference[1:]
            self._roots[reference[1:]] = [message]
            return None
        if label:
            return label, [message]
        if batch in self._labels:
            root = self._labels[batch]
            self._roots[root].append(message)
            if reference[:1] == "+":
                self._labels[reference[1:]] = root
            return None
        if reference[:1] == "-" and reference[1:] in self._roots:
            answer = self._roots.pop(reference[1:])
            self._labels = {ref: root for ref, root in self._labels.items() if root != reference[1:]}
            return answer[0].tags["label"], answer[1:]
        return None
