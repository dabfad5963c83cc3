"""What people read at the ssh door."""

TABLE = {
    "password": ("Password of {name}: ", "Пароль учётной записи {name}: "),
    "password_or_guest": (
        "Password of {name} (nothing: come in as a guest): ",
        "Пароль учётной записи {name} (ничего — войти гостем): ",
    ),
    "about_keys": (
        "This name belongs to an account. A key that lets its owner in: /msg NickServ SSHKEY ADD, once inside.",
        "Это имя учётной записи. Ключ, по которому впустят владельца: /msg NickServ SSHKEY ADD, когда войдёте.",
    ),
    "full": (
        "The ssh door is full: {limit} people are in. Try again later.",
        "Дверь ssh занята: внутри уже {limit} человек. Попробуйте позже.",
    ),
    "no_process": (
        "There is no process for you at the moment. Try again later.",
        "Сейчас для вас нет процесса. Попробуйте позже.",
    ),
    "unknown": ("{command}: there is no such command here.", "{command}: такой команды здесь нет."),
    "help": (
        (
            "Without a command you are in the chat. For scripts:\n"
            "  send TARGET             says what comes from standard input, a message each line\n"
            "  tail [-n N] [-f] TARGET shows the last N messages (10); -f: and what comes from now on\n"
            "  help                    this\n"
            "TARGET is a room, like '#lobby', or a nick. Exit codes: 0 done, 1 refused, 2 not understood."
        ),
        (
            "Без команды вы в чате. Для сценариев:\n"
            "  send КУДА               говорит то, что приходит на стандартный ввод: строка — сообщение\n"
            "  tail [-n N] [-f] КУДА   показывает последние N сообщений (10); с -f — и то, что придёт дальше\n"
            "  help                    эта справка\n"
            "КУДА — комната, например '#lobby', или ник. Коды: 0 — сделано, 1 — отказ, 2 — команда не понята."
        ),
    ),
    "bad_number": ("-n wants a number from 1 to {most}", "после -n нужно число от 1 до {most}"),
    "no_target": (
        "say where: a room, like '#lobby', or a nick",
        "скажите куда: комната, например '#lobby', или ник",
    ),
    "not_in": ("not let in: {reason}", "не впускают: {reason}"),
    "refused": ("{target}: {reason}", "{target}: {reason}"),
    "not_told": ("{target}: it is not known whether that arrived", "{target}: неизвестно, дошло ли это"),
    "sent_some": ("{count} of {all} messages were sent", "отправлено сообщений: {count} из {all}"),
    "nothing": ("there was nothing to send", "нечего отправлять"),
    "no_history": ("{target}: the server keeps no history", "{target}: сервер не хранит историю"),
    "fault": (
        "A fault of this program has ended the session; its owner can read of it in the log.",
        "Сессию оборвала ошибка этой программы; её владелец найдёт подробности в журнале.",
    ),
    "memory": (
        "This session needed too much memory and was ended.",
        "Сессии понадобилось слишком много памяти, она завершена.",
    ),
    "ended": ("The connection to the chat has ended: {reason}", "Связь с чатом прервалась: {reason}"),
}
