"""The classic door against a whole engine, without sockets: what visitors read, to the letter."""

from __future__ import annotations

import re

import pytest

from tests.net.visitors import Visitor, lobby_stage, old_visitor, person
from veche.net.classic.speaking import COMMANDS
from veche.phrases import Language
from veche.testing.stage import Stage

CHOOSE = "To everybody: just type. To one of them: /tell NAME TEXT, or /tell NUMBER TEXT. Commands: /help"
ALONE = "Nobody else is here yet. What you say is kept for those who come."
NAME = "one word of letters and digits of one alphabet, a letter first, at most 40 Latin or 20 Russian"
HELP = """A list of available commands:
/tell  Send a private message to somebody (/tell user message)
/list  Display users in chat"""
BY_NUMBER = "Type a number alone to talk to that person from now on."


@pytest.fixture
def stage() -> Stage:
    return lobby_stage()


# ---- arriving


def test_an_old_client_arrives(stage: Stage) -> None:
    ann = Visitor(stage)
    ann.says("ann")
    assert ann.reads() == ["ann has joined the Chat", "Connected to the Server!", ALONE, CHOOSE]


def test_a_newcomer_is_sent_the_people_to_choose_from(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    stage.enter("ivy")
    bob = Visitor(stage)
    bob.types("bob")
    assert bob.reads()[2:] == ["People to talk to:\n  1. ann\n  2. ivy", CHOOSE, BY_NUMBER]
    assert ann.reads() == ["ivy has joined the Chat", "bob has joined the Chat"]


def test_a_newcomer_reads_what_was_said_before_between_greeting_and_list(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    ann.says("ann: early bird")
    stage.pass_time(120)
    ann.says("ann: /me yawns")
    stage.pass_time(1)
    bob = Visitor(stage)
    bob.says("bob")
    assert bob.reads() == [
        "bob has joined the Chat",
        "Connected to the Server!",
        "[12:00] ann: early bird",
        "[12:02] * ann yawns",
        "People to talk to:\n  1. ann",
        CHOOSE,
    ]


def test_talk_that_comes_while_the_old_talk_is_read_waits_for_it_and_comes_once(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    ann.says("ann: old")
    stage.pass_time(90)
    stage.disk.reads_slowly = True
    bob = Visitor(stage)
    bob.says("bob")
    ann.says("ann: new")
    assert bob.reads()[:2] == ["bob has joined the Chat", "Connected to the Server!"]
    stage.disk.read()
    assert bob.reads()[:2] == ["[12:00] ann: old", "ann: new"]


def test_yesterdays_talk_is_dated(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    ann.says("ann: old")
    stage.pass_time(24 * 3600)
    bob = Visitor(stage)
    bob.types("bob")
    assert re.fullmatch(r"\[\d{4}-\d\d-\d\d 12:00\] ann: old", bob.reads()[2])


def test_what_is_said_while_arriving_is_not_lost(stage: Stage) -> None:
    ann = Visitor(stage)
    ann.sends("ann\none\ntwo\n")
    assert ann.reads()[-2:] == ["ann: one", "ann: two"]


def test_russian_people_are_served_in_russian(stage: Stage) -> None:
    person(stage, "Вася")
    anya = Visitor(stage, "ru")
    anya.types("Аня", "/tell Коля привет", "/tell 1 чаю?", "/nick Вася")
    assert anya.reads() == [
        "Аня has joined the Chat",
        "Connected to the Server!",
        "С кем можно поговорить:\n  1. Вася",
        "Всем: просто пишите. Кому-то одному: /tell ИМЯ ТЕКСТ или /tell НОМЕР ТЕКСТ. Команды: /help",
        "Напишите только номер — и дальше вас будет слышать один этот человек.",
        "Сейчас здесь нет никого по имени Коля. /who покажет, кто здесь.",
        "[вы → Вася] чаю?",
        "Имя Вася занято, вы по-прежнему Аня. Попробуйте другое: /nick ИМЯ",
    ]


# ---- names


def test_two_visitors_with_one_name_get_two_names(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    other = Visitor(stage)
    other.says("ann")
    assert other.reads()[:3] == [
        "ann2 has joined the Chat",
        "Connected to the Server!",
        "The name ann is taken, so you are ann2 here. To change it: /nick NAME",
    ]
    ann.reads()
    other.says("ann: hello")
    assert ann.reads() == other.reads() == ["ann2: hello"]


def test_a_name_with_spaces_is_mended_and_still_recognised_in_front_of_lines(stage: Stage) -> None:
    bob = old_visitor(stage, "bob")
    ann = Visitor(stage)
    ann.says("ann lee")
    assert ann.reads()[0] == "ann_lee has joined the Chat"
    ann.says("ann lee: hello")
    ann.says("TELL ann lee bob psst")
    assert bob.reads()[1:] == ["ann_lee: hello", "ann_lee whispers: psst"]


def test_an_old_client_without_a_name_is_a_guest_and_its_first_words_are_not_lost(stage: Stage) -> None:
    ann = Visitor(stage)
    ann.says(": hello")
    assert ann.reads() == [
        "guest-1234 has joined the Chat",
        "Connected to the Server!",
        "You gave no name, so you are guest-1234 here. To change it: /nick NAME",
        ALONE,
        CHOOSE,
        "guest-1234: hello",
    ]


def test_a_person_who_gives_no_name_is_asked_once_more(stage: Stage) -> None:
    ann = Visitor(stage)
    ann.types("")
    assert ann.reads() == ["Please type your name and press Enter."]
    ann.types("")
    assert ann.reads()[0] == "guest-1234 has joined the Chat"


def test_a_reserved_name_is_not_given(stage: Stage) -> None:
    ann = Visitor(stage)
    ann.types("NickServ")
    assert ann.reads()[0] == "NickServ2 has joined the Chat"


def test_changing_the_name(stage: Stage) -> None:
    ann, bob = old_visitor(stage, "ann"), person(stage, "bob")
    ann.reads()
    bob.types("/nick robert", "/nick ann", "/nick two words", "/nick", "hello")
    assert bob.reads() == [
        "You are now called robert",
        "The name ann is taken; you are still robert. Try another one: /nick NAME",
        f'"two words" cannot be a name here ({NAME}); you are still robert.',
        "Write it like this: /nick NAME",
        "robert: hello",
    ]
    assert ann.reads() == ["bob is now called robert", "robert: hello"]
    ann.says("ann: /nick anna")
    ann.says("ann: the old client goes on claiming its first name")
    assert bob.reads() == ["ann is now called anna", "anna: the old client goes on claiming its first name"]


# ---- talking


def test_everybody_reads_a_line_its_sender_included(stage: Stage) -> None:
    ann, bob, ivy = old_visitor(stage, "ann"), person(stage, "bob"), stage.enter("ivy")
    ann.reads(), bob.reads(), ivy.take()
    ann.says("ann: hello")
    bob.types("hi")
    assert ann.reads() == bob.reads() == ["ann: hello", "bob: hi"]
    assert [line.split(" ", 1)[1] for line in ivy.take()] == ["PRIVMSG #lobby :hello", "PRIVMSG #lobby :hi"]


def test_the_name_in_front_is_the_real_one_whatever_is_claimed(stage: Stage) -> None:
    old_visitor(stage, "bob")
    ann = old_visitor(stage, "ann")
    ann.says("bob: I am bob")
    assert ann.reads() == ["ann: bob: I am bob"]


def test_nothing_is_shown_before_it_is_on_disk(stage: Stage) -> None:
    ann, bob = old_visitor(stage, "ann"), old_visitor(stage, "bob")
    ann.reads()
    stage.disk.is_slow = True
    ann.says("ann: hello")
    assert ann.reads() == bob.reads() == []
    stage.disk.hurry()
    assert ann.reads() == bob.reads() == ["ann: hello"]


def test_a_full_disk_is_told(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    stage.disk.is_full = True
    ann.says("ann: hello")
    assert ann.reads() == [
        "Your message could not be stored, so nobody has seen it. Please send it again later."
    ]


def test_a_disk_that_fails_half_way_is_told(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    stage.disk.is_slow = True
    ann.says("ann: hello")
    stage.disk.lose(stored=True)
    assert ann.reads() == [
        "The disk failed while your message was being stored: it may be kept or lost. Look before you repeat it."
    ]


def test_whispers_reach_the_target_alone_and_the_old_sender_sees_nothing(stage: Stage) -> None:
    ann, bob, cid = old_visitor(stage, "ann"), person(stage, "bob"), old_visitor(stage, "cid")
    ann.reads(), bob.reads()
    ann.says("TELL ann bob psst")
    bob.types("/tell ANN back to you", "/msg ann again")
    assert ann.reads() == ["bob whispers: back to you", "bob whispers: again"]
    assert bob.reads() == [
        "ann whispers: psst",
        "You whispered to ann: back to you",
        "You whispered to ann: again",
    ]
    assert cid.reads() == []


def test_a_whisper_to_oneself_comes_once(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    ann.says("TELL ann ann note")
    ann.says("TELL ann ann note")
    assert ann.reads() == ["ann whispers: note", "ann whispers: note"]


def test_irc_users_whisper_too(stage: Stage) -> None:
    ann, ivy = old_visitor(stage, "ann"), stage.enter("ivy")
    ivy.send("PRIVMSG ann :psst", "PRIVMSG ann :\x01ACTION nods\x01", "PRIVMSG ann :\x01VERSION\x01")
    assert ann.reads()[1:] == ["ivy whispers: psst", "ivy whispers: * ivy nods"]
    ann.says("TELL ann ivy hello")
    assert ivy.take()[-1].endswith("PRIVMSG ivy :hello")


def test_a_whisper_to_nobody_is_answered(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    ann.says("TELL ann zed psst")
    ann.says("TELL ann #lobby psst")
    ann.says("TELL ann a,b psst")
    ann.says("TELL ann 7 psst")
    ann.says("TELL ann ")
    ann.says("TELL ann bob")
    assert ann.reads() == [
        "There is nobody called zed here now. /who shows who is here.",
        "There is nobody called #lobby here now. /who shows who is here.",
        "There is nobody called a,b here now. /who shows who is here.",
        "There is no number 7 in your list. /who shows it anew.",
        "Write it like this: /tell NAME TEXT",
        "Write it like this: /tell NAME TEXT",
    ]


def test_list_and_help_are_answered_as_they_were(stage: Stage) -> None:
    person(stage, "Вася")
    ann = old_visitor(stage, "ann")
    ann.says("LIST ")
    ann.says("HELP ")
    assert ann.reads() == [
        "Users in chatroom: ['Вася', 'ann']",
        HELP,
    ]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_help_for_people_has_every_command_in_their_language(stage: Stage, language: Language) -> None:
    ann = Visitor(stage, language)
    ann.types("ann")
    ann.reads()
    ann.types("/help")
    (said,) = ann.reads()
    commands = set(re.findall(r"(?m)^  /([a-z]+)", said))
    assert commands == set(COMMANDS) - {"msg", "exit", "help"}
    assert all(len(line) < 80 for line in said.splitlines())
    # Beside the commands and the account's name nothing is English for who reads Russian.
    assert language == "en" or not re.search(r"(?<![/a-z])[a-z]", said)


def test_a_person_may_say_words_that_are_commands_of_the_old_client(stage: Stage) -> None:
    ann = person(stage, "ann")
    ann.types("HELP me", "TELL me more", "LIST")
    assert ann.reads() == ["ann: HELP me", "ann: TELL me more", "Users in chatroom: ['ann']"]


def test_a_long_text_comes_in_parts_and_whole(stage: Stage) -> None:
    bob = old_visitor(stage, "bob")
    ann = person(stage, "ann")
    bob.reads()
    text = " ".join(["слово"] * 150)
    ann.types(text)
    parts = ann.reads()
    assert len(parts) > 3
    assert " ".join(part.removeprefix("ann: ") for part in parts) == text
    assert bob.reads() == parts


def test_a_text_that_is_far_too_long_is_refused_with_a_word(stage: Stage) -> None:
    ann = person(stage, "ann")
    ann.types("x" * 5000, "still here")
    assert ann.reads() == [
        "That message was longer than 4096 bytes and was not sent. Please say it in parts.",
        "ann: still here",
    ]


def test_actions(stage: Stage) -> None:
    ann, ivy = person(stage, "ann"), stage.enter("ivy")
    ivy.take()
    ann.types("/me waves")
    assert ivy.take()[0].endswith("PRIVMSG #lobby :\x01ACTION waves\x01")
    ivy.send("PRIVMSG #lobby :\x01ACTION nods\x01")
    assert ann.reads()[1:] == ["* ann waves", "* ivy nods"]


def test_escape_sequences_reach_no_visitor(stage: Stage) -> None:
    ann, ivy = person(stage, "ann"), stage.enter("ivy")
    ivy.send("PRIVMSG #lobby :\x1b]0;owned\x07\x1b[2J\x02bold\x02", "TOPIC #lobby :\x1b[31mred")
    ivy.send("PRIVMSG ann :\x1b[5mblink")
    assert ann.reads()[1:] == ["ivy: bold", "ivy has set the topic: red", "ivy whispers: blink"]
    ann.types("arrow\x1b[D keys")
    assert ivy.take()[-1].endswith(":arrow keys")


def test_wrong_letters_are_replaced_and_hinted_at_once(stage: Stage) -> None:
    ann = person(stage, "ann")
    ann.sends("привет\n".encode("cp1251"))
    ann.sends("привет\n".encode("cp1251"))
    hint, *said = ann.reads()
    assert "UTF-8" in hint
    assert said == ["ann: " + "\ufffd" * 6] * 2


def test_slips_are_not_published(stage: Stage) -> None:
    ann = person(stage, "ann")
    ann.types("/mgs bob secret", "//join is a command")
    assert ann.reads() == [
        "There is no command /mgs. /help lists them; to say just that, type //mgs bob secret",
        "ann: /join is a command",
    ]


# ---- choosing whom to talk to


def test_a_number_chooses_whom_to_talk_to(stage: Stage) -> None:
    bob, cid, ann = person(stage, "bob"), person(stage, "cid"), person(stage, "ann")
    bob.reads(), cid.reads()
    ann.types("2", "psst", "/me winks", "/all", "hello", "2")
    assert ann.reads() == [
        "You are talking to cid alone now. To everybody again: /all",
        "You whispered to cid: psst",
        "You whispered to cid: * ann winks",
        "Everybody hears you again.",
        "ann: hello",
        "ann: 2",
    ]
    assert cid.reads() == ["ann whispers: psst", "ann whispers: * ann winks", "ann: hello", "ann: 2"]
    assert bob.reads() == ["ann: hello", "ann: 2"]


def test_an_old_clients_number_is_talk(stage: Stage) -> None:
    bob, ann = old_visitor(stage, "bob"), old_visitor(stage, "ann")
    ann.says("ann: 1")
    ann.says("TELL ann 1 psst")
    assert bob.reads()[1:] == ["ann: 1", "ann whispers: psst"]


def test_numbers_keep_their_meaning_while_people_come_and_go(stage: Stage) -> None:
    bob, cid, ann = person(stage, "bob"), person(stage, "cid"), person(stage, "ann")
    bob.types("/quit")
    cid.types("/nick sid")
    person(stage, "eve")
    ann.reads(), cid.reads()
    ann.types("/tell 2 psst", "/tell 1 psst")
    assert ann.reads() == [
        "You whispered to sid: psst",
        "There is nobody called bob here now. /who shows who is here.",
    ]
    ann.types("/who")
    assert ann.reads() == ["People to talk to:\n  1. sid\n  2. eve"]


def test_whoever_takes_the_name_of_a_partner_hears_nothing(stage: Stage) -> None:
    bob, ann = person(stage, "bob"), person(stage, "ann")
    ann.types("/tell bob", "psst")
    bob.types("/quit")
    thief = person(stage, "bob")
    ann.reads()
    ann.types("a secret", "/me too", "/all hello")
    gone = "bob has gone, so nobody heard that. To see who is here: /who. To talk to everybody: /all"
    assert ann.reads() == [gone, gone, "ann: hello"]
    assert thief.reads() == ["ann: hello"]


def test_who_and_topic_and_away(stage: Stage) -> None:
    bob, ann = person(stage, "bob"), person(stage, "ann")
    bob.types("/away lunch")
    assert bob.reads()[-1] == "You are marked as away. To be back: /away"
    ann.types("/who bob", "/tell bob psst", "/topic", "/topic tea", "/topic", "/join", "/who zed")
    assert ann.reads() == [
        "bob is ~classic@there, bob",
        "bob is away: lunch",
        "You whispered to bob: psst",
        "bob is away: lunch",
        "There is no topic. To set one: /topic TEXT",
        "ann has set the topic: tea",
        "The topic is: tea",
        "You are in the room already.",
        "There is nobody called zed here now. /who shows who is here.",
    ]
    bob.types("/away")
    assert bob.reads()[-1] == "You are no longer marked as away."


# ---- names that belong to accounts

OWNED = (
    "The name ann belongs to somebody's account, so you are ann2 here. "
    "If it is yours: /login PASSWORD. To take another name: /nick NAME"
)


def owned_stage(**settings: object) -> Stage:
    """A server where the name ann is an account's, whose owner is not here."""
    stage = lobby_stage(**settings)  # type: ignore[arg-type]
    ann = stage.enter("ann")
    ann.send("REGISTER * * correct-horse", "QUIT")
    return stage


def test_whoever_asks_for_a_name_that_is_kept_is_told_how_to_log_in_and_has_it_then() -> None:
    stage = owned_stage()
    ann = Visitor(stage)
    ann.types("ann")
    assert OWNED in ann.reads()
    ann.types("/login wrong-horse")
    assert ann.reads() == ["The server says: The account name or the password is wrong"]
    ann.types("/login correct-horse")
    assert ann.reads() == [
        "The server says: You are logged in as ann.",
        "You are now called ann",
        "The server says: You are ann again.",
    ]
    ann.types("it is me")
    assert ann.reads() == ["ann: it is me"]


def test_the_old_client_goes_on_working_and_may_log_in_too() -> None:
    stage = owned_stage()
    ann = Visitor(stage)
    ann.says("ann")
    assert OWNED in ann.reads()
    ann.says("ann: hello")
    assert ann.reads() == ["ann2: hello"]
    ann.says("ann: /login correct-horse")
    assert "You are now called ann" in ann.reads()
    ann.says("ann: hello")
    assert ann.reads() == ["ann: hello"]


def test_a_person_logs_in_to_an_account_that_is_here_already() -> None:
    stage = owned_stage()
    phone = stage.enter("xan")
    phone.send("NS IDENTIFY ann correct-horse", "NICK annie", "JOIN #lobby")
    bob = person(stage, "bob")
    bob.types("/login ann correct-horse")
    heard = bob.reads()
    assert "You are now called annie" in heard
    assert "annie has joined the Chat" in heard
    assert "The server says: You are logged in as ann." in heard
    assert "annie" in stage.engine.world.users_by_key, "it is her name on her other devices, and stays so"
    bob.types("from nc")
    assert bob.reads()[-1] == "annie: from nc"


def test_whose_name_is_taken_by_its_owner_is_told_so() -> None:
    stage = owned_stage(keep_names="off")
    eve = person(stage, "ann")
    eve.reads()
    ann = stage.enter("anna")
    ann.send("NS IDENTIFY ann correct-horse", "NS REGAIN")
    renamed, why = eve.reads()[-3:-1]
    assert renamed == "You are now called Guest-1"
    assert why.startswith(
        "The server says: The name ann belongs to somebody's account, so you are Guest-1 now."
    )
    eve.types("/nick eve")
    assert eve.reads() == ["You are now called eve"]
    stage.settings.keep_names = "strict"
    eve.types("/nick ann")
    assert eve.reads() == [
        "The name ann is taken; you are still eve. Try another one: /nick NAME",
    ]
    ann.send("QUIT")
    eve.reads()
    eve.types("/nick ann")
    (told,) = eve.reads()
    assert told.startswith(
        "The name ann belongs to somebody's account; you are still eve. If it is yours: /login ann"
    )
    eve.types("/login")
    assert eve.reads() == ["Write it like this: /login PASSWORD, or /login NAME PASSWORD"]


def test_who_reads_russian_is_told_in_russian() -> None:
    stage = owned_stage(language="ru")
    ann = Visitor(stage, "ru")
    ann.types("ann")
    assert any("Если оно ваше: /login ПАРОЛЬ" in line for line in ann.reads())
    ann.types("/login correct-horse")
    assert "Сервер отвечает: Вы вошли как ann." in ann.reads()


def test_a_name_can_be_kept_from_here_too() -> None:
    stage = lobby_stage()
    bob = person(stage, "bob")
    bob.types("/msg NickServ REGISTER correct-horse")
    assert bob.reads() == [
        "The server says: bob is yours now. Log in with this name and your password on every device."
    ]


def test_where_an_account_is_needed_a_visitor_is_told_once_and_in_plain_words() -> None:
    for language, words in (
        ("en", "Only people with an account"),
        ("ru", "Сюда входят только с учётной записью"),
    ):
        stage = lobby_stage(account_required=True, language=language)
        ann = Visitor(stage, language)  # type: ignore[arg-type]
        ann.types("ann")
        (told,) = ann.reads()
        assert told.startswith(words)
        assert ann.is_closed
