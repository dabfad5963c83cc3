"""What an account knows of its password: never the password, but what shows that somebody has it.

The rule: two proofs of one password are kept side by side. The argon2id hash answers whoever sends the password itself
(SASL PLAIN, NickServ, the browser); the keys of SCRAM-SHA-256 (RFC 5802, RFC 7677) answer whoever proves that he has it
without sending it. Whoever steals the store guesses at the weaker of the two, hence the many iterations of the second.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping

from veche.wire.scram import Credentials

# Of new passwords, and of names that nobody has, which must look alike. RFC 7677, 4: "the hash iteration-count SHOULD
# be at least 4096, but careful consideration should be given to using a significantly higher value". Not more than
# this: the client pays it at every login, and some take 65,536 at most.
SCRAM_ITERATIONS = 50_000


class PasswordKeys:
    """What is kept of one password; without arguments: there is none, and nothing fits it.

    `hash` is an argon2id hash in PHC form. `salt`, `stored_key` and `server_key` are in base64 and, with `iterations`,
    what RFC 5802 has a server keep.
    """

    __slots__ = ("hash", "iterations", "salt", "server_key", "stored_key")

    def __init__(
        self,
        hash: str = "",  # noqa: A002 - the word of everybody who keeps passwords
        salt: str = "",
        iterations: int = 0,
        stored_key: str = "",
        server_key: str = "",
    ) -> None:
        self.hash = hash
        self.salt = salt
        self.iterations = iterations
        self.stored_key = stored_key
        self.server_key = server_key

    @classmethod
    def of(cls, password_hash: str, scram: Credentials) -> "PasswordKeys":
        """Both proofs of one password."""
        return cls(
            password_hash,
            b64encode(scram.salt).decode(),
            scram.iterations,
            b64encode(scram.stored_key).decode(),
            b64encode(scram.server_key).decode(),
        )

    @property
    def scram(self) -> Credentials:
        """What an exchange of SCRAM needs; only where there is a password. Raises ValueError for what is no base64."""
        stored, server = b64decode(self.stored_key, validate=True), b64decode(self.server_key, validate=True)
        return Credentials(b64decode(self.salt, validate=True), self.iterations, stored, server)

    @property
    def has_password(self) -> bool:
        """Whether there is a password that could fit."""
        return bool(self.hash)

    def values(self) -> dict[str, str | int]:
        """Plain values for a fact; {} for no password."""
        return {name: getattr(self, name) for name in self.__slots__} if self.hash else {}

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> "PasswordKeys":
        """What `values` wrote; what is missing is empty. Raises TypeError for a value of another type."""
        keys = cls()
        for name in cls.__slots__:
            value = values.get(name, getattr(keys, name))
            if type(value) is not type(getattr(keys, name)):
                raise TypeError(f"{name} of a password is {type(value).__name__}")
            setattr(keys, name, value)
        return keys

    def __repr__(self) -> str:
        # What is logged or shown in a failed test must not help anybody to guess.
        return f"<PasswordKeys, {'a password' if self.hash else 'none'}>"
