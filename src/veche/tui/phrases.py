"""What the client with windows says, in English and Russian; what both clients say is in `client.plain_phrases`."""

from veche.client.plain_phrases import TABLE as PLAIN
from veche.phrases import Table

TABLE: Table = {
    **PLAIN,
    "new_below": ("new", "новое"),
    # --- arrival ---
    "arrival_title": ("Veche — a chat", "Вече — чат"),
    "field_server": ("Server", "Сервер"),
    "field_name": ("Your name", "Ваше имя"),
    "way_guest": ("as a guest", "как гость"),
    "way_login": ("log in to my account", "войти в учётную запись"),
    "way_register": ("make an account", "завести учётную запись"),
    "field_password": ("Password", "Пароль"),
    "field_again": ("The same password again", "Тот же пароль ещё раз"),
    "field_email": ("E-mail (may be empty)", "Почта (можно не указывать)"),
    "ask_code": ("{account}: the code that was sent. {text}", "{account}: код, который был отправлен. {text}"),
    "code_later": (
        "The account waits for its code. Log in when you have it, or take another name.",
        "Учётная запись ждёт кода. Войдите, когда он будет, или возьмите другое имя.",
    ),
    "no_windows": (
        "No windows on this terminal ({reason}): plain lines instead, as with --plain.",
        "На этом терминале окон не будет ({reason}): простые строки, как с --plain.",
    ),
    # --- settings ---
    "settings_in": ("{file}: {line}", "{file}: {line}"),
    "settings_line": ("line {line}: {reason}", "строка {line}: {reason}"),
    "settings_unknown": ("there is no setting {name!r}", "нет настройки {name!r}"),
    "settings_value": ("{name} cannot be that", "у {name} не может быть такого значения"),
    "settings_key": ("{name} is no key like Ctrl+K", "{name}: это не клавиша вроде Ctrl+K"),
    "settings_server": (
        "[[servers]] needs address and name, and may have password_file; all are texts",
        "[[servers]]: нужны address и name, может быть password_file; всё — строки",
    ),
    "settings_unread": ("cannot be read ({reason})", "не читается ({reason})"),
    "settings_password": ("There is no password in {file}.", "В {file} нет пароля."),
    "button_enter": ("Come in", "Войти"),
    "connecting": ("Connecting to {server} …", "Связь с {server} …"),
    "bad_address": ("{value!r} is not HOST or HOST:PORT", "{value!r} — не HOST и не HOST:PORT"),
    "name_refused": (
        "That name is taken or not allowed. Take another one, or give its password.",
        "Это имя занято или не подходит. Возьмите другое или введите его пароль.",
    ),
    "yes": ("Yes", "Да"),
    "no": ("No", "Нет"),
    # --- the windows ---
    "conversations": ("Conversations", "Беседы"),
    "people": ("People", "Люди"),
    "the_server": ("server", "сервер"),
    "type_here": ("Write to {where}", "Пишите: {where}"),
    "state_online": ("connected", "на связи"),
    "state_lost": ("connection lost, coming back …", "связь потеряна, возвращаемся …"),
    "state_closed": ("the connection is over", "связь закончена"),
    "still_waiting": ("{n} message on its way|{n} messages on their way",
                      "{n} сообщение в пути|{n} сообщения в пути|{n} сообщений в пути"),
    "usage_connect": (
        "/connect [HOST]   another server; /disconnect leaves this one; Alt+1, Alt+2 … go to one",
        "/connect [АДРЕС]  ещё один сервер; /disconnect — уйти с этого; Alt+1, Alt+2 … — перейти",
    ),
    "no_other_servers": ("There is only this server here.", "Здесь есть только этот сервер."),
    "list_hint": ("Where to? Esc: stay here", "Куда? Esc: остаться здесь"),
    "list_people": ("{n} person|{n} people", "{n} человек|{n} человека|{n} человек"),
    "hit_far": ("That is long ago: fetching all up to it...", "Это было давно: загружаю всё до того места..."),
    "hit_not_here": ("That message could not be fetched.", "Это сообщение не удалось получить."),
    "switch_hint": ("Go to: a room, a person", "Куда: комната или человек"),
    "search_hint": ("Search in {where}", "Искать: {where}"),
    "thread": ("thread", "ветка"),
    "quote_unknown": ("an earlier message", "более раннее сообщение"),
    "taken_back": ("(taken back by {nick}{why})", "(удалено: {nick}{why})"),
    # --- messages ---
    "key_messages": ("Messages", "К сообщениям"),
    "deed_answer": ("Answer", "Ответить"),
    "deed_react": ("React", "Реакция"),
    "deed_thread": ("Thread", "Ветка"),
    "deed_edit": ("Edit", "Исправить"),
    "deed_redact": ("Take back", "Удалить"),
    "deed_quoted": ("Go to what it answers", "К тому, на что это ответ"),
    "deed_copy": ("Copy", "Копировать"),
    "deed_person": ("Who is it", "Кто это"),
    "deed_menu": ("All", "Всё"),
    "deed_leave": ("Write", "Писать"),
    "deed_not_here": ("{deed}: not with this message.", "{deed}: не для этого сообщения."),
    "about_answer": ("↳ answer to {nick}:", "↳ ответ {nick}:"),
    "about_edit": ("✎ another wording of:", "✎ исправление:"),
    "about_leave": ("Esc: leave it", "Esc: отменить"),
    "redact_really": ("Take this message back, for everybody?", "Удалить это сообщение у всех?"),
    "react_hint": ("React: an emoji, or a word", "Реакция: эмодзи или слово"),
    "react_back": ("take it back", "убрать"),
    # --- people ---
    "card_account": ("account: {account}", "учётная запись: {account}"),
    "card_write": ("Write to", "Написать"),
    "card_mute": ("Silence in this room", "Лишить слова в этой комнате"),
    "card_kick": ("Put out of this room", "Выгнать из этой комнаты"),
    "card_ban": ("Put out and ban", "Выгнать и не пускать"),
    "card_op": ("Make an operator", "Сделать оператором"),
    "card_unop": ("Operator no more", "Больше не оператор"),
    "card_voice": ("Give a voice", "Дать голос"),
    "card_unvoice": ("Voice no more", "Больше без голоса"),
    "for_10": ("for ten minutes", "на десять минут"),
    "for_60": ("for an hour", "на час"),
    "for_1440": ("for a day", "на сутки"),
    "for_10080": ("for a week", "на неделю"),
    "for_0": ("until it is lifted", "пока не снимут"),
    "ask_reason": ("Why is {nick} put out? (may be empty)", "За что {nick} выгоняют? (можно не писать)"),
    "people_hint": ("People: who is it", "Люди: кто это"),
    # --- keys ---
    "key_switch": ("Go to", "Куда"),
    "key_search": ("Search", "Поиск"),
    "key_help": ("Help", "Помощь"),
    "key_quit": ("Leave", "Выйти"),
    "key_theme": ("Theme", "Цвета"),
    "key_next": ("Next unread", "К новому"),
    "help_title": ("Keys", "Клавиши"),
    "help_keys": (
        ("Enter            send\n"
        "Alt+Enter        a new line  (or Ctrl+J)\n"
        "Tab              complete a name, #room, /command or :emoji\n"
        "Up, Down         what you said before\n"
        "PageUp, PageDown through the messages; older ones are fetched\n"
        "Ctrl+K           go to a room or a person\n"
        "Ctrl+N           the next conversation with news\n"
        "Alt+Up, Alt+Down the conversation above, below\n"
        "Ctrl+F           search, Enter on a hit goes there\n"
        "Shift+Tab        to the messages: arrows choose one, then R answer, A react,\n"
        "                 T thread, E edit, D take back, C copy, P who is it, Enter all\n"
        "F3               the people of the room\n"
        "Esc              leave an answer, an edit, a thread\n"
        "Ctrl+T           light, dark, or without colours\n"
        "F1 or ?          these keys\n"
        "Alt+1, Alt+2 …   another server  (/connect HOST, /disconnect)\n"
        "Ctrl+Q           leave"),
        ("Enter            отправить\n"
        "Alt+Enter        новая строка  (или Ctrl+J)\n"
        "Tab              дополнить имя, #комнату, /команду или :эмодзи\n"
        "Вверх, Вниз      что вы говорили раньше\n"
        "PageUp, PageDown по сообщениям; старые подгружаются\n"
        "Ctrl+K           к комнате или человеку\n"
        "Ctrl+N           к следующей беседе с новым\n"
        "Alt+Вверх, Вниз  к беседе выше, ниже\n"
        "Ctrl+F           поиск; Enter — перейти к найденному\n"
        "Shift+Tab        к сообщениям: стрелки выбирают, затем R ответить, A реакция,\n"
        "                 T ветка, E исправить, D удалить, C копировать, P кто это, Enter всё\n"
        "F3               люди в комнате\n"
        "Esc              оставить ответ, исправление, ветку\n"
        "Ctrl+T           светлое, тёмное или без цветов\n"
        "F1 или ?         эти клавиши\n"
        "Alt+1, Alt+2 …   другой сервер  (/connect АДРЕС, /disconnect)\n"
        "Ctrl+Q           выйти"),
    ),
}  # fmt: skip
