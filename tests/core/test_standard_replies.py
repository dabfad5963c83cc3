"""Codes of standard replies: those that a specification defines, and our own for what none describes."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parent.parent.parent / "src" / "veche"

# "The IRCv3 Reply Code Registry lists the reply codes currently in use": by the specification that defines them.
DEFINED = {
    "standard-replies": ["ACCOUNT_REQUIRED", "CONFIG_BAD", "NEED_REGISTRATION"],
    "utf8-only": ["INVALID_UTF8"],
    "client-batch": ["INVALID_REFTAG", "TIMEOUT", "UNKNOWN_TYPE"],
    "multiline": [
        "MULTILINE_INVALID",
        "MULTILINE_INVALID_TARGET",
        "MULTILINE_MAX_BYTES",
        "MULTILINE_MAX_LINES",
    ],
    "chathistory": ["INVALID_MSGREFTYPE", "INVALID_PARAMS", "INVALID_TARGET", "MESSAGE_ERROR"],
    "read-marker": ["INTERNAL_ERROR", "NEED_MORE_PARAMS"],
    "message-redaction": ["REDACT_FORBIDDEN", "REDACT_WINDOW_EXPIRED", "UNKNOWN_MSGID"],
    "channel-rename": ["CANNOT_RENAME", "CHANNEL_NAME_IN_USE", "CHANNEL_RENAMED"],
    "setname": ["CANNOT_CHANGE_REALNAME", "INVALID_REALNAME"],
    "metadata": [
        "KEY_INVALID",
        "KEY_NOT_SET",
        "KEY_NO_PERMISSION",
        "LIMIT_REACHED",
        "RATE_LIMITED",
        "SUBCOMMAND_INVALID",
        "TOO_MANY_SUBS",
        "VALUE_INVALID",
    ],
    "relaymsg": ["BLANK_MSG", "INVALID_NICK", "PRIVS_NEEDED"],
    "account-registration": [
        "ACCOUNT_EXISTS",
        "ACCOUNT_NAME_MUST_BE_NICK",
        "ALREADY_AUTHENTICATED",
        "BAD_ACCOUNT_NAME",
        "COMPLETE_CONNECTION_REQUIRED",
        "INVALID_CODE",
        "INVALID_EMAIL",
        "NEED_NICK",
        "TEMPORARILY_UNAVAILABLE",
        "UNACCEPTABLE_EMAIL",
        "UNACCEPTABLE_PASSWORD",
        "WEAK_PASSWORD",
    ],
    "soju.im/client-cert": ["NOCERT", "UNKNOWN_COMMAND"],
}
# Our own, for what no specification describes; whoever adds one looks above first.
OWN = {
    "ALREADY_OWNED": "a server that has an owner",
    "BANNED": "a relayed name that the room has banned",
    "EDITS_FORBIDDEN": "earlier wordings, as of a message that is not to be edited",
    "EDIT_FORBIDDEN": "the open proposal for message-edit",
    "EDIT_WINDOW_EXPIRED": "the open proposal for message-edit",
    "GONE": "a guest whom somebody was, and who is not here any more",
    "INVALID_MASK": "bans of the server",
    "INVALID_MESSAGE": "a line with a NUL or CR in it",
    "MASK_TOO_WIDE": "bans of the server",
    "NEEDS_CONFIRMATION": "a config that opens or shuts doors",
    "NO_SUCH_BAN": "bans of the server",
    "UNAVAILABLE": "a server that nobody here can configure or end",
}


def codes_in(tree: ast.Module) -> set[str]:
    """The words that look like a code where a reply is made."""
    found = set()
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in ("fail", "Failure", "standard_line"):
            words = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
            found |= {
                word
                for word in words
                if isinstance(word, str) and word.isupper() and ("_" in word or word == words[0])
            }
    return found - {"FAIL", "WARN", "NOTE", "METADATA"}


def test_a_code_that_is_defined_is_used_and_no_other_made_up_beside_it() -> None:
    # standard-replies: "The IRCv3 Reply Code Registry lists the reply codes currently in use, and implementers MUST
    # use an existing code if one is already defined."
    used = {"INVALID_UTF8", "INVALID_MESSAGE"}  # said of lines that cannot be parsed, in dispatch.py
    for file in SOURCE.rglob("*.py"):
        used |= codes_in(ast.parse(file.read_text(encoding="utf-8")))
    defined = {code for codes in DEFINED.values() for code in codes}
    assert not defined & OWN.keys()
    assert used - defined - OWN.keys() == set(), "look for a code that exists, else say in OWN what it is for"
    assert OWN.keys() <= used, "a code of our own that nobody says"
    assert {"INVALID_PARAMS", "INTERNAL_ERROR", "CONFIG_BAD"} <= used
