"""Several whole servers that share one order, in one process: a `core.turns.Turns` in memory, and stages for its nodes.

    cluster = Cluster(3)
    ann = cluster.nodes[0].enter("ann")
    bob = cluster.nodes[1].enter("bob")
    ann.send("PRIVMSG bob :hello")
    assert bob.take() == [":ann!~ann@there PRIVMSG bob :hello"]

A test cuts a node off from the record or from the carrier, lets it die, and looks whether all worlds are one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from functools import partial

from veche.core.ports import Row, Sent, StoreError
from veche.core.settings import Settings
from veche.core.shared import SharedLog
from veche.core.sheets import CAME, write_notices
from veche.core.turns import Head, OutOfReach, Pack, Removed, Standing, Turn
from veche.testing.disk import FakeDisk
from veche.testing.stage import Stage, quiet_settings


class FakeOrder:
    """What all nodes see: the turns, who is there, whose turn it is."""

    def __init__(self) -> None:
        self.disk = FakeDisk()
        self.turns: list[Turn] = []
        self.nodes: dict[int, FakeTurns] = {}
        self.parcels: dict[int, Standing] = {}
        self.holder: FakeTurns | None = None
        self.waiting: deque[FakeTurns] = deque()
        self.ready: deque[Callable[[], None]] = deque()
        self.numbers = 0

    def join(self) -> FakeTurns:
        """Another node comes; it begins when the others have handed it the world (`standing`)."""
        self.numbers += 1
        node = FakeTurns(self, self.numbers)
        if self.nodes:
            seq, time = (self.turns[-1].seq, self.turns[-1].time) if self.turns else self.disk.last()
            # The others are told as of anything that is done in a turn.
            self.turns.append(
                Turn(len(self.turns) + 1, node.number, seq, time, write_notices([(CAME, node.number)]))
            )
            for other in self.nodes.values():
                other.hear(self.turns[-1])
        else:
            self.parcels[node.number] = Standing(node.number, 0, 0, 0)
        self.nodes[node.number] = node
        return node

    def remove(self, number: int) -> None:
        """A node is none of them any more; what it was about to write is not written."""
        gone = self.nodes.pop(number)
        if self.holder is gone:
            self.holder = None
            self.next()

    def next(self) -> None:
        """Give the turn to who has waited longest."""
        while self.holder is None and self.waiting:
            taker = self.waiting.popleft()
            if taker.number in self.nodes:
                self.holder = taker
                self.ready.append(taker.begin)

    def answer(self) -> bool:
        """Give the answers that are due; whether there was any."""
        ready, self.ready = self.ready, deque()
        for callback in ready:
            callback()
        return bool(ready)


class FakeTurns:
    """One node's way to the order. `is_cut`: the record is out of reach. `is_deaf`: nobody tells it anything."""

    def __init__(self, order: FakeOrder, number: int) -> None:
        self.order = order
        self.number = number
        self.is_cut = False
        self.is_deaf = False
        self.log: SharedLog | None = None
        self.heard: list[Turn] = []  # before there was anybody to hear it
        self.told: list[str] = []  # everything that others have told
        self._after = 0
        self._keys: set[int] = set()
        self._since = 0
        self._done: Callable[[Head | Exception], None] | None = None

    @property
    def key(self) -> bytes:
        """That of all nodes."""
        return b"known to all nodes".ljust(32)

    @property
    def standing(self) -> Standing:
        """How this node began."""
        return self.order.parcels[self.number]

    def take(
        self, after: int, done: Callable[[Head | Exception], None], keys: Collection[int] = (), since: int = 0
    ) -> None:
        """Wait for the turn."""
        order = self.order
        if self.number not in order.nodes:
            order.ready.append(lambda: done(Removed("taken for dead")))
        elif self.is_cut:
            order.ready.append(lambda: done(OutOfReach("cut off")))
        else:
            self._after, self._done, self._keys, self._since = after, done, {*keys}, since
            order.waiting.append(self)
            order.next()

    def begin(self) -> None:
        """The turn is ours."""
        order = self.order
        done, self._done = self._done, None
        if done is None:
            raise AssertionError("a turn is asked for once")
        seq, time = (order.turns[-1].seq, order.turns[-1].time) if order.turns else (0, 0)
        said = {
            record.sent: Sent(record.conversation, record.era, record.msgid, record.time)
            for record in order.disk.records
            if record.sent in self._keys and record.time > self._since
        }
        done(Head(len(order.turns), seq, time, self._for_us(self._after), said))

    def put(self, turn: Turn, rows: list[Row], done: Callable[[Exception | None], None]) -> None:
        """Commit."""
        order = self.order
        if order.holder is not self or turn.number != len(order.turns) + 1:
            raise AssertionError(f"turn {turn.number} is not that of node {self.number}")

        def committed(error: StoreError | None) -> None:
            if order.holder is not self:
                return  # it has died
            if error is None:
                order.turns.append(turn)
            order.holder = None
            done(error)
            order.next()

        if self.is_cut:
            order.holder = None
            order.ready.append(lambda: done(OutOfReach("cut off")))
            order.next()
        elif rows:
            order.disk.append(rows, committed)
        else:
            order.ready.append(lambda: committed(None))

    def give_back(self) -> None:
        """Nothing to write."""
        self.order.holder = None
        self.order.next()

    def tell(self, turn: Turn) -> None:
        """To all that hear."""
        for node in self.order.nodes.values():
            if node is not self:
                node.hear(turn)

    def pass_on(self, parts: Mapping[int, str]) -> None:
        """To those it is for, if they hear."""
        for number, body in parts.items():
            node = self.order.nodes.get(number)
            if node is not None and not node.is_deaf and node.log is not None:
                node.told.append(body)
                self.order.ready.append(partial(node.log.hear, body))

    def _for_us(self, after: int) -> list[Turn]:
        return [turn.for_node(self.number) for turn in self.order.turns[after:]]

    def hear(self, turn: Turn) -> None:
        """Somebody tells."""
        if self.is_deaf:
            return
        turn = turn.for_node(self.number)
        self.told.append(turn.body)
        if self.log is None:
            self.heard.append(turn)
        else:
            self.order.ready.append(partial(self.log.receive, turn))

    def fetch(self, after: int, done: Callable[[list[Turn] | Exception], None]) -> None:
        """Read."""
        if self.is_cut:
            self.order.ready.append(lambda: done(OutOfReach("cut off")))
        else:
            self.order.ready.append(lambda: done(self._for_us(after)))

    def hand_over(self, node: int, pack: Pack, number: int, seq: int, time: int) -> None:
        """Give a newcomer the world."""
        self.order.parcels[node] = Standing(node, number, seq, time, [*pack()])


