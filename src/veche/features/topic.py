"""TOPIC: what a room is about.

Source: Modern IRC, "TOPIC message", "Protected Topic Mode".
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.pace import Pace
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal, fit
from veche.core.settings import Settings
from veche.state.events import Audience, Fact
from veche.state.room import HELPER_POWER
from veche.state.world import World
from veche.wire import numerics
from veche.wire.lines import cut
from veche.wire.names import fold

# Each new topic goes to a whole room.
CHANGES = Pace("topic", burst=6, seconds=5.0)


class TopicSet(Fact):
    """A room's topic is another one, or none ("")."""

    __slots__ = ("room", "source", "topic")

    def __init__(self, actor: str, source: str, room: str, topic: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.topic = topic


def topic(ask: Ask) -> None:
    """TOPIC <channel> [<topic>]: ask for it, or set it."""
    name = ask.params[0]
    room = ask.world.rooms.get(fold(name))
    # A secret room looks to strangers as one that does not exist.
    if room is None or not room.is_visible_to(ask.user.uid):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
    elif len(ask.params) > 1:
        fact = TopicSet(
            ask.user.uid, ask.user.source, room.name, cut(ask.params[1], ask.settings.topic_length)
        )
        if guard_topic(ask.world, fact) is None and CHANGES.wait(ask):
            ask.reply(numerics.RPL_TRYAGAIN, "TOPIC", "Please wait a while and try again.")
        else:
            ask.commit(fact)
    elif room.topic:
        ask.reply(numerics.RPL_TOPIC, room.name, room.topic)
        # "If RPL_TOPIC is returned to the client sending this command, RPL_TOPICWHOTIME SHOULD also be sent"
        ask.reply(numerics.RPL_TOPICWHOTIME, room.name, room.topic_by, str(room.topic_time))
    else:
        ask.reply(numerics.RPL_NOTOPIC, room.name, "No topic is set")


def guard_topic(world: World, fact: TopicSet) -> Refusal | None:
    """Only members set a topic, and in a room with +t only its operators."""
    room = world.rooms.get(fold(fact.room))
    if room is None or fact.actor not in room.members:
        return Refusal(numerics.ERR_NOTONCHANNEL, fact.room, "You're not on that channel")
    if "t" in room.flags and room.power(fact.actor) < HELPER_POWER:
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, fact.room, "You're not channel operator")
    return None


def apply_topic(world: World, fact: TopicSet) -> Audience:
    """The topic is set."""
    room = world.rooms[fold(fact.room)]
    room.topic = fact.topic
    room.topic_by = fact.source
    room.topic_time = fact.time // 1000
    return Audience(room)


def _saves(world: World, fact: TopicSet) -> list[Fact]:
    return [fact] if world.rooms[fold(fact.room)].is_lasting() else []


def _tokens(settings: Settings) -> dict[str, str]:
    return {"TOPICLEN": str(settings.topic_length)}


feature = Feature(
    "topic",
    commands=[
        Command(
            "TOPIC",
            topic,
            least=1,
            help=Help(
                "<room> [<topic>]",
                "Shows the topic of a room, or sets it; an empty one takes it away. Members may, and "
                "where the room has +t only helpers and higher ranks, unless ChanServ's TOPICLOCK leaves "
                "it to fewer. At most {s.topic_length} bytes.",
                "Показывает тему комнаты или меняет её; пустая снимает. Менять могут участники, а в "
                "комнате с +t только помощники и ранги выше, если TOPICLOCK у ChanServ не оставил это ещё "
                "меньшему числу людей. Не больше {s.topic_length} байт.",
                Family.ROOMS,
            ),
        )
    ],
    facts={
        TopicSet: FactRow(
            guard=guard_topic,
            apply=apply_topic,
            saves=_saves,
            render=lambda fact, view, tags: fit(tags, f":{fact.source} TOPIC {fact.room} :{fact.topic}"),
        )
    },
    tokens=_tokens,
)
