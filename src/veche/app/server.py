"""The server program: puts the engine, the store and the doors together, runs them, and ends them in good order.

Exit codes: 0 after SIGTERM or SIGINT; 2 for what the person who starts it must change (an option, a key, a taken
port, a data directory in use); 74 (EX_IOERR) when the disk failed in a way that leaves a message's fate unknown.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import veche
from veche.app import cli, compiled, database, export, hash_password, logs, parts
from veche.app.addresses import Address, to_go_to
from veche.app.administration import Administrator, fill_in_operators
from veche.app.cloak import KEY_FILE, Cloak, decoy_secret, load_key
from veche.app.cluster import Membership
from veche.app.config import Config
from veche.app.doors import DoorMaker, UnusableError, fill_in_doors
from veche.app.features import FEATURES
from veche.app.mail import SmtpMailer
from veche.app.oauth import TokenIssuer
from veche.app.passwords import PasswordThreads
from veche.app.workers import Foreman, Role, WorkersError, find_role
from veche.core.engine import Engine
from veche.core.ports import StoreError
from veche.core.settings import Settings
from veche.features.accounts.owner import has_owner
from veche.net.listeners import DoorError, listen_tcp, listen_unix
from veche.net.shell import Shell, SystemChance, SystemClock
from veche.net.web import INVITATION_PATH
from veche.phrases import Phrases
from veche.store.directory import DataDirectory, explain
from veche.store.durable import SqliteStore, open_store
from veche.store.postgresql.durable import PostgresqlStore, open_postgresql
from veche.store.postgresql.link import shown
from veche.store.postgresql.shared import SharedStore, open_shared
from veche.store.refusals import DataDirectoryError

if TYPE_CHECKING:
    from veche.app.ssh import SshKeeper

EXIT_USAGE = 2
EXIT_DISK = 74
# Seconds for answering what was read, and then for the answers to be taken; SIGTERM promises an end within 10.
SERVE_SECONDS = 6.0
PART_SECONDS = 2.0

_log = logging.getLogger("veche.server")

PHRASES = {
    "title": ("{program} on {server}", "{program}, сервер {server}"),
    "compiled": (" (compiled)", " (скомпилирован)"),
    "off": ("off", "закрыта"),
    "irc": ("any IRC client; python client.py", "любой клиент IRC; python client.py"),
    "ircs": ("IRC over TLS", "IRC поверх TLS"),
    "web": (
        "the chat for browsers; IRC over WebSocket",
        "чат для браузера; IRC поверх WebSocket",
    ),
    "classic": ("nc, telnet, the classic client", "nc, telnet, прежний клиент"),
    "ssh": ("the chat for ssh; host key {fingerprint}", "чат через ssh; ключ сервера {fingerprint}"),
    "record": ("record   {path}", "летопись {path}"),
    "keeps-nothing": (
        "record   off: messages are delivered at once and kept nowhere",
        "летопись выключена: сообщения доставляются сразу и нигде не хранятся",
    ),
    "taken": (
        "{where} is taken: another program listens there. Stop it, or choose another address with --{door} ADDR.",
        "{where} занят: там уже слушает другая программа. Остановите её или укажите другой адрес: --{door} ADDR.",
    ),
    "denied": (
        "{where}: the system does not allow it ({detail}). Choose a port above 1023 with --{door} ADDR.",
        "{where}: система не разрешает ({detail}). Укажите порт больше 1023: --{door} ADDR.",
    ),
    "absent": (
        "{where}: there is no such address here ({detail}). Choose another with --{door} ADDR.",
        "{where}: здесь нет такого адреса ({detail}). Укажите другой: --{door} ADDR.",
    ),
    "other": (
        "{where}: {detail}. Choose another address with --{door} ADDR.",
        "{where}: {detail}. Укажите другой адрес: --{door} ADDR.",
    ),
    "owner": (
        "Nobody owns this server yet. How to be its owner: {link}",
        "У сервера ещё нет владельца. Как им стать: {link}",
    ),
    "owner-here": (
        "Nobody owns this server yet. Come in, say: /msg NickServ REGISTER <password>, then /msg NickServ OWN {code}",
        "У сервера ещё нет владельца. Войдите и скажите: /msg NickServ REGISTER <пароль>, /msg NickServ OWN {code}",
    ),
    # Read in every client, so it names no client's commands.
    "motd": (
        "Welcome to {network}! Everyone who comes meets in {lobby} first: say hello.",
        "{network}: добро пожаловать! Все, кто приходит, сначала встречаются в {lobby} — поздоровайтесь.",
    ),
    "motd-without-lobby": (
        "Welcome to {network}! Choose a room, or open one of your own.",
        "{network}: добро пожаловать! Выберите комнату или откройте свою.",
    ),
}


def engine_settings(config: Config, language: str) -> Settings:
    """What the engine is to know of the config."""
    settings = Settings()
    for name in config.limits.__struct_fields__:
        setattr(settings, name, getattr(config.limits, name))
    for name in config.accounts.__struct_fields__:
        setattr(settings, name, getattr(config.accounts, name))
    for name in config.messages.__struct_fields__:
        setattr(settings, name, getattr(config.messages, name))
    settings.stores = config.store.mode == "durable"
    settings.server = config.server.name
    settings.network = config.server.network.replace(" ", "_")
    settings.icon = config.server.icon
    settings.version = f"veche-{veche.__version__}"
    settings.language = language
    settings.password = config.server.password
    settings.admin_location = config.server.admin_location
    settings.admin_email = config.server.admin_email
    settings.oauth_issuer = config.oauth.issuer
    settings.oauth_creates = config.oauth.create_accounts
    settings.lobby = config.lobby.room
    settings.lobby_replay = config.lobby.replay
    settings.history_page = config.history.page_limit
    settings.event_days = config.history.event_days
    settings.newcomers_read = config.history.newcomers
    settings.keep_days = config.history.keep_days
    settings.rooms_keep_less = config.history.rooms_keep_less
    settings.motd = list(config.server.motd_lines) or [_own_motd(config, language)]
    return settings


def _own_motd(config: Config, language: str) -> str:
    phrases = Phrases(PHRASES, "ru" if language == "ru" else "en")
    key = "motd" if config.lobby.room else "motd-without-lobby"
    return phrases(key, network=config.server.network, lobby=config.lobby.room)


class Server:
    """One run of the program, from open doors to the last goodbye."""

    def __init__(
        self, settings: cli.Settings, arguments: Sequence[str] = (), role: Role | None = None
    ) -> None:
        self.settings = settings
        self.role = role  # of one of several workers
        self.arguments = arguments  # those that the settings were made of, to make them again
        self.restarts = False  # once it has ended
        self.phrases = Phrases(PHRASES, settings.language)
        self.ending: asyncio.Event = asyncio.Event()
        self.exit_code = 0
        self.doors: list[asyncio.Server] = []
        self.ssh: SshKeeper | None = None

    async def run(self) -> int:
        """Serve until a signal or a fatal error; returns the exit code. Raises DoorError and DataDirectoryError."""
        loop = asyncio.get_running_loop()
        config = self.settings.config
        shell = Shell(loop)
        passwords = PasswordThreads(shell.post)
        mailer: SmtpMailer | None = None
        issuer: TokenIssuer | None = None
        store: SqliteStore | PostgresqlStore | None = None
        membership: Membership | None = None
        keeper: SqliteStore | PostgresqlStore | DataDirectory
        if config.store.mode == "durable":
            keeper = store = self._open_store(config, shell)
            _log.info("%s keeps the record", store.version)
        else:
            # What keeps no record has a directory all the same, for its keys.
            keeper = DataDirectory(self.settings.data)
        turns = store.turns if isinstance(store, SharedStore) else None
        try:
            key = load_key(self.settings.data / KEY_FILE)
            if turns is not None:
                key = turns.share_key(key)
            passwords.secret = decoy_secret(key)
            engine = Engine(
                FEATURES,
                self._engine_settings(self.settings),
                SystemClock(),
                SystemChance(),
                store,
                Cloak(key),
                turns=turns,
            )
            engine.on_fatal = self._fatal
            engine.passwords = passwords
            if config.oauth.issuer:
                engine.tokens = issuer = TokenIssuer(config.oauth, shell.touch)
            if config.mail.host:
                engine.mailer = mailer = SmtpMailer(
                    config.mail, config.server.name, config.server.network, shell.post
                )
            shell.drive(engine)
            if isinstance(store, SharedStore):
                membership = Membership(config, store, engine, shell, partial(self._end_by_command, True))
                membership.begin()
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(name, self.ending.set)
            maker = DoorMaker(shell, self.settings)
            engine.administration = administrator = Administrator(
                self.settings,
                engine,
                self._read_again,
                self._engine_settings,
                maker.reload,
                self._end_by_command,
                self._spread,
            )
            loop.add_signal_handler(signal.SIGHUP, self._hang_up, administrator, shell)
            await self._open_doors(maker, engine, shell)
            keep_collector_away()
            print("ready", flush=True)
            await self.ending.wait()
            await self._end(shell, membership)
            await maker.wait_closed()
        finally:
            for door in self.doors:
                door.close()
            if self.ssh is not None:
                await self.ssh.close()
            if issuer is not None:
                await issuer.close()
            if mailer is not None:
                await mailer.close()
            if membership is not None:
                await membership.close()
            await asyncio.to_thread(keeper.close)
            await asyncio.to_thread(passwords.close)
        return self.exit_code

    def _open_store(self, config: Config, shell: Shell) -> SqliteStore | PostgresqlStore:
        if config.cluster.url:
            folder = self.role.folder(self.settings.data) if self.role is not None else self.settings.data
            return open_shared(config.store.url, folder, shell.post, _log.warning)
        if config.store.url:
            return open_postgresql(config.store.url, self.settings.data, shell.post)
        return open_store(self.settings.data, shell.post)

    def _engine_settings(self, settings: cli.Settings) -> Settings:
        made = engine_settings(settings.config, self.settings.language)
        fill_in_doors(made, settings)
        fill_in_operators(made, settings.config)
        return made

    def _read_again(self) -> cli.Settings:
        settings = cli.read_again(self.arguments)
        return self.role.apply(settings) if self.role is not None else settings

    def _hang_up(self, administrator: Administrator, shell: Shell) -> None:
        administrator.read_again()
        shell.touch()

    def _spread(self) -> None:
        """The foreman tells all workers, us among them, who find nothing more to change."""
        if self.role is not None and self.role.foreman and os.getppid() == self.role.foreman:
            os.kill(self.role.foreman, signal.SIGHUP)

    def _end_by_command(self, restarts: bool) -> None:
        self.restarts = restarts
        self.ending.set()

    async def _open_doors(self, maker: DoorMaker, engine: Engine, shell: Shell) -> None:
        """Open every door, and only then print the table: who is refused a port has not seen a server begin."""
        say = self.phrases
        program = f"Veche {veche.__version__}" + (say("compiled") if compiled.is_used() else "")
        table = [say("title", program=program, server=self.settings.config.server.name)]
        for name in cli.DOOR_NAMES:
            addresses: tuple[Address, ...] = getattr(self.settings.doors, name)
            if self.role is not None and self.role.number > 1:
                # What cannot be shared is the first one's.
                addresses = tuple(one for one in addresses if one.path is None and name != "ssh")
            if addresses and name == "ssh":
                table += await self._open_ssh(addresses, shell)
            elif addresses:
                table += await self._open_door(name, addresses, self._make(maker, name))
            else:
                table.append(f"  {name:<8} {say('off')}")
        kept = self.settings.config.store.mode == "durable"
        url = self.settings.config.store.url
        engine.web_address = self._web_address(table)
        path = f"{shown(url)}, {self.settings.data}" if url else self.settings.data
        table.append("  " + (say("record", path=path) if kept else say("keeps-nothing")))
        if kept and not self.settings.config.oper and not has_owner(engine.world):
            table.append("  " + self._offer_ownership(engine, table))
        print("\n".join(table), flush=True)

    def _offer_ownership(self, engine: Engine, table: list[str]) -> str:
        """A server that nobody owns is its first visitor's who can read this: by a code for this run alone."""
        engine.owner_code = self.role.owner if self.role is not None else SystemChance().uid()
        web = next((row.split()[1] for row in table if row.startswith("  web ")), "")
        if not self.settings.doors.web or not web or self.settings.doors.web[0].path is not None:
            return self.phrases("owner-here", code=engine.owner_code)
        scheme = "https" if self.settings.config.web.tls else "http"
        web = to_go_to(self.settings.doors.web[0], web, "127.0.0.1")  # who reads this sits at this machine
        return self.phrases("owner", link=f"{scheme}://{web}{INVITATION_PATH}{engine.owner_code}")

    def _web_address(self, table: list[str]) -> str:
        """Where people find the web door, as far as that is known here; "" where it is closed."""
        address = next(iter(self.settings.doors.web), None)
        if address is None:
            return ""
        where = next(row.split()[1] for row in table if row.startswith("  web "))
        name = self.settings.config.server.name
        if address.path is not None:
            where = name  # a proxy stands before it
        else:
            where = to_go_to(address, where, name)
        return f"{'https' if self.settings.config.web.tls else 'http'}://{where}"

    async def _open_door(
        self, name: str, addresses: Sequence[Address], factory: Callable[[], asyncio.Protocol]
    ) -> list[str]:
        rows = []
        for address in addresses:
            where = str(address)
            try:
                if address.path is not None:
                    door = await listen_unix(factory, address.path, where)
                else:
                    port, shares = address.port, self.role is not None
                    if self.role is not None:
                        port = self.role.ports.get(f"{name} {address}", port)
                    door = await listen_tcp(factory, address.host, port, where, shares=shares)
            except DoorError as error:
                raise SystemExit(self._complain(name, error)) from error
            self.doors.append(door)
            # Port 0 means any: what is shown is what was given.
            ports = sorted({sock.getsockname()[1] for sock in door.sockets if address.path is None})
            shown = where if address.port or not ports else f"{where.rpartition(':')[0]}:{ports[0]}"
            rows.append(f"  {name:<8} {shown:<22} {self.phrases(name)}")
        return rows

    async def _open_ssh(self, addresses: Sequence[Address], shell: Shell) -> list[str]:
        """The door whose visitors are somebody else's work: a process of its own."""
        from veche.app.ssh import SshError, SshKeeper  # a door that is shut costs nothing

        self.ssh = keeper = SshKeeper(shell, self.settings.config, self.settings.data, self.settings.language)
        try:
            shown = await keeper.open(addresses)
        except DoorError as error:
            raise SystemExit(self._complain("ssh", error)) from error
        except SshError as error:
            print(f"veche: {error}", file=sys.stderr)
            raise SystemExit(EXIT_USAGE) from error
        except OSError as error:
            raise explain(self.settings.data, error) from error
        words = self.phrases("ssh", fingerprint=keeper.fingerprint)
        return [f"  {'ssh':<8} {where:<22} {words}" for where in shown]

    def _make(self, maker: DoorMaker, door: str) -> Callable[[], asyncio.Protocol]:
        try:
            return maker.make(door)
        except UnusableError as error:
            print(f"veche: {error}", file=sys.stderr)
            raise SystemExit(EXIT_USAGE) from error
        except OSError as error:
            raise explain(self.settings.data, error) from error

    def _complain(self, door: str, error: DoorError) -> int:
        print(
            "veche: " + self.phrases(error.reason, where=error.where, detail=error.detail, door=door),
            file=sys.stderr,
        )
        return EXIT_USAGE

    def _fatal(self, error: StoreError) -> None:
        self.exit_code = EXIT_DISK
        _log.critical("ending because the disk failed: %s", error)
        self.ending.set()

    async def _end(self, shell: Shell, membership: Membership | None) -> None:
        """Answer what was read, tell everyone, close; where other nodes go on, people are sent to them first."""
        for door in self.doors:
            door.close()
        if membership is not None:
            await membership.move_people()
        engine = shell.engine
        engine.stop("Server is going down")
        shell.touch()
        await _until(lambda: engine.is_idle, SERVE_SECONDS)
        engine.say_goodbye()
        shell.touch()
        await _until(lambda: not engine.sessions, PART_SECONDS)
        for session in list(engine.sessions):
            session.pipe.abort()
        await asyncio.sleep(0)
        if membership is not None:
            membership.depart()
        engine.log.when_written(lambda: None)  # that everybody has gone is a part of their rooms' history
        await _until(lambda: engine.is_idle and not engine.log.behind.rows, PART_SECONDS)