class Node(Stage):
    """A Stage whose turns end when all nodes have done what they can."""

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self.cluster = cluster
        self.is_dead = False
        self.turns = cluster.order.join()
        while self.turns.number not in cluster.order.parcels:
            if not cluster.step():
                raise AssertionError("nobody hands the world over")
        super().__init__(settings, disk=cluster.order.disk, turns=self.turns)
        assert isinstance(self.engine.log, SharedLog)
        self.log: SharedLog = self.engine.log
        self.turns.log = self.log
        for turn in self.turns.heard:
            self.log.receive(turn)

    def turn(self) -> None:
        """Let all nodes do what they can without time passing."""
        self.cluster.run()

    def end_turn(self) -> bool:
        """This node's part; whether it did anything but end its turn."""
        if self.is_dead:
            return False
        self.engine.turn_ends()
        return self.attend()


class Cluster:
    """Nodes that are one."""

    def __init__(self, count: int, settings: Callable[[], Settings] = quiet_settings) -> None:
        self.order = FakeOrder()
        self.settings = settings
        self.nodes: list[Node] = []
        for _ in range(count):
            self.add()

    def add(self) -> Node:
        """Another node comes."""
        node = Node(self, self.settings())
        self.nodes.append(node)
        self.run()
        return node

    def kill(self, node: Node) -> None:
        """A node dies with all its connections; nobody has noticed yet."""
        node.is_dead = True
        self.nodes.remove(node)
        node.turns.is_deaf = True
        self.order.remove(node.turns.number)

    def step(self) -> bool:
        """Everybody's turn ends once, and what is due is answered; whether anything was done."""
        busy = bool(sum(node.end_turn() for node in self.nodes))  # each of them
        busy = self.order.answer() or busy
        return self.order.disk.answer() or busy

    def run(self) -> None:
        """All that can be done without time passing."""
        while self.step():
            pass
        for node in self.nodes:
            for person in node.persons:
                person.listen()
