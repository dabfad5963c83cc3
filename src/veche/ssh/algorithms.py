"""What the door speaks: nothing that is broken, old or unusual; every OpenSSH since 6.7 (2014) has some of each.

CVE-2023-48795 (Terrapin) needs ChaCha20 or CBC with a key exchange that is not strict; asyncssh is strict with
everybody who can be, and CBC is not here. No SHA-1, no finite fields below 3072 bits but the one that all have.
"""

from typing import Any

ALGORITHMS: dict[str, Any] = {
    "kex_algs": [
        "mlkem768x25519-sha256",
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group14-sha256",
    ],
    "encryption_algs": [
        "chacha20-poly1305@openssh.com",
        "aes256-gcm@openssh.com",
        "aes128-gcm@openssh.com",
        "aes256-ctr",
        "aes128-ctr",
    ],
    "mac_algs": ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256"],
    "signature_algs": [
        "ssh-ed25519",
        "sk-ssh-ed25519@openssh.com",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "rsa-sha2-512",
        "rsa-sha2-256",
    ],
    "compression_algs": ["none"],
    # Nothing but the chat: the rest of what asyncssh can do is refused where it can be.
    "x11_forwarding": False,
    "agent_forwarding": False,
    "sftp_factory": None,
    "allow_scp": False,
    "gss_host": None,
    "host_based_auth": False,
    "password_auth": False,
    "line_editor": False,
    "encoding": None,
    "rdns_lookup": False,
}
