"""What `python server.py db` says."""

from veche.phrases import Table

PHRASES: Table = {
    "usage": (
        """usage: server.py db check | migrate | verify [FILE] | backup FILE | restore FILE | copy --to URL [options]

Looks after the record: what was said, and what the server has to know again after a restart.

  check          look at it quickly: does it hold together, how large is it, how much room is left
  verify         read all of it and compare it with its checksums; with FILE, a backup
  migrate        bring it up to this version's schema (a copy is made first); checksums for rows that have none
  backup FILE    write a backup of it, also while the server runs
  restore FILE   put a backup in its place; what was there is put aside
  copy --to URL  copy it to another database: postgresql://..., sqlite (the data directory) or sqlite:DIR

options
  --data DIR     where the record is kept; default {data}
  --config FILE  settings in TOML; default veche.toml in the data directory
  --set SECTION.KEY=VALUE
                 override one key of the config
  --store URL    where the record is, if not in the data directory: postgresql://...
  --force        backup: replace FILE if it is there; copy: put aside what is there

Exit codes: 0 all is well; 1 something is wrong with the record; 2 it could not be done as asked.""",
        """запуск: server.py db check | migrate | verify [ФАЙЛ] | backup ФАЙЛ | restore ФАЙЛ | copy --to URL [параметры]

Ухаживает за летописью: за тем, что было сказано и что сервер должен знать после перезапуска.

  check          быстро осмотреть: цела ли, велика ли, сколько осталось места
  verify         прочитать всю и сверить с контрольными суммами; с именем файла — резервную копию
  migrate        привести к схеме этой версии (сначала делается копия); дать суммы строкам, у которых их нет
  backup ФАЙЛ    записать резервную копию, в том числе на ходу
  restore ФАЙЛ   поставить резервную копию на место летописи; прежняя откладывается в сторону
  copy --to URL  перенести её в другую базу: postgresql://..., sqlite (каталог данных) или sqlite:КАТАЛОГ

параметры
  --data DIR     где хранится летопись; по умолчанию {data}
  --config FILE  настройки в TOML; по умолчанию veche.toml в каталоге данных
  --set SECTION.KEY=VALUE
                 заменить один ключ настроек
  --store URL    где летопись, если не в каталоге данных: postgresql://...
  --force        backup: заменить файл, если он есть; copy: отложить то, что есть, в сторону

Коды возврата: 0 — всё в порядке; 1 — с летописью что-то не так; 2 — сделать, как просили, нельзя.""",
    ),
    "no-command": (
        "say what to do: db check, migrate, verify, backup FILE, restore FILE or copy --to URL; --help explains them",
        "скажите, что делать: db check, migrate, verify, backup ФАЙЛ, restore ФАЙЛ или copy --to URL; --help объяснит",
    ),
    "unknown": (
        "there is no db {command}; there are check, migrate, verify, backup FILE, restore FILE and copy --to URL",
        "нет команды db {command}; есть check, migrate, verify, backup ФАЙЛ, restore ФАЙЛ и copy --to URL",
    ),
    "needs-file": ("db {command} needs the name of a file", "команде db {command} нужно имя файла"),
    "superfluous": ("unexpected argument: {word}", "лишний аргумент: {word}"),
    "failed": (
        "it could not be done: {detail}. Nothing was changed",
        "сделать не удалось: {detail}. Ничего не изменено",
    ),
    "interrupted": (
        "interrupted; nothing is half done, and it can be done again",
        "прервано; наполовину ничего не сделано, можно начать снова",
    ),
    # check
    "record": (
        "record   {path}: {size}, schema {schema} of {known}",
        "летопись {path}: {size}, схема {schema} из {known}",
    ),
    "holds": (
        "holds    {messages}, {conversations}, {facts}; the newest of {newest}",
        "внутри   {messages}, {conversations}, {facts}; последнее — {newest}",
    ),
    "number-of-messages": (
        "{shown} message|{shown} messages",
        "{shown} сообщение|{shown} сообщения|{shown} сообщений",
    ),
    "number-of-conversations": (
        "{shown} conversation|{shown} conversations",
        "{shown} беседа|{shown} беседы|{shown} бесед",
    ),
    "number-of-facts": (
        "{shown} saved fact|{shown} saved facts",
        "{shown} сохранённый факт|{shown} сохранённых факта|{shown} сохранённых фактов",
    ),
    "number-of-rows": (
        "{shown} row|{shown} rows",
        "{shown} строка|{shown} строки|{shown} строк",
    ),
    "empty": ("holds    nothing yet", "внутри   пока ничего"),
    "log": (
        "log      {size} wait to be moved into the database",
        "журнал   {size} ждут переноса в базу",
    ),
    "search": (
        "search   {size}; {indexed} of {blocks} full blocks are indexed",
        "поиск    {size}; в указателе {indexed} из {blocks} полных блоков",
    ),
    "no-search": (
        "search   no index yet; the server makes it when somebody searches",
        "поиск    указателя пока нет; сервер сделает его, когда кто-нибудь станет искать",
    ),
    "disk": ("disk     {free} free", "диск     свободно {free}"),
    "runs": ("server   runs ({pid})", "сервер   работает ({pid})"),
    "rests": ("server   does not run", "сервер   не работает"),
    "older": (
        "note: the schema is older than this version's; the next start brings it up to date, or db migrate",
        "замечание: схема старше этой версии; её обновит следующий запуск или db migrate",
    ),
    "tight": (
        "note: a copy beside the record (before an upgrade) needs {size}, and {free} are free",
        "замечание: копия рядом с летописью (перед обновлением) займёт {size}, а свободно {free}",
    ),
    "full": (
        "the disk is nearly full: {free} are left. Without room messages are refused: make some",
        "диск почти полон: осталось {free}. Без места сообщения не принимаются: освободите его",
    ),
    "problem": ("the database does not hold together: {detail}", "база повреждена: {detail}"),
    "repair": (
        (
            "Run db verify to see what is damaged; put back a backup with db restore, or save what can be read: "
            "sqlite3 {path} .recover"
        ),
        (
            "Что повреждено, покажет db verify; верните резервную копию (db restore) или спасите, что читается: "
            "sqlite3 {path} .recover"
        ),
    ),
    "well": ("all is well", "всё в порядке"),
    # verify
    "structure": ("pages and indexes", "страницы и указатели"),
    "rows": ("messages and facts", "сообщения и факты"),
    "index": ("the search index", "указатель поиска"),
    "old-schema": (
        (
            "{path} has schema {found}, which knows no checksums of this version ({known}): run db migrate first "
            "(with the server stopped), or start the server once"
        ),
        (
            "у {path} схема {found}, в ней нет контрольных сумм этой версии ({known}): сначала выполните db migrate "
            "(при остановленном сервере) или запустите сервер один раз"
        ),
    ),
    "verified": (
        "read: {messages}, {facts}",
        "прочитано: {messages}, {facts}",
    ),
    "unsealed": (
        "{count} of them are from before there were checksums and could not be compared; db migrate gives them theirs",
        "у {count} из них контрольных сумм ещё нет, сверить их не с чем; db migrate даст им суммы",
    ),
    "damaged": ("damaged: {count}", "повреждений: {count}"),
    "more": ("... and {count} more", "... и ещё {count}"),
    "at": (
        "message {msgid} in {room}, of {time} (place {place})",
        "сообщение {msgid} в {room}, {time} (место {place})",
    ),
    "damage-changed": ("{at}: not as it was written", "{at}: не такое, каким было записано"),
    "damage-order": ("{at}: older than one before it", "{at}: старше предыдущего"),
    "damage-unreadable": ("{at}: cannot be read ({detail})", "{at}: не читается ({detail})"),
    "damage-no-room": ("{at}: its conversation is missing", "{at}: нет его беседы"),
    "damage-no-redaction": (
        "{at}: taken back, and nothing tells by whom",
        "{at}: отозвано, и не сказано кем",
    ),
    "damage-fact": (
        "saved fact {detail} (place {place}): not as it was written",
        "сохранённый факт {detail} (место {place}): не такой, каким был записан",
    ),
    "damage-structure": ("the database: {detail}", "база: {detail}"),
    "damage-index": ("the search index: {detail}", "указатель поиска: {detail}"),
    "damage-search-lacks": ("{at}: the search does not find it", "{at}: поиск его не находит"),
    "damage-search-extra": ("{at}: the search has it, and should not", "{at}: есть в поиске, а не должно"),
    "damage-lost": (
        "{at}: missing; the search knows of it",
        "{at}: пропало; поиск о нём знает",
    ),
    "remedy": (
        (
            "Put back a backup from before (db restore), or live with it: nothing else is touched by what is damaged. "
            "Look at the disk first."
        ),
        (
            "Верните прежнюю резервную копию (db restore) или оставьте как есть: остальному повреждённое не мешает. "
            "Но сначала проверьте диск."
        ),
    ),
    "remedy-search": (
        "The search index can be made anew: stop the server, remove {path}, start it.",
        "Указатель поиска можно сделать заново: остановите сервер, удалите {path}, запустите его.",
    ),
    # migrate
    "upgraded": (
        "schema {before} is now schema {after}; {copy} is a copy from before",
        "схема {before} теперь схема {after}; прежняя база — в {copy}",
    ),
    "upgraded-there": ("schema {before} is now schema {after}", "схема {before} теперь схема {after}"),
    "up-to-date": ("schema {after}: up to date", "схема {after}: обновлять нечего"),
    "sealed": ("{count} rows have got their checksums", "контрольные суммы получили строк: {count}"),
    "seals": ("checksums", "контрольные суммы"),
    # backup
    "exists": (
        "{path} is there already; choose another name, or replace it with --force",
        "{path} уже есть; выберите другое имя или замените его: --force",
    ),
    "no-directory": ("there is no directory {path}", "нет каталога {path}"),
    "is-directory": (
        "{path} is a directory; name a file in it",
        "{path} — каталог; назовите файл в нём",
    ),
    "no-space": (
        "{path}: about {needs} are needed, and {free} are free; nothing was written",
        "{path}: нужно около {needs}, а свободно {free}; ничего не записано",
    ),
    "copying": ("copying", "копирование"),
    "written": (
        "{path}: {size}, everything acknowledged until {time}; read again and compared",
        "{path}: {size}, всё подтверждённое до {time}; прочитано и сверено",
    ),
    "secrets": (
        "It holds the server's keys and settings too ({names}): keep it as private as the data directory.",
        "В нём и ключи с настройками сервера ({names}): берегите его, как каталог данных.",
    ),
    "backup-damaged": (
        "what was copied is damaged, so it did not become {path}: it is {left}",
        "скопированное повреждено и потому не стало {path}: оно в {left}",
    ),
    # restore
    "backup-unsound": (
        "{path} is damaged, so nothing was put in place of anything; another backup may be sound",
        "{path} повреждён, поэтому ничего не заменено; возможно, цела другая копия",
    ),
    "restored": (
        "{path} is what the backup held: {messages}, the newest of {newest}",
        "{path} теперь то, что было в копии: {messages}, последнее — {newest}",
    ),
    "aside": ("what was there is in {path}", "прежнее — в {path}"),
    "put-back": ("put back as well: {names}", "возвращены и {names}"),
    "start": ("Start the server now.", "Теперь запустите сервер."),
    "put-back-only": (
        "{path} is what the backup held: {messages}, {facts}",
        "{path} теперь то, что было в копии: {messages}, {facts}",
    ),
    "aside-schema": (
        "what was there is in the schema {name}; remove it with: drop schema {name} cascade",
        "прежнее — в схеме {name}; убрать его: drop schema {name} cascade",
    ),
    # copy
    "needs-target": (
        "db copy needs to know where to: --to postgresql://USER@HOST/DATABASE, --to sqlite or --to sqlite:DIR",
        "команде db copy нужно знать куда: --to postgresql://USER@HOST/DATABASE, --to sqlite или --to sqlite:КАТАЛОГ",
    ),
    "no-target": ("--to belongs to db copy", "--to бывает только у db copy"),
    "bad-target": (
        "--to {target} is no address: it is postgresql://USER@HOST/DATABASE, sqlite or sqlite:DIR",
        "--to {target} — не адрес: бывает postgresql://USER@HOST/DATABASE, sqlite или sqlite:КАТАЛОГ",
    ),
    "same": (
        "{target} is where the record is already",
        "в {target} летопись лежит и так",
    ),
    "target-taken": (
        "there is a record in {target} already; --force puts it aside",
        "в {target} уже есть летопись; --force отложит её в сторону",
    ),
    "copied": (
        "{target}: {messages}, {facts}, {rows} in all; read again and compared",
        "{target}: {messages}, {facts}, всего {rows}; прочитано и сверено",
    ),
    "switch": (
        'Nothing has changed at {source}. To go on with the copy, start the server with [store] url = "{url}"',
        'В {source} ничего не изменилось. Чтобы работать с копией, запустите сервер с [store] url = "{url}"',
    ),
    # PostgreSQL
    "postgresql": (
        "record   {path}: {size}, schema {schema} of {known}; {version}",
        "летопись {path}: {size}, схема {schema} из {known}; {version}",
    ),
    "not-made": (
        "there is no record in {path} yet: start the server with it, or put one there with db copy or db restore",
        "в {path} летописи ещё нет: запустите с ней сервер или поместите её туда через db copy или db restore",
    ),
    "served": ("server   writes to it now", "сервер   сейчас в неё пишет"),
    "unsafe": (
        "PostgreSQL runs with {setting} = off: a power cut may take back what was acknowledged",
        "у PostgreSQL {setting} = off: отключение питания может отнять подтверждённое",
    ),
    "behind-schema": (
        "{path} has schema {found}, and this version has {known}: run db migrate first, with the server stopped",
        "у {path} схема {found}, а у этой версии {known}: сначала выполните db migrate при остановленном сервере",
    ),
}
