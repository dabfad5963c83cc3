"""What HELP tells of the modes of rooms, and of the masks that a list takes beside nick!user@host.

Which letters there are is said in state/room.py and state/masks.py; a test holds these tables to them.
"""

from veche.core.help import Help, Topic

CMODES = Topic(
    (
        "Room modes, MODE <room> +<letters> and -<letters>; they need rank o, where nothing else is said",
        "Режимы комнаты, MODE <комната> +<буквы> и -<буквы>; нужен ранг o, если не сказано иное",
    ),
    {
        "+q": Help(
            "<nick>",
            "Founder, the highest rank (~). Founders alone give and take the ranks q and a.",
            "Основатель, высший ранг (~). Ранги q и a дают и снимают только основатели.",
        ),
        "+a": Help(
            "<nick>",
            "Protected (&): operators and helpers can neither kick such a member nor take the rank off.",
            "Защищённый (&): операторы и помощники не могут ни выгнать такого участника, ни снять с него ранг.",
        ),
        "+o": Help(
            "<nick>",
            "Operator of the room (@): sets the modes of the room, but where ChanServ's MODELOCK "
            "leaves them to founders, and gives the ranks o, h and v.",
            "Оператор комнаты (@): ставит режимы комнаты, если MODELOCK у ChanServ не оставил их "
            "основателям, и даёт ранги o, h и v.",
        ),
        "+h": Help(
            "<nick>",
            "Helper (%): keeps the lists of the room, kicks whom no higher rank protects, gives rank v.",
            "Помощник (%): ведёт списки комнаты, выгоняет тех, чей ранг не выше, даёт ранг v.",
        ),
        "+v": Help(
            "<nick>",
            "Voice (+): speaks in a moderated room, and whatever bans there are. A helper can give it.",
            "Голос (+): говорит и в модерируемой комнате, и несмотря на баны. Дать его может и помощник.",
        ),
        "+b": Help(
            "[<mask>]",
            "Bans whom the mask means: such people cannot come in, nor speak without a rank. Helpers "
            "can set it; without a mask it shows the list. At most {s.list_entries} entries.",
            "Бан тем, кому подходит маска: они не могут ни войти, ни говорить без ранга. Ставит и "
            "помощник; без маски показывает список. Записей не больше {s.list_entries}.",
        ),
        "+e": Help(
            "[<mask>]",
            "Exempts from bans whom the mask means. Helpers can set it and, without a mask, read the list.",
            "Освобождает от банов тех, кому подходит маска. Ставит и, без маски, читает список и помощник.",
        ),
        "+I": Help(
            "[<mask>]",
            "Lets in whom the mask means without an invitation (see +i). Helpers can set it and, "
            "without a mask, read the list.",
            "Пускает тех, кому подходит маска, без приглашения (см. +i). Ставит и, без маски, "
            "читает список и помощник.",
        ),
        "+k": Help(
            "<key>",
            "Whoever wants to come in must give this key: JOIN <room> <key>. To take it off, the key is not needed.",
            "Чтобы войти, нужно назвать этот ключ: JOIN <комната> <ключ>. Чтобы снять его, знать ключ не нужно.",
        ),
        "+d": Help(
            "<seconds>",
            "Slow: members without a rank say one message in so many seconds.",
            "Медленно: участники без ранга пишут одно сообщение за столько секунд.",
        ),
        "+f": Help(
            "<room>",
            "Forward: whoever cannot come in enters that room instead.",
            "Переадресация: кто не может войти, попадает в названную комнату.",
        ),
        "+l": Help(
            "<number>",
            "Limit: nobody comes in while so many are there.",
            "Предел: пока в комнате столько человек, больше никто не войдёт.",
        ),
        "+C": Help("", "No CTCP but ACTION (/me).", "Никаких CTCP, кроме ACTION (/me)."),
        "+M": Help(
            "",
            "Of the members, only those with an account or a rank may speak.",
            "Из участников говорят только те, у кого есть учётная запись или ранг.",
        ),
        "+P": Help(
            "",
            "Lasting: the room stays when nobody is in it, and over a restart. Only operators of this "
            "server can set it and take it off.",
            "Постоянная: комната остаётся, когда в ней никого нет, и после перезапуска. Ставят и "
            "снимают только операторы этого сервера.",
        ),
        "+R": Help(
            "",
            "Only who is logged in to an account may come in.",
            "Войти могут только те, кто вошёл в учётную запись.",
        ),
        "+c": Help("", "No messages with colours.", "Никаких цветных сообщений."),
        "+i": Help(
            "",
            "By invitation only (INVITE, and the list +I). An invitation opens +b, +k, +l and +R, too.",
            "Вход только по приглашению (INVITE и список +I). Приглашение открывает и +b, +k, +l и +R.",
        ),
        "+m": Help(
            "",
            "Moderated: only members with a rank may speak.",
            "Модерируется: говорят только участники с рангом.",
        ),
        "+n": Help(
            "",
            "Nobody speaks into the room from outside.",
            "Снаружи в комнату не пишут.",
        ),
        "+s": Help(
            "",
            "Secret: for whoever is not in the room, it is as though there were none.",
            "Секретная: для тех, кто не в комнате, её словно нет.",
        ),
        "+t": Help(
            "",
            "Only helpers and higher ranks set the topic.",
            "Тему меняют только помощники и ранги выше.",
        ),
        "+u": Help(
            "",
            "Auditorium: members without a rank see only themselves and those who have one.",
            "Аудитория: участники без ранга видят только себя и тех, у кого он есть.",
        ),
    },
)
EXTBANS = Topic(
    (
        "What the lists +b, +e and +I take beside nick!user@host (* is any text, ? any letter)",
        "Что понимают списки +b, +e и +I, кроме nick!user@host (* это любой текст, ? любая буква)",
    ),
    {
        "a:<account>": Help("", "Who is logged in to this account.", "Кто вошёл в эту учётную запись."),
        "r:<real name>": Help(
            "",
            "Who has this real name; ? stands for a space.",
            "У кого такое настоящее имя; вместо пробела пишется ?.",
        ),
        "R:<mask>": Help(
            "",
            "Whom the mask means, of those who are logged in.",
            "Из тех, кто вошёл в учётную запись: кому подходит маска.",
        ),
        "U:<mask>": Help(
            "",
            "Whom the mask means, of those who are not logged in.",
            "Из тех, кто не вошёл в учётную запись: кому подходит маска.",
        ),
        "m:<mask>": Help(
            "",
            "In a ban: may come in and read, but not speak without a rank. The mask may be any of the above.",
            "В бане: можно войти и читать, но не писать без ранга. Маска может быть любой из названных выше.",
        ),
        "t:<minutes>:<mask>": Help(
            "",
            "Ends by itself after so many minutes. The mask may be any of the above.",
            "Кончается само через столько минут. Маска может быть любой из названных выше.",
        ),
    },
)
