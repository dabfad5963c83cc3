"""What a person reads when the data directory cannot be used: what is wrong, and what to do, in two languages."""

from veche.phrases import Language, Phrases, Table

_PHRASES: Table = {
    "cannot_use": (
        "cannot use the data directory {directory}: {path}: {reason}",
        "каталог данных {directory} недоступен: {path}: {reason}",
    ),
    "not_a_directory": (
        "{directory} is not a directory; choose another with --data",
        "{directory} — не каталог; укажите другой через --data",
    ),
    "foreign": (
        (
            "{directory} holds other files ({example}) and nothing of a Veche server, so it was left alone; choose a "
            "new or an empty directory with --data. To use this one all the same, put an empty file veche.toml there"
        ),
        (
            "в каталоге {directory} лежат другие файлы ({example}), а от сервера «Вече» ничего нет, поэтому в нём "
            "ничего не изменено; укажите через --data новый или пустой каталог. Чтобы занять всё же этот, положите "
            "в него пустой файл veche.toml"
        ),
    ),
    "not_regular": (
        "{path} must be an ordinary file, and it is a link or something else; look who put it there and remove it",
        "{path} должен быть обычным файлом, а это ссылка или нечто иное; выясните, откуда он, и уберите его",
    ),
    "locked": (
        (
            "another server{holder} already runs on the data directory {directory}; stop it, or choose another "
            "directory with --data"
        ),
        (
            "в каталоге данных {directory} уже работает другой сервер{holder}; остановите его или укажите другой "
            "каталог через --data"
        ),
    ),
    "busy": (
        "another program keeps {path} locked; end it (a backup? an open sqlite3?) and start again",
        (
            "файл {path} заблокирован другой программой; завершите её (резервное копирование? открытый sqlite3?) "
            "и запустите снова"
        ),
    ),
    "missing": (
        (
            "the database {path} is missing, and {marker} says that there was one. Put it back, or a backup "
            "(server.py db restore FILE). To begin anew without the old messages, remove {marker}"
        ),
        (
            "базы данных {path} нет, а {marker} говорит, что она была. Верните её или резервную копию "
            "(server.py db restore ФАЙЛ). Чтобы начать заново без прежних сообщений, удалите {marker}"
        ),
    ),
    "missing_record": (
        "there is no record at {path}; say where the data is kept with --data",
        "летописи {path} нет; укажите через --data, где хранятся данные",
    ),
    "empty": (
        (
            "the database {path} is empty (zero bytes), though it held messages. Put back a backup "
            "(server.py db restore FILE)"
        ),
        (
            "база данных {path} пуста (ноль байт), хотя в ней были сообщения. Верните резервную копию "
            "(server.py db restore ФАЙЛ)"
        ),
    ),
    "other_file": (
        "{path} is not the database of a Veche server. Move it away and put the right file or a backup there",
        (
            "{path} — не база данных сервера «Вече». Уберите этот файл и положите на его место верный "
            "или резервную копию"
        ),
    ),
    "damaged": (
        (
            "the database {path} is damaged: {detail}. Put back a backup (server.py db restore FILE), or save what "
            "can be read with: sqlite3 {path} .recover"
        ),
        (
            "база данных {path} повреждена: {detail}. Верните резервную копию (server.py db restore ФАЙЛ) или "
            "спасите что читается командой: sqlite3 {path} .recover"
        ),
    ),
    "wal_missing": (
        (
            "{path}-wal is missing, and the server was not stopped properly: the last messages are in that file. "
            "Put it back. If it is lost, or if you have just restored a backup, remove {running} and start again"
        ),
        (
            "нет файла {path}-wal, а сервер не был остановлен как следует: последние сообщения — в этом файле. "
            "Верните его. Если он утрачен или вы только что восстановили резервную копию, удалите {running} "
            "и запустите снова"
        ),
    ),
    "newer": (
        (
            "the database {path} was written by a newer Veche (schema {found}; this one knows schemas up to {known}). "
            "Start Veche {needs} or newer, or restore the backup that the upgrade made"
        ),
        (
            "база данных {path} записана более новой версией «Вече» (схема {found}; эта знает схемы "
            "до {known}). Запустите «Вече» {needs} или новее или восстановите копию, сделанную при обновлении"
        ),
    ),
    "full": (
        "there is no space left for the database {path}: {detail}",
        "для базы данных {path} не осталось места: {detail}",
    ),
    "database_taken": (
        (
            "another server keeps its record in {url}; stop it, or give this one a database of its own with --store. "
            "If its machine has just died, PostgreSQL notices within half a minute: start again then"
        ),
        (
            "в {url} хранит летопись другой сервер; остановите его или дайте этому свою базу данных через --store. "
            "Если его машина только что отказала, PostgreSQL заметит это за полминуты: запустите снова тогда"
        ),
    ),
    "database_encoding": (
        "the database {url} keeps texts as {encoding}; Veche needs one made with: createdb -E UTF8 -T template0 NAME",
        "база данных {url} хранит тексты как {encoding}; нужна такая: createdb -E UTF8 -T template0 ИМЯ",
    ),
    "database_away": (
        "the database {url} cannot be reached: {detail}. Is PostgreSQL running there, and is the address right?",
        "база данных {url} недоступна: {detail}. Работает ли там PostgreSQL и верен ли адрес?",
    ),
    "database_empty": (
        (
            "there is no record in the database {url}, and {marker} says that there has been one. If it is in the data "
            "directory, copy it (server.py db copy --to URL); if the address is wrong, correct it. To begin anew "
            "without the old messages, remove {marker}"
        ),
        (
            "в базе данных {url} нет летописи, а {marker} говорит, что она была. Если она в каталоге данных, "
            "скопируйте её (server.py db copy --to АДРЕС); если адрес неверен, исправьте его. Чтобы начать заново без "
            "прежних сообщений, удалите {marker}"
        ),
    ),
    "database_refuses": (
        "the database {url} refuses: {detail}",
        "база данных {url} отказывает: {detail}",
    ),
    "cannot_open": (
        "cannot open the database {path}: {detail}",
        "не удаётся открыть базу данных {path}: {detail}",
    ),
}


class DataDirectoryError(Exception):
    """The data directory cannot be used; a person must do something first, so the server should end with code 2.

    `key` names the case, for tests and callers; `text` says it in a language, `str` says it in English.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def text(self, language: Language) -> str:
        """What is wrong and what to do, as one sentence or a few, without a line break."""
        return Phrases(_PHRASES, language)(self.key, **self.values)

    def __str__(self) -> str:
        return self.text("en")
