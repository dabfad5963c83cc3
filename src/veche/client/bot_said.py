"""What a bot's handler is given of a message, and how it answers.

The rule: an answer goes where the message came from, in a bounded number of lines, and what it confirms is on disk
before it is said.
"""

from typing import TYPE_CHECKING

from veche.client.events import MessageReceived

if TYPE_CHECKING:
    from veche.client.bot import Bot


class Said:
    """A message, and for a command its `name` and `argument` (what stands behind it, without spaces around)."""

    __slots__ = ("argument", "bot", "message", "name")

    def __init__(self, bot: "Bot", message: MessageReceived, name: str = "", argument: str = "") -> None:
        self.bot = bot
        self.message = message
        self.name = name
        self.argument = argument

    @property
    def words(self) -> list[str]:
        """The words of the argument."""
        return self.argument.split()

    @property
    def text(self) -> str:
        """The whole text."""
        return self.message.text

    @property
    def sender(self) -> str:
        """The nick of who said it. Nicks change hands: rights belong to accounts."""
        return self.message.sender

    @property
    def account(self) -> str:
        """The sender's account as the server has it; "" for a guest."""
        return self.message.account

    @property
    def room(self) -> str:
        """The room where it was said; "" for a whisper."""
        return "" if self.message.is_private else self.message.conversation

    async def reply(self, text: str, *, notice: bool | None = None) -> None:
        """Answer where it was said, and wait until the server has it. See `Bot.say`; to one conversation a bot gives
        some twenty answers at once and then one every two seconds, and what is more is left out.
        """
        if self.bot.may_answer(self.message.conversation):
            await self.bot.say(self.message.conversation, text, notice=notice)
