"""What visitors of the classic door read, beside the old protocol's own words, which are English and never change.

The rule: a sentence about a failure says what happened and what to do.
"""

from veche.phrases import Table

# ---- the old protocol, to the letter

JOINED = "{nick} has joined the Chat"
LEFT = "{nick} has left the Chat!"
CONNECTED = "Connected to the Server!"
USERS = "Users in chatroom: {names}"
WHISPERS = "{nick} whispers: {text}"
HELP = """A list of available commands:
/tell  Send a private message to somebody (/tell user message)
/list  Display users in chat"""

# ---- the rest

# Names are counted in bytes; people count letters.
_NAME_EN = (
    "one word of letters and digits of one alphabet, a letter first, at most {limit} Latin or {half} Russian"
)
_NAME_RU = (
    "одно слово из букв одного алфавита и цифр, сначала буква, до {limit} латинских или {half} русских букв"
)

TABLE: Table = {
    # Names.
    "name": ("Please type your name and press Enter.", "Напишите своё имя и нажмите Enter."),
    "nameless": (
        "You gave no name, so you are {nick} here. To change it: /nick NAME",
        "Вы не назвались, поэтому здесь вы {nick}. Сменить имя: /nick ИМЯ",
    ),
    "unusable": (
        f'"{{wanted}}" cannot be a name here ({_NAME_EN}), so you are {{nick}}. To change it: /nick NAME',
        f"«{{wanted}}» не может быть именем ({_NAME_RU}), поэтому здесь вы {{nick}}. Сменить имя: /nick ИМЯ",
    ),
    "taken": (
        "The name {wanted} is taken, so you are {nick} here. To change it: /nick NAME",
        "Имя {wanted} занято, поэтому здесь вы {nick}. Сменить имя: /nick ИМЯ",
    ),
    "reserved": (
        (
            "The name {wanted} belongs to somebody's account, so you are {nick} here. "
            "If it is yours: /login PASSWORD. To take another name: /nick NAME"
        ),
        (
            "Имя {wanted} принадлежит чьей-то учётной записи, поэтому здесь вы {nick}. "
            "Если оно ваше: /login ПАРОЛЬ. Взять другое имя: /nick ИМЯ"
        ),
    ),
    "reserved_now": (
        (
            "The name {name} belongs to somebody's account; you are still {nick}. "
            "If it is yours: /login {name} PASSWORD. Or try another one: /nick NAME"
        ),
        (
            "Имя {name} принадлежит чьей-то учётной записи, вы по-прежнему {nick}. "
            "Если оно ваше: /login {name} ПАРОЛЬ. Или попробуйте другое: /nick ИМЯ"
        ),
    ),
    "how_to_login": (
        "Write it like this: /login PASSWORD, or /login NAME PASSWORD",
        "Пишите так: /login ПАРОЛЬ или /login ИМЯ ПАРОЛЬ",
    ),
    "taken_now": (
        "The name {name} is taken; you are still {nick}. Try another one: /nick NAME",
        "Имя {name} занято, вы по-прежнему {nick}. Попробуйте другое: /nick ИМЯ",
    ),
    "unusable_now": (
        f'"{{name}}" cannot be a name here ({_NAME_EN}); you are still {{nick}}.',
        f"«{{name}}» не может быть именем ({_NAME_RU}); вы по-прежнему {{nick}}.",
    ),
    "renamed": ("{old} is now called {nick}", "{old} теперь зовётся {nick}"),
    "you_renamed": ("You are now called {nick}", "Теперь вас зовут {nick}"),
    # Who is there.
    "people": ("People to talk to:", "С кем можно поговорить:"),
    "more_people": (
        "and {n} more: /who|and {n} more: /who",
        "и ещё {n}: /who|и ещё {n}: /who|и ещё {n}: /who",
    ),
    "how_to_choose": (
        "To everybody: just type. To one of them: /tell NAME TEXT, or /tell NUMBER TEXT. Commands: /help",
        "Всем: просто пишите. Кому-то одному: /tell ИМЯ ТЕКСТ или /tell НОМЕР ТЕКСТ. Команды: /help",
    ),
    "number_chooses": (
        "Type a number alone to talk to that person from now on.",
        "Напишите только номер — и дальше вас будет слышать один этот человек.",
    ),
    "nobody_yet": (
        "Nobody else is here yet. What you say is kept for those who come.",
        "Кроме вас, здесь пока никого нет. Сказанное увидят те, кто придёт.",
    ),
    "nobody_online": (
        "Nobody else is here yet. To look again: /who",
        "Кроме вас, здесь пока никого нет. Посмотреть снова: /who",
    ),
    "no_room": (
        "This server has no common room: you can talk to people one by one.",
        "На этом сервере нет общей комнаты: говорить можно с каждым отдельно.",
    ),
    # Whom one talks to.
    "chosen": (
        "You are talking to {name} alone now. To everybody again: /all",
        "Теперь вас слышит только {name}. Снова ко всем: /all",
    ),
    "to_all": ("Everybody hears you again.", "Вас снова слышат все."),
    "partner_gone": (
        "{name} has gone, so nobody heard that. To see who is here: /who. To talk to everybody: /all",
        "{name} уже не здесь, этого никто не услышал. Посмотреть, кто здесь: /who. Говорить со всеми: /all",
    ),
    "you_whispered": ("You whispered to {name}: {text}", "[вы → {name}] {text}"),
    "nobody": (
        "There is nobody called {name} here now. /who shows who is here.",
        "Сейчас здесь нет никого по имени {name}. /who покажет, кто здесь.",
    ),
    "no_number": (
        "There is no number {name} in your list. /who shows it anew.",
        "В вашем списке нет номера {name}. /who покажет его снова.",
    ),
    "is_away": ("{name} is away: {text}", "{name} сейчас не у экрана: {text}"),
    "person": ("{name} is {host}, {text}", "{name}: {host}, {text}"),
    # The room.
    "topic": ("The topic is: {text}", "Тема: {text}"),
    "no_topic": ("There is no topic. To set one: /topic TEXT", "Темы нет. Задать её: /topic ТЕКСТ"),
    "topic_set": ("{nick} has set the topic: {text}", "{nick} меняет тему: {text}"),
    "topic_gone": ("{nick} has removed the topic", "{nick} убирает тему"),
    "kicked": (
        "{nick} has put {name} out of the room: {text}",
        "{name} больше не в комнате, так решил оператор {nick}: {text}",
    ),
    "you_kicked": (
        "{nick} has put you out of the room: {text}. To come back: /join",
        "{nick} выпроваживает вас из комнаты: {text}. Вернуться: /join",
    ),
    "modes": ("{nick} has changed the room's modes: {text}", "{nick} меняет режимы комнаты: {text}"),
    "not_in_room": (
        "You are not in the room, so nobody heard that. To come back: /join",
        "Вы не в комнате, этого никто не услышал. Вернуться: /join",
    ),
    "no_entry": (
        "The room does not let you in now. You can still /tell people, and try again with /join.",
        "Комната вас сейчас не пускает. Можно писать людям через /tell и попробовать ещё раз: /join.",
    ),
    "no_speech": (
        "You may not speak in the room now, so nobody heard that.",
        "Сейчас вам нельзя говорить в комнате, этого никто не услышал.",
    ),
    "no_right": (
        "Only the operators of the room may do that.",
        "Это могут только операторы комнаты.",
    ),
    "no_motd": ("This server has no message of the day.", "На этом сервере нет приветствия."),
    "in_room": ("You are in the room already.", "Вы уже в комнате."),
    "away": ("You are marked as away. To be back: /away", "Отмечено: вас нет на месте. Вернуться: /away"),
    "back": ("You are no longer marked as away.", "Отмечено: вы снова на месте."),
    # Commands.
    "help": (
        """What one can type:
  any text                  say it to everybody, or to whom you have chosen
  /tell NAME TEXT           say it to one person; a number of the list will do
  /tell NAME                talk to that person alone from now on
  /all                      talk to everybody again
  /who                      who is here, with numbers; /who NAME: about one
  /list                     only the names
  /history                  what was said last in the room
  /history NUMBER           so many lines, at most 100
  /history NAME             what was said between you and one person
  /search WORDS             find what was said; "several in a row", beginnings*
  /away TEXT                say that you are away; /away alone: you are back
  /me TEXT                  say what you are doing
  /topic TEXT               set the topic of the room; /topic alone: show it
  /nick NAME                change your name
  /login NAME PASSWORD      log in to your account
  /login PASSWORD           to the account of the name that you asked for
  /join                     come back into the room
  /motd                     the server's message of the day
  /quit                     leave
  //TEXT                    say a text that begins with a slash""",
        """Что можно написать:
  любой текст               сказать всем или тому, кого вы выбрали
  /tell ИМЯ ТЕКСТ           сказать одному; можно и номер из списка
  /tell ИМЯ                 дальше говорить с ним одним
  /all                      снова говорить со всеми
  /who                      кто здесь, с номерами; /who ИМЯ: об одном
  /list                     только имена
  /history                  что говорили последним в комнате
  /history ЧИСЛО            столько строк, не больше 100
  /history ИМЯ              что говорили вы и этот человек друг другу
  /search СЛОВА             найти сказанное; "несколько подряд", начала*
  /away ТЕКСТ               сообщить, что вас нет; просто /away: вы снова здесь
  /me ТЕКСТ                 рассказать, что вы делаете
  /topic ТЕКСТ              задать тему комнаты; просто /topic: показать её
  /nick ИМЯ                 сменить имя
  /login ИМЯ ПАРОЛЬ         войти в свою учётную запись
  /login ПАРОЛЬ             в запись того имени, которым вы назвались
  /join                     вернуться в комнату
  /motd                     приветствие сервера
  /quit                     уйти
  //ТЕКСТ                   сказать то, что начинается с косой черты""",
    ),
    "no_command": (
        "There is no command {name}. /help lists them; to say just that, type //{rest}",
        "Команды {name} нет. Список команд: /help. Чтобы сказать именно это, напишите //{rest}",
    ),
    "how_to_tell": ("Write it like this: /tell NAME TEXT", "Пишите так: /tell ИМЯ ТЕКСТ"),
    "how_to_nick": ("Write it like this: /nick NAME", "Пишите так: /nick ИМЯ"),
    "how_to_me": ("Write it like this: /me TEXT", "Пишите так: /me ТЕКСТ"),
    # What was said before.
    "history": ("What was said last, {name}:", "Сказанное последним, {name}:"),
    "history_empty": (
        "Nothing that was said there is kept: {name}",
        "Ничего из сказанного там не сохранилось: {name}",
    ),
    "no_history": (
        "There is nothing of {name} that you can read.",
        "Для вас здесь нечего прочитать: {name}.",
    ),
    "how_to_history": (
        "Write it like this: /history NUMBER, or /history NAME NUMBER (at most {limit})",
        "Пишите так: /history ЧИСЛО или /history ИМЯ ЧИСЛО (не больше {limit})",
    ),
    "found": ("Found, the newest first:", "Найдено, сначала новое:"),
    "found_nothing": ("Nothing was found.", "Ничего не найдено."),
    "found_part": (
        "There may be more: not everything could be searched.",
        "Возможно, это не всё: просмотреть удалось не весь архив.",
    ),
    "no_words": (
        "There is no word in it that could be searched for.",
        "Здесь нет слова, которое можно искать.",
    ),
    "how_to_search": ("Write it like this: /search WORDS", "Пишите так: /search СЛОВА"),
    "record_away": (
        "What was said cannot be read just now. Please try again in a moment.",
        "Сейчас прочитать сказанное не получается. Попробуйте ещё раз чуть позже.",
    ),
    # What went wrong.
    "too_long": (
        "That message was longer than {limit} bytes and was not sent. Please say it in parts.",
        "Сообщение длиннее {limit} байт и не отправлено. Скажите его по частям.",
    ),
    "not_utf8": (
        "Your program does not send UTF-8, so others see {mark} for some letters. Please switch it to UTF-8.",
        "Ваша программа отправляет не UTF-8, поэтому вместо части букв другие видят {mark}. Переключите её на UTF-8.",
    ),
    "not_stored": (
        "Your message could not be stored, so nobody has seen it. Please send it again later.",
        "Сообщение не удалось записать, и его никто не видел. Отправьте его позже ещё раз.",
    ),
    "perhaps_stored": (
        "The disk failed while your message was being stored: it may be kept or lost. Look before you repeat it.",
        "Диск отказал во время записи: сообщение могло сохраниться или пропасть. Проверьте, прежде чем повторять.",
    ),
    "server_says": ("The server says: {text}", "Сервер отвечает: {text}"),
    "password": (
        "This server wants a password, and this door cannot take one. Please come with an IRC client.",
        "Этот сервер требует пароль, а через эту дверь его не передать. Войдите через клиент IRC.",
    ),
    "account_required": (
        (
            "Only people with an account come in here, and this door cannot ask for its password. "
            "Please come with an IRC client."
        ),
        "Сюда входят только с учётной записью, а через эту дверь её пароль не передать. Войдите через клиент IRC.",
    ),
    # Endings, by the reason that the engine gives.
    "goodbye": ("The server ends the connection: {text}", "Сервер завершает соединение: {text}"),
    "bye": ("Goodbye!", "До свидания!"),
    "Registration timed out": (
        "You did not say your name in time, so the connection is closed. Please come again.",
        "Вы не успели назваться, соединение закрыто. Приходите ещё раз.",
    ),
    "Excess Flood": (
        "You sent more than the chat takes at once, so the connection is closed. Please come again, more slowly.",
        "Вы прислали больше, чем чат принимает сразу, соединение закрыто. Приходите снова и пишите реже.",
    ),
    "Input line too long": (
        "You sent very much text without a line end, so the connection is closed. Nobody has seen that text.",
        "Вы прислали очень много текста без конца строки, соединение закрыто. Этого текста никто не видел.",
    ),
    "Server is going down": (
        "The server is going down. What was said is kept; please come again later.",
        "Сервер останавливается. Всё сказанное сохранено, приходите позже.",
    ),
    "Internal error": (
        "Something went wrong in the server, so the connection is closed. Please come again.",
        "В сервере произошла ошибка, соединение закрыто. Приходите ещё раз.",
    ),
    "The server is full, please try again later": (
        "The server is full. Please try again later.",
        "На сервере нет мест. Попробуйте позже.",
    ),
    "Too many connections from your address": (
        "There are too many connections from your address. Close one of them and come again.",
        "С вашего адреса слишком много соединений. Закройте какое-нибудь и приходите снова.",
    ),
    "You are connecting too often, please wait a few minutes": (
        "You are connecting too often. Please wait a few minutes.",
        "Вы подключаетесь слишком часто. Подождите несколько минут.",
    ),
    "web": (
        "This door is for a chat client, nc or telnet, not for a browser. Try: nc HOST PORT",
        "Эта дверь для клиента чата, nc или telnet, а не для браузера. Попробуйте: nc АДРЕС ПОРТ",
    ),
    "irc": (
        "This door is for nc, telnet and the classic client. IRC clients come in by the IRC port, usually 6667.",
        "Эта дверь для nc, telnet и классического клиента. Клиенты IRC входят через порт IRC, обычно 6667.",
    ),
    "program": (
        "This is a chat for people. Try: nc HOST PORT",
        "Это чат для людей. Попробуйте: nc АДРЕС ПОРТ",
    ),
}
