"""What the plain client says, in English and Russian, and how it words the server's refusals."""

import errno
import os

from veche.client.errors import LoginFailed
from veche.client.events import Refused
from veche.client.link import CLOSED, NO_ANSWER, NO_TLS, NOT_IRC, NOT_TRUSTED, OTHER_CERTIFICATE, SILENT
from veche.client.login import NO_LOGOUT, NO_MECHANISM, NO_SASL, NOT_PROVEN, NOT_SAFE, NOT_UNDERSTOOD
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
        "the server (default: {default}); an IPv6 address as [::1]:6667; with encryption ircs://HOST[:PORT]",
        "сервер (по умолчанию {default}); адрес IPv6 пишется как [::1]:6667; с шифрованием — ircs://HOST[:PORT]",
    ),
    "arg_tls": ("encrypted (TLS), as ircs:// does it", "с шифрованием (TLS), как и ircs://"),
    "arg_fingerprint": (
        "accept the server with this certificate (SHA-256 of it or of its key), and no other",
        "принять сервер с этим сертификатом (SHA-256 его самого или ключа) и никакой другой",
    ),
    "arg_account": (
        "log in to this account; the password is asked for, or taken from {variable}",
        "войти в эту учётную запись; пароль спросят или возьмут из {variable}",
    ),
    "arg_password_file": (
        "take the password from the first line of FILE",
        "взять пароль из первой строки FILE",
    ),
    "bad_fingerprint": (
        "{value!r} is no fingerprint: a SHA-256 has 64 hexadecimal digits",
        "{value!r} — не отпечаток: в SHA-256 64 шестнадцатеричные цифры",
    ),
    "bad_password_file": (
        "there is no password in {value!r} ({reason})",
        "в {value!r} нет пароля ({reason})",
    ),
    "empty_file": ("its first line is empty", "первая строка пуста"),
    "arg_nick": ("the name to talk under", "имя, под которым говорить"),
    "arg_plain": (
        "plain lines, for pipes and screen readers (so it is without a terminal)",
        "простые строки, для конвейеров и программ чтения с экрана (так и без терминала)",
    ),
    "arg_windows": (
        "rooms, people and messages in windows of their own (so it is on a terminal in UTF-8)",
        "комнаты, люди и сообщения в своих окнах (так и на терминале в UTF-8)",
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
    "cannot_connect_so": ("Cannot reach {server} so: {reason}.", "Так с {server} не связаться: {reason}."),
    "not_let_in": ("{server} does not let you in: {reason}", "{server} не впускает: {reason}"),
    "not_irc": (
        "{server} does not seem to speak IRC. It says: {words}",
        "Похоже, {server} — не сервер IRC. Оттуда пришло: {words}",
    ),
    "not_irc_silent": (
        "{server} took the connection but gave no answer in IRC: {reason}.",
        "{server} принимает соединение, но на языке IRC не отвечает: {reason}.",
    ),
    "not_irc_tls": (
        "{server} expects encryption (TLS): python client.py ircs://{server}",
        "{server} ждёт шифрования (TLS): python client.py ircs://{server}",
    ),
    "try_tls": (
        "Perhaps with encryption: python client.py ircs://{server}",
        "Может быть, с шифрованием: python client.py ircs://{server}",
    ),
    "try_without_tls": (
        "Without encryption it is: python client.py {server}",
        "Без шифрования: python client.py {server}",
    ),
    # --- whether it is the right server ---
    "trust_unknown": (
        "{server} has made its certificate itself, so nobody vouches that this is the right server.",
        "Сертификат {server} выпущен им самим: никто не ручается, что это тот самый сервер.",
    ),
    "trust_shown": ("Its fingerprint (SHA-256): {fingerprint}", "Отпечаток (SHA-256): {fingerprint}"),
    "trust_compare": (
        (
            "Compare it with what its owner tells you; on a Veche server's machine it is shown by: "
            "openssl x509 -noout -sha256 -fingerprint -in ~/.local/share/veche/tls/cert.pem"
        ),
        (
            "Сверьте его с тем, что скажет владелец; на машине с сервером «Вече» его покажет: "
            "openssl x509 -noout -sha256 -fingerprint -in ~/.local/share/veche/tls/cert.pem"
        ),
    ),
    "trust_question": (
        "Is it the right one, now and from now on? [y/N] ",
        "Это он — сейчас и впредь? [д/Н] ",
    ),
    "trust_script": (
        "When you have compared it: --fingerprint {fingerprint}",
        "Когда сверите: --fingerprint {fingerprint}",
    ),
    "trust_changed": (
        (
            "{server} is not the server that is known: its key has changed, or somebody stands in between. Nothing was "
            "said to it. If its owner says that the key is new, take the line of {server} out of {file}"
        ),
        (
            "{server} — не тот сервер, что был: сменился ключ или кто-то встал посередине. Ему ничего не сказано. "
            "Если владелец подтвердит, что ключ новый, удалите строку {server} из {file}"
        ),
    ),
    "trust_nothing": (
        "Nobody vouches for {server}, and its certificate could not be looked at.",
        "За {server} никто не ручается, а посмотреть сертификат не удалось.",
    ),
    "trust_not_kept": (
        "This could not be written down in {file} ({reason}); next time you will be asked again.",
        "Записать это в {file} не удалось ({reason}); в следующий раз спросим снова.",
    ),
    # --- accounts ---
    "ask_password": ("Password of {account}: ", "Пароль {account}: "),
    "ask_new_password": ("New password: ", "Новый пароль: "),
    "ask_again": ("Once more: ", "Ещё раз: "),
    "password_differs": (
        "The two were not the same. Nothing was done.",
        "Пароли не совпали. Ничего не сделано.",
    ),
    "no_password": ("Without a password nothing was done.", "Без пароля ничего не сделано."),
    "password_missing": (
        "There is nobody to ask for the password here: put it into VECHE_PASSWORD, or use --password-file",
        "Пароль здесь спросить не у кого: запишите его в VECHE_PASSWORD или укажите --password-file",
    ),
    "login_failed": ("Not logged in: {reason}", "Вход не выполнен: {reason}"),
    "login_hint": (
        "If it is the name of your account, log in: /login ACCOUNT",
        "Если это имя вашей учётной записи, войдите в неё: /login ЗАПИСЬ",
    ),
    "nick_owned": (
        "If it is the name of your account, start with: python client.py --account {nick}",
        "Если это имя вашей учётной записи, запустите: python client.py --account {nick}",
    ),
    "logged_in": ("You are logged in as {account}", "Вы вошли в учётную запись {account}"),
    "logged_out": ("You are logged out", "Вы вышли из учётной записи"),
    "registered": (
        "The account {account} is yours. Next time: python client.py --account {account}",
        "Учётная запись {account} теперь ваша. В следующий раз: python client.py --account {account}",
    ),
    "registered_code": (
        "The account {account} waits for a code: /verify CODE  ({text})",
        "Учётная запись {account} ждёт кода: /verify КОД  ({text})",
    ),
    "not_safe": (
        "Others could read the password: this connection is not encrypted. Come in with: python client.py --tls",
        "Пароль могли бы прочесть другие: соединение не зашифровано. Войдите так: python client.py --tls",
    ),
    "reason_no_sasl": ("this server has no accounts", "на этом сервере нет учётных записей"),
    "reason_no_mechanism": (
        "the server and this client have no way of logging in in common",
        "у сервера и этого клиента нет общего способа входа",
    ),
    "reason_account_required": (
        "this server lets in only those who have an account: python client.py --account NAME",
        "этот сервер впускает только тех, у кого есть учётная запись: python client.py --account ИМЯ",
    ),
    "reason_no_logout": (
        "this server lets nobody log out; come in without --account instead",
        "этот сервер не выпускает из учётной записи; придите заново без --account",
    ),
    "reason_not_proven": (
        "the server could not prove that it knows the password; perhaps it is not the one you mean",
        "сервер не смог доказать, что знает пароль; возможно, это не тот сервер",
    ),
    "reason_not_understood": (
        "the server does not keep to the rules of logging in",
        "сервер не соблюдает правил входа",
    ),
    "reason_wrong_password": (
        "the account name or the password is wrong",
        "неверно имя учётной записи или пароль",
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
    "reason_no_tls": ("there is no encryption (TLS) there", "там нет шифрования (TLS)"),
    "reason_not_trusted": ("nobody vouches for its certificate", "за его сертификат никто не ручается"),
    "reason_other_certificate": (
        "its certificate is not the one that is known",
        "его сертификат — не тот, который известен",
    ),
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
    "edited": (
        "{nick} has edited a message, it reads now: {text}",
        "{nick} правит сообщение, теперь оно такое: {text}",
    ),
    "edited_mark": ("(edited)", "(изменено)"),
    "redacted": ("{nick} has taken back a message", "{nick} отзывает сообщение"),
    "redacted_that": ("{nick} has taken back: {text}", "{nick} отзывает сообщение: {text}"),
    "ctcp": (
        "{nick} asks for {command} (not answered)",
        "{nick} запрашивает {command} (оставлено без ответа)",
    ),
    "is_away": ("{nick} is away: {text}", "{nick} сейчас не у экрана: {text}"),
    "you_away": ("You are marked as away.", "Отмечено: вас нет на месте."),
    "you_back": ("You are no longer marked as away.", "Отмечено: вы снова на месте."),
    "server_says": ("Server: {text}", "Сервер: {text}"),
    # --- what was said ---
    "history_of": ("What was said last in {where}:", "Сказанное последним, {where}:"),
    "history_none": (
        "Nothing that was said in {where} is kept.",
        "Ничего из сказанного не сохранилось: {where}.",
    ),
    "found": ("Found, the newest first:", "Найдено, сначала новое:"),
    "found_none": ("Nothing was found.", "Ничего не найдено."),
    "nothing_to_edit": (
        "You have said nothing here yet that could be edited.",
        "Вы ещё ничего не сказали здесь, что можно исправить.",
    ),
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
    "refused_UNKNOWN_MSGID": ("that message is gone", "этого сообщения больше нет"),
    "refused_EDIT_FORBIDDEN": ("that message is not yours to edit", "это сообщение править не вам"),
    "refused_EDIT_WINDOW_EXPIRED": (
        "that message is too old to be edited",
        "это сообщение слишком старое для правки",
    ),
    "no_editing": ("this server does not edit messages", "этот сервер не даёт править сообщения"),
    "refused_ACCOUNT_EXISTS": (
        "there is an account {name} already; if it is yours: /login {name}",
        "учётная запись {name} уже есть; если она ваша: /login {name}",
    ),
    "refused_ALREADY_AUTHENTICATED": ("you are logged in already", "вы уже вошли в учётную запись"),
    "refused_BAD_ACCOUNT_NAME": ("{name} cannot be an account", "{name} не годится для учётной записи"),
    "refused_INVALID_EMAIL": ("mail cannot be sent to that address", "по этому адресу письмо не отправить"),
    "refused_INVALID_CODE": ("that is not the code", "это не тот код"),
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
    "help_edit": ("let your last message here read otherwise", "исправить своё последнее сообщение здесь"),
    "help_history": ("what was said last here", "что здесь говорили последним"),
    "help_search": ("find what was said; beginnings*", "найти сказанное; начала*"),
    "help_away": (
        "say that you are away; without text: back",
        "отметить, что вас нет; без текста: вернулись",
    ),
    "help_register": ("make an account of your name", "завести учётную запись на своё имя"),
    "help_verify": ("say the code that came by mail", "сообщить код из письма"),
    "help_login": ("log in to your account", "войти в свою учётную запись"),
    "help_logout": ("log out of it", "выйти из учётной записи"),
    "help_help": ("show this help", "показать эту справку"),
    "help_quit": ("leave", "уйти"),
}

# Ends of connections in our words: what the library says, and what systems say most often.
_ENDS = {
    CLOSED: "reason_closed",
    SILENT: "reason_silent",
    NO_ANSWER: "reason_no_answer",
    NOT_IRC: "reason_not_irc",
    NO_TLS: "reason_no_tls",
    NOT_TRUSTED: "reason_not_trusted",
    OTHER_CERTIFICATE: "reason_other_certificate",
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


# Why a login came to nothing, in our words: what the library says, and what servers say when they do not say why.
_LOGINS = {
    NO_SASL: "reason_no_sasl",
    NO_MECHANISM: "reason_no_mechanism",
    NOT_SAFE: "not_safe",
    NO_LOGOUT: "reason_no_logout",
    NOT_PROVEN: "reason_not_proven",
    NOT_UNDERSTOOD: "reason_not_understood",
    "SASL authentication failed": "reason_wrong_password",
    "The account name or the password is wrong": "reason_wrong_password",
}


def reason_of_login(say: Phrases, error: LoginFailed) -> str:
    """Why a login came to nothing, in the reader's language where we have words for it."""
    key = "reason_account_required" if error.code == "ACCOUNT_REQUIRED" else _LOGINS.get(str(error))
    return say(key) if key is not None else plain(str(error)) or say("reason_wrong_password")


def reason_of(say: Phrases, refused: Refused) -> str:
    """A refusal in the reader's language where we have words for it, else in the server's."""
    key = "refused_" + refused.code
    name = plain(refused.context[0]) if refused.context else refused.command
    if key in TABLE and name:
        return say(key, name=name)
    return plain(refused.text) or refused.code
