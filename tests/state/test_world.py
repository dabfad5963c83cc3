"""veche.state.world: users, rooms and what links them."""

from __future__ import annotations

from veche.state.room import Room
from veche.state.user import User
from veche.state.world import World


class Notes:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def joined(self, room: Room, user: User) -> None:
        self.found.append(f"{user.nick} in {room.name}")

    def left(self, room: Room, user: User) -> None:
        self.found.append(f"{user.nick} out of {room.name}, {len(room.members)} left")

    def renamed(self, room: Room, before: str) -> None:
        self.found.append(f"{before} is {room.key}")


def make_user(world: World, nick: str) -> User:
    user = User("u-" + nick, nick, nick.lower(), "~" + nick, "there", nick, 0)
    world.add_user(user)
    return user


def test_a_user_is_known_by_uid_and_nick() -> None:
    world = World()
    ann = make_user(world, "Ann")
    assert world.users["u-Ann"] is world.users_by_key["ann"] is ann
    assert repr(ann) == "<User Ann!~Ann@there>"


def test_a_new_nick_frees_the_old_one() -> None:
    world = World()
    ann = make_user(world, "Ann")
    world.rename_user(ann, "Anna", "anna")
    assert ann.source == "Anna!~Ann@there"
    assert list(world.users_by_key) == ["anna"]
    world.rename_user(ann, "ANNA", "anna")
    assert world.users_by_key["anna"].nick == "ANNA"


def test_a_room_is_there_while_it_has_members() -> None:
    notes = Notes()
    world = World(notes)
    ann, bob = make_user(world, "Ann"), make_user(world, "Bob")
    room = Room("#Tea", "#tea", 5)
    world.add_member(room, ann, "o")
    world.add_member(room, bob, "")
    assert world.rooms["#tea"] is room
    assert list(ann.rooms) == ["#tea"]
    world.remove_member(room, ann)
    assert world.rooms["#tea"] is room
    world.remove_user(bob)
    assert world.rooms == {}
    assert list(world.users) == ["u-Ann"]
    assert notes.found == ["Ann in #Tea", "Bob in #Tea", "Ann out of #Tea, 1 left", "Bob out of #Tea, 0 left"]


def test_peers_are_all_others_in_ones_rooms_once() -> None:
    world = World()
    ann, bob, cid = (make_user(world, nick) for nick in ("Ann", "Bob", "Cid"))
    tea, milk = Room("#tea", "#tea", 0), Room("#milk", "#milk", 0)
    for room, users in ((tea, (ann, bob)), (milk, (ann, bob, cid))):
        for user in users:
            world.add_member(room, user, "")
    assert world.peers(ann) == {"u-Bob", "u-Cid"}
    assert world.peers(cid) == {"u-Ann", "u-Bob"}
    world.remove_user(ann)
    assert world.peers(cid) == {"u-Bob"}


def test_modes_are_counted() -> None:
    world = World()
    ann, bob = make_user(world, "Ann"), make_user(world, "Bob")
    world.set_modes(ann, frozenset("io"))
    world.set_modes(bob, frozenset("i"))
    assert world.mode_counts == {"i": 2, "o": 1}
    world.set_modes(ann, frozenset("o"))
    world.remove_user(bob)
    assert world.mode_counts == {"i": 0, "o": 1}


def test_a_room_takes_members_and_invitations_along_under_its_new_name() -> None:
    notes = Notes()
    world = World(notes)
    ann, bob = make_user(world, "ann"), make_user(world, "bob")
    room = Room("#tea", "#tea", 5)
    for one in (Room("#a", "#a", 1), room, Room("#z", "#z", 1)):
        world.add_member(one, ann, "")
    ann.notes = {"#tea": {"muted": "1"}, "bob": {"pinned": "1"}}
    bob.notes = {"#tea": {"muted": "1"}}
    bob.invitations = {"#Tea": 5, "#tea": 5, "#coffee": 4, "#z": 1}
    notes.found.clear()
    world.rename_room(room, "#Coffee", "#coffee")
    assert list(ann.rooms) == ["#a", "#coffee", "#z"]
    assert ann.notes == {"#coffee": {"muted": "1"}, "bob": {"pinned": "1"}}
    assert bob.notes == {"#tea": {"muted": "1"}}, "to a stranger it is a name"
    assert world.rooms["#coffee"] is room
    assert (room.name, room.key) == ("#Coffee", "#coffee")
    assert "#tea" not in world.rooms
    assert bob.invitations == {"#Tea": 5, "#coffee": 5, "#z": 1}
    world.rename_room(room, "#COFFEE", "#coffee")
    assert room.name == "#COFFEE"
    assert notes.found == ["#tea is #coffee"]


def test_an_invitation_into_an_earlier_room_of_that_name_does_not_follow() -> None:
    world = World()
    ann, bob = make_user(world, "ann"), make_user(world, "bob")
    room = Room("#tea", "#tea", 5)
    world.add_member(room, ann, "")
    bob.invitations = {"#tea": 4}
    world.rename_room(room, "#coffee", "#coffee")
    assert bob.invitations == {"#tea": 4}


def test_a_record_has_the_rooms_name_unless_it_was_renamed() -> None:
    world = World()
    world.conversations["#coffee"] = "#tea"
    assert world.conversation_of("#coffee") == "#tea"
    assert world.conversation_of("#milk") == "#milk"


def test_a_user_is_known_by_his_looks() -> None:
    world = World()
    bill = make_user(world, "Bi1l")
    assert world.users_by_look == {"Bill": bill}
    world.rename_user(bill, "МАХ", "мах")
    assert world.users_by_look == {"MAX": bill}
    world.change_host(bill, "~bill", "elsewhere")
    assert world.users_by_look == {"MAX": bill}
    world.remove_user(bill)
    assert world.users_by_look == {}