def keep_collector_away() -> None:
    """What lives now lives to the end; the collector need not walk it again and again.

    Nor what is made for a batch of messages and gone behind it: with Python's own thresholds (700, 10, 10) an eighth of
    the cost of a stored message was walks that found nothing. Sessions and users die without the collector, and cycles
    are few. The first threshold is as low as it is because of who comes: seven objects each, so that the collector
    walks through the newest 1,400 connections for a millisecond, where it walked through 7,000 for ten.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 100, 20)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until a condition holds, `seconds` at most. The engine has no bell for this, and needs none until here."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition() and loop.time() < end:  # noqa: ASYNC110 - see above: there is no event to wait for
        await asyncio.sleep(0.005)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server with command line arguments; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == [hash_password.COMMAND]:
        return hash_password.main(arguments[1:])
    if arguments[:1] == [database.COMMAND]:
        return database.main(arguments[1:])
    if arguments[:1] == [export.COMMAND]:
        return export.main(arguments[1:])
    settings = cli.parse(arguments)
    role = find_role()
    if role is not None:
        settings = role.apply(settings)
    logs.set_up(settings.config.log.level)
    for note in settings.notes:
        print(note)
    wanted = ["ssh"] if settings.doors.ssh else []
    if settings.config.store.mode == "durable" and settings.config.store.url:
        wanted.append("postgresql")
    has_workers = settings.config.cluster.workers > 1 and role is None
    if settings.config.cluster.url or has_workers:
        wanted.append("cluster")
    if has_workers and not (settings.config.cluster.url and settings.config.store.url):
        wanted.append("workers")
    parts.require(wanted, arguments, settings.language)
    if has_workers:
        return _lead(settings, arguments)
    server = Server(settings, arguments, role)
    try:
        code = _run(server)
    except DataDirectoryError as error:
        print(f"veche: {error.text(settings.language)}", file=sys.stderr)
        return EXIT_USAGE
    if server.restarts and code == 0:
        sys.stdout.flush()
        # The same process, so that whoever watches over it sees nothing end.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    return code


def _lead(settings: cli.Settings, arguments: Sequence[str]) -> int:
    try:
        return asyncio.run(Foreman(settings, arguments, SystemChance()).run())
    except DataDirectoryError as error:
        print(f"veche: {error.text(settings.language)}", file=sys.stderr)
    except WorkersError as error:
        print(f"veche: {error}", file=sys.stderr)
    return EXIT_USAGE


def _run(server: Server) -> int:
    try:
        import uvloop
    except ImportError:  # Windows, or a Python that it has no wheel for yet
        _widen_reads()
        return asyncio.run(server.run())
    return uvloop.run(server.run())


def _widen_reads() -> None:
    """asyncio reads 256 KiB at a time, for which the C library maps and unmaps memory at every read (cpython#85451)."""
    from asyncio import selector_events

    transport = getattr(selector_events, "_SelectorTransport", None)
    if transport is not None and hasattr(transport, "max_size"):
        transport.max_size = 65536


if __name__ == "__main__":
    sys.exit(main())
