"""What the plain client says, in English and Russian, and how it words the server's refusals."""

import errno
import os

from veche.client.events import Refused
from veche.client.link import CLOSED, NO_ANSWER, NOT_IRC, SILENT
from veche.client.text import plain
from veche.phrases import Phrases, Table

TABLE: Table = {
    # --- the command line ---
    "about": (
        "The Veche chat client. Talks to a Veche server, or to any IRC server.",
        "Клиент чата «Вече». Работает с сервером «Вече» и с любым сервером IRC.",
    ),
    "group_chat": ("settings", "настройки"),
    "group_other": ("other", "прочее"),
    "arg_server": (
        "the server (default: {default}); write an IPv6 address as [::1]:6667",
        "сервер (по умолчанию {default}); адрес IPv6 пишется как [::1]:6667",
    ),
    "arg_nick": ("the name to talk under", "имя, под которым говорить"),
    "arg_plain": (
        "plain lines, for pipes and screen readers (so far the only way)",
        "простые строки, для конвейеров и программ чтения с экрана (пока единственный вид)",
    ),
    "bad_server": ("{value!r} is not HOST or HOST:PORT", "{value!r} — не HOST и не HOST:PORT"),
    # --- coming in ---
    "ask_nick": ("Your name [{default}]: ", "Ваше имя [{default}]: "),
    "nick_taken": ("The name {nick} is taken.", "Имя {nick} занято."),
    "nick_bad": (
        "The server does not accept the name {nick} ({text}).",
        "Сервер не принимает имя {nick} ({text}).",
    ),
    "ask_other_nick": ("Another name [{default}]: ", "Другое имя [{default}]: "),
    "nick_instead": ("Trying the name {nick}.", "Пробуем имя {nick}."),
    "cannot_connect": (
        "Cannot reach {server}: {reason}. Is the server running? Start one with: python server.py",
        "Нет связи с {server}: {reason}. Запущен ли сервер? Запустить: python server.py",
    ),
    "not_let_in": ("{server} does not let you in: {reason}", "{server} не впускает: {reason}"),
    "not_irc": (
        "{server} does not seem to speak IRC. It says: {words}",
        "Похоже, {server} — не сервер IRC. Оттуда пришло: {words}",
    ),
    "not_irc_silent": (
        "{server} took the connection but gave no answer in IRC: {reason}. Perhaps it expects TLS.",
        "{server} принимает соединение, но на языке IRC не отвечает: {reason}. Возможно, там ждут TLS.",
    ),
    "not_irc_tls": (
        "{server} expects TLS, which this client does not speak.",
        "{server} ждёт TLS, а этот клиент работает без него.",
    ),
    "try_irc_port": (
        "The port of IRC without TLS is usually {port}: python client.py {server}",
        "Обычный порт IRC без TLS — {port}: python client.py {server}",
    ),
    "welcome": (
        "You are {nick} on {server}. /help shows what you can do.",
        "Вы {nick} на {server}. /help — что можно делать.",
    ),
    "disconnected": (
        "Connection lost ({reason}). Next attempt in {seconds} s.",
        "Связь потеряна ({reason}). Следующая попытка через {seconds} с.",
    ),
    "reason_closed": ("the server closed the connection", "сервер закрыл соединение"),
    "reason_silent": ("the server has fallen silent", "сервер замолчал"),
    "reason_not_irc": ("this is no IRC server", "это не сервер IRC"),
    "reason_no_answer": ("no answer", "нет ответа"),
    "reason_cut": ("the connection was cut", "соединение оборвалось"),
    "reason_refused": ("nobody listens there", "там никто не отвечает"),
    "reason_unreachable": ("there is no route to it", "до этого узла нет маршрута"),
    "reason_unknown_host": ("there is no such host", "нет такого узла"),
    "gave_up": ("Connection lost ({reason}), giving up.", "Связь потеряна ({reason}), попытки прекращены."),
    "back": ("Connected again.", "Связь восстановлена."),
    "offline_prompt": ("(offline) ", "(нет связи) "),
    "missed": (
        "{n} missed message in {where}, see above.|{n} missed messages in {where}, see above.",
        (
            "{n} пропущенное сообщение в {where}, см. выше.|{n} пропущенных сообщения в {where}, см. выше."
            "|{n} пропущенных сообщений в {where}, см. выше."
        ),
    ),
    "gap_open": (
        "What was said in {where} meanwhile could not be fetched in full.",
        "Не всё, что было сказано в {where} за это время, удалось получить.",
    ),
    "dropped": (
        "{n} line was too much and is not shown.|{n} lines were too many and are not shown.",
        "{n} лишняя строка не показана.|{n} лишние строки не показаны.|{n} лишних строк не показано.",
    ),
    "line_dropped": (
        "(a line from the server could not be read)",
        "(строку от сервера не удалось прочитать)",
    ),
    "bye": ("Goodbye.", "До свидания."),
    # --- choosing ---
    "list_rooms": ("Rooms:", "Комнаты:"),
    "list_people": ("People to talk to:", "С кем поговорить:"),
    "list_nobody": ("Nobody else is here yet.", "Здесь пока больше никого нет."),
    "list_more": ("  ... and {n} more|  ... and {n} more", "  ... и ещё {n}|  ... и ещё {n}|  ... и ещё {n}"),
    "list_here": ("(you are here)", "(вы здесь)"),
    "people_count": ("{n} person|{n} people", "{n} человек|{n} человека|{n} человек"),
    "choose": (
        "Talk to (number or name, Enter for {default}): ",
        "С кем говорить (номер или имя, Enter — {default}): ",
    ),
    "choose_first": ("Talk to (number or name): ", "С кем говорить (номер или имя): "),
    "no_such_number": (
        "There is no number {word} in the list; /list shows it again.",
        "Номера {word} в списке нет; /list покажет список снова.",
    ),
    "no_such_name": (
        "Nobody here is called {word}. Type a number or a name from the list, or /list to see it again.",
        "Здесь нет никого с именем {word}. Введите номер или имя из списка; /list покажет его снова.",
    ),
    "now_talking": ("Talking to {where} now.", "Теперь ваш собеседник — {where}."),
    "now_in_room": ("Talking in {where} now.", "Теперь вы говорите в {where}."),
    "nobody_chosen": (
        "To whom? Choose with /to NAME (a number from /list will do), or /join #ROOM.",
        "Кому? Выберите: /to ИМЯ (или номер из /list) либо /join #КОМНАТА.",
    ),
    # --- what happens ---
    "you": ("you", "вы"),
    "to_you": ("you", "вам"),
    "came": ("{nick} has come into {room}", "{nick} теперь в {room}"),
    "you_came": ("You are in {room}: {people}", "Вы в {room}: {people}"),
    "left": ("{nick} has left {room}", "{nick} больше не в {room}"),
    "you_left": ("You have left {room}", "Вы вышли из {room}"),
    "kicked": ("{by} has put {nick} out of {room}", "{nick} больше не в {room}, так решил оператор {by}"),
    "you_kicked": ("{by} has put you out of {room}", "{by} выставляет вас из {room}"),
    "gone": ("{nick} has gone", "{nick} уходит"),
    "renamed": ("{old} is now {new}", "{old} теперь зовётся {new}"),
    "you_renamed": ("You are now {new}", "Теперь вас зовут {new}"),
    "topic": ("Topic of {room}: {topic}", "Тема {room}: {topic}"),
    "topic_none": ("{room} has no topic", "В {room} тема не задана"),
    "topic_by": ("{by} has set the topic of {room}: {topic}", "{by} меняет тему {room}: {topic}"),
    "topic_cleared": ("{by} has removed the topic of {room}", "{by} убирает тему {room}"),
    "modes": ("{by} has changed the modes of {room}: {words}", "{by} меняет режимы {room}: {words}"),
    "invited": ("{by} invites you to {room}: /join {room}", "{by} приглашает вас в {room}: /join {room}"),
    "ctcp": (
        "{nick} asks for {command} (not answered)",
        "{nick} запрашивает {command} (оставлено без ответа)",
    ),
    "is_away": ("{nick} is away: {text}", "{nick} сейчас не у экрана: {text}"),
    "you_away": ("You are marked as away.", "Отмечено: вас нет на месте."),
    "you_back": ("You are no longer marked as away.", "Отмечено: вы снова на месте."),
    "server_says": ("Server: {text}", "Сервер: {text}"),
    # --- who ---
    "who_away": ("(away)", "(не у экрана)"),
    "who_nobody": ("Nobody.", "Никого."),
    "whois": ("{nick} is {real} ({user}@{host})", "{nick} — это {real} ({user}@{host})"),
    "whois_nick": ("{nick} is {user}@{host}", "{nick} — это {user}@{host}"),
    "whois_rooms": ("  in: {rooms}", "  в комнатах: {rooms}"),
    "whois_idle": ("  silent for {time}", "  молчит {time}"),
    # --- what goes wrong ---
    "not_sent": ("Not sent: {text}  --  {reason}", "Не отправлено: {text}  --  {reason}"),
    "not_done": ("Not done: {reason}", "Не сделано: {reason}"),
    "unknown_outcome": (
        "The connection broke, and it is not known whether this has arrived: {text}",
        "Связь прервалась, и неизвестно, дошло ли это: {text}",
    ),
    "unknown_outcome_ask": (
        "The connection broke, and it is not known whether that was done.",
        "Связь прервалась, и неизвестно, сделано ли это.",
    ),
    "unknown_command": (
        "There is no command /{word}. /help lists them; to send a text that begins with a slash, type //{word}",
        "Нет команды /{word}. /help покажет все; чтобы отправить текст с косой чертой в начале, введите //{word}",
    ),
    "usage": ("Usage: {usage}", "Нужно так: {usage}"),
    "not_in_room": ("This is not a room; choose one with /to.", "Это не комната; выберите комнату: /to."),
    "closed": ("the connection is closed", "соединение закрыто"),
    "refused_401": ("there is nobody called {name}", "нет никого с именем {name}"),
    "refused_403": ("there is no room {name}", "нет комнаты {name}"),
    "refused_404": ("you may not speak in {name} now", "сейчас в {name} говорить нельзя"),
    "refused_405": ("you are in too many rooms", "вы уже в стольких комнатах, в скольких разрешено"),
    "refused_412": ("there is no text", "нет текста"),
    "refused_417": ("it is too long", "слишком длинно"),
    "refused_421": ("the server does not know the command {name}", "сервер не знает команды {name}"),
    "refused_432": ("{name} cannot be a name here", "имя {name} здесь не годится"),
    "refused_433": ("the name {name} is taken", "имя {name} занято"),
    "refused_442": ("you are not in {name}", "вы не в {name}"),
    "refused_471": ("{name} is full", "в {name} нет места"),
    "refused_473": ("{name} is by invitation only", "в {name} входят по приглашению"),
    "refused_474": ("you are banned from {name}", "вам закрыт вход в {name}"),
    "refused_475": ("{name} needs a key: /join {name} KEY", "в {name} нужен ключ: /join {name} КЛЮЧ"),
    "refused_482": ("only operators of {name} may do that", "это могут только операторы {name}"),
    # --- help ---
    "help_head": (
        "Type to talk. Commands (NAME may be a number from /list):",
        "Пишите, чтобы говорить. Команды (ИМЯ может быть номером из /list):",
    ),
    "help_foot": (
        "  //text                send a text that begins with a slash",
        "  //текст               отправить текст с косой чертой в начале",
    ),
    "help_list": ("show rooms and people, numbered", "показать комнаты и людей с номерами"),
    "help_to": ("choose the room or person to talk to", "выбрать, с кем говорить"),
    "help_msg": (
        "send a text to somebody, or choose them",
        "отправить текст кому-то или выбрать собеседника",
    ),
    "help_tell": ("send a text to one person only", "сказать одному человеку"),
    "help_join": ("come into a room, or make it", "войти в комнату или создать её"),
    "help_part": ("leave a room", "выйти из комнаты"),
    "help_nick": ("change your name", "сменить имя"),
    "help_who": ("who is in the room, or who somebody is", "кто в комнате; с именем: кто это"),
    "help_topic": ("show or set the topic of the room", "показать или сменить тему комнаты"),
    "help_me": ("say what you do", "сказать, что вы делаете"),
    "help_away": (
        "say that you are away; without text: back",
        "отметить, что вас нет; без текста: вернулись",
    ),
    "help_help": ("show this help", "показать эту справку"),
    "help_quit": ("leave", "уйти"),
}

# Ends of connections in our words: what the library says, and what systems say most often.
_ENDS = {
    CLOSED: "reason_closed",
    SILENT: "reason_silent",
    NO_ANSWER: "reason_no_answer",
    NOT_IRC: "reason_not_irc",
    os.strerror(errno.ECONNREFUSED): "reason_refused",
    os.strerror(errno.ECONNRESET): "reason_cut",
    os.strerror(errno.EPIPE): "reason_cut",
    os.strerror(errno.EHOSTUNREACH): "reason_unreachable",
    os.strerror(errno.ENETUNREACH): "reason_unreachable",
    "Name or service not known": "reason_unknown_host",
}


def end_of(say: Phrases, reason: str) -> str:
    """Why a connection ended or could not be made, in the reader's language where we have words for it."""
    return say(_ENDS[reason]) if reason in _ENDS else plain(reason)


def reason_of(say: Phrases, refused: Refused) -> str:
    """A refusal in the reader's language where we have words for it, else in the server's."""
    key = "refused_" + refused.code
    name = plain(refused.context[0]) if refused.context else refused.command
    if key in TABLE and name:
        return say(key, name=name)
    return plain(refused.text) or refused.code
