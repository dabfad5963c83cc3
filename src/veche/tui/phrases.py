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
    "field_password": ("Password (only with an account)", "Пароль (только с учётной записью)"),
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
    "hit_not_here": ("That message could not be fetched.", "Это сообщение не удалось получить."),
    "switch_hint": ("Go to: a room, a person", "Куда: комната или человек"),
    "search_hint": ("Search in {where}", "Искать: {where}"),
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
        "Ctrl+T           light or dark\n"
        "F1 or ?          these keys\n"
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
        "Ctrl+T           светлое или тёмное\n"
        "F1 или ?         эти клавиши\n"
        "Ctrl+Q           выйти"),
    ),
}  # fmt: skip
