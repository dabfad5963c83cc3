"""The server is killed, everybody comes back and sends again what had no answer: each message is said once.

That needs ids of the senders' own (`veche/once`, docs/ext/once.md), and accounts, by which they are known again.
"""

from veche.wire.message import Message

from .client import Client, Door
from .household import FIRST_PASSWORD, STATE_CAPABILITIES
from .inventory import plain
from .load import Crowd, Writer
from .loads import Observed
from .plan import Plan
from .verdict import Answers

ANSWER_PATIENCE = 10.0


async def again(plan: Plan) -> None:
    """`kill -9` at a random moment under load; all come back and send again, with the same ids, what had no answer."""
    data = plan.work / "data"
    await plan.server.start(data)
    try:
        for number in range(1, plan.rounds + 1):
            crowd = Crowd(plan.room(number), plan.shape, Faithful)
            await crowd.enter(plan.server.port)
            crowd.begin()
            moment = await plan.wait_a_moment()
            await plan.server.kill()
            await crowd.wait_closed(ANSWER_PATIENCE)
            crowd.leave()
            crowd.fall_silent()
            await plan.server.start(data)
            repeated = 0
            for writer in crowd.writers:
                assert isinstance(writer, Faithful)
                repeated += await writer.come_back(plan.server.port)
            await crowd.wait_answered(ANSWER_PATIENCE)
            crowd.leave()
            label = f"killed after {moment * 1000:3.0f} ms, {repeated} sent again"
            await plan.check(crowd.room, label, Observed(crowd.events, None), Answers.ALL)
        await plan.check_lasting()
    finally:
        await plan.server.kill()


class Faithful(Writer):
    """A writer with an account, who gives each message an id of its own and comes back."""

    def __init__(self, nick: str, crowd: Crowd) -> None:
        super().__init__(nick, crowd)
        self._has_come_back = False

    def line(self, label: str) -> str:
        """With an id that is the same when the line is sent again."""
        room = self.crowd.room
        return f"@+veche/id={room[1:]}-{label};{super().line(label)[1:]}"

    async def enter(self, door: Door) -> None:
        """Log in; at the first time, register."""
        client = self.client
        await client.connect(door, STATE_CAPABILITIES)
        word = plain(client.nick, FIRST_PASSWORD)
        answer = await client.ask(f"AUTHENTICATE PLAIN\r\nAUTHENTICATE {word}", "900", "904", "FAIL")
        await client.ask(f"NICK {client.nick}\r\nUSER {client.nick} 0 * :checker\r\nCAP END", "376", "422")
        if answer.command != "900":
            await client.ask(f"REGISTER * * {FIRST_PASSWORD}", "900", "FAIL")

    async def come_back(self, port: int) -> int:
        """Connect anew (he has stayed in the room) and send again what had no answer; returns how much that was."""
        self._has_come_back = True
        self.client = Client(self.client.nick, self.hear)
        await self.enter(port)
        labels = self.open_labels()
        for label in labels:
            self.client.send(self.line(label))
        return len(labels)

    def hear(self, message: Message) -> None:
        """Who has come back hears old messages again, as answers: that is no live feed."""
        if self._has_come_back:
            self.take_answer(message)
        else:
            super().hear(message)
