"""What `db check` says of words that were erased and linger in the files of PostgreSQL."""

from veche.phrases import Language, Phrases
from veche.store.postgresql.lingering import Asked, look

PHRASES = {
    "none": (
        "erasing  what is erased is gone from PostgreSQL's files and its log a minute later",
        "стирание стёртое через минуту исчезает из файлов PostgreSQL и из его журнала",
    ),
    "archive": (
        "erasing  the log is archived (archive_mode): what is erased stays in the archive for as long as you keep that",
        "стирание журнал архивируется (archive_mode): стёртое остаётся в архиве, пока вы его храните",
    ),
    "slots": (
        (
            "erasing  what is erased stays in the log until who reads it by these replication slots has read on: "
            "{names}; drop one that nobody uses with pg_drop_replication_slot"
        ),
        (
            "стирание стёртое остаётся в журнале, пока его не прочтут через слоты репликации: {names}; "
            "ненужный уберёт pg_drop_replication_slot"
        ),
    ),
    "standbys": (
        "erasing  copies that follow have logs of their own ({count}): there it stays until those are used again",
        "стирание у копий ({count}) свои журналы: там стёртое остаётся, пока те не пойдут по второму кругу",
    ),
    "kept": (
        "erasing  wal_keep_size = {size}: what is erased stays in the log until so much has been written after it",
        "стирание wal_keep_size = {size}: стёртое остаётся в журнале, пока после него не записано столько",
    ),
    "statements": (
        "erasing  {setting}: PostgreSQL writes what is said into its log file, and there it stays as long as that",
        "стирание {setting}: PostgreSQL пишет сказанное в файл сообщений, и там оно живёт столько же, сколько файл",
    ),
    "checkpoints": (
        (
            "erasing  the role {role} may not make a checkpoint, so what is erased stays in the log for up to "
            "{seconds} s; to shorten that: grant pg_checkpoint to {role}"
        ),
        (
            "стирание роль {role} не вправе делать контрольные точки, поэтому стёртое остаётся в журнале "
            "до {seconds} с; чтобы быстрее: grant pg_checkpoint to {role}"
        ),
    ),
    "owner": (
        (
            "erasing  the role does not own the database {database}: values from erased rows stay in the file of "
            "pg_statistic until it is written over; to have it done: vacuum full pg_statistic"
        ),
        (
            "стирание база данных {database} принадлежит другой роли: значения из стёртых строк остаются в файле "
            "pg_statistic, пока там не записано новое; чтобы убрать их: vacuum full pg_statistic"
        ),
    ),
    "large": (
        (
            "erasing  larger than {megabytes} MB, and so not rewritten beside a running server: {tables}. What is "
            "erased stays in their files until something else is written there; with the server stopped: vacuum full"
        ),
        (
            "стирание больше {megabytes} МБ и потому не переписываются на ходу: {tables}. Стёртое остаётся в их "
            "файлах, пока на том же месте не записано другое; при остановленном сервере: vacuum full"
        ),
    ),
    "noted": (
        "erasing  something was erased and is not gone from the files yet: a running server is at it",
        "стирание кое-что стёртое ещё не исчезло из файлов: работающий сервер этим занят",
    ),
}


def tell(record: Asked, language: Language) -> list[str]:
    """A line for each way in which words linger, or one that says that they do not."""
    say = Phrases(PHRASES, language)
    return [say(found.key, **found.values) for found in look(record)] or [say("none")]
