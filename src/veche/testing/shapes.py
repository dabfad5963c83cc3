"""How many parameters each numeric has at least, the client that it is addressed to among them.

The rule: one that is not here has two, since a client and a text are the least that a numeric can say. Optional
parameters are not counted.

Sources: Modern IRC, "Numerics"; for what is not there the documents named at the numerics' features.
"""

from veche.wire import numerics as n

_THREE = {
    n.RPL_ISUPPORT, n.RPL_SNOMASK, n.RPL_STATSCOMMANDS, n.RPL_ENDOFSTATS,
    n.RPL_LUSEROP, n.RPL_LUSERUNKNOWN, n.RPL_LUSERCHANNELS,
    n.RPL_TRACEEND, n.RPL_TRYAGAIN, n.RPL_SILELIST, n.RPL_WHOISCERTFP, n.RPL_AWAY, n.RPL_WHOISOPERATOR, n.RPL_ENDOFWHO,
    n.RPL_ENDOFWHOIS, n.RPL_WHOISCHANNELS, n.RPL_CHANNELMODEIS, n.RPL_CREATIONTIME, n.RPL_NOTOPIC, n.RPL_TOPIC,
    n.RPL_WHOISBOT, n.RPL_WHOISACTUALLY, n.RPL_INVITING, n.RPL_INVEXLIST, n.RPL_ENDOFINVEXLIST, n.RPL_EXCEPTLIST,
    n.RPL_ENDOFEXCEPTLIST, n.RPL_ENDOFLINKS, n.RPL_ENDOFNAMES, n.RPL_BANLIST, n.RPL_ENDOFBANLIST, n.RPL_ENDOFWHOWAS,
    n.RPL_WHOISHOST, n.RPL_WHOISMODES, n.RPL_REHASHING, n.RPL_TIME, n.ERR_UNKNOWNERROR, n.ERR_NOSUCHNICK,
    n.ERR_NOSUCHSERVER, n.ERR_NOSUCHCHANNEL, n.ERR_CANNOTSENDTOCHAN, n.ERR_TOOMANYCHANNELS, n.ERR_WASNOSUCHNICK,
    n.ERR_TOOMANYTARGETS, n.ERR_INVALIDCAPCMD, n.ERR_UNKNOWNCOMMAND, n.ERR_ERRONEUSNICKNAME, n.ERR_NICKNAMEINUSE,
    n.ERR_UNAVAILRESOURCE, n.ERR_NOTONCHANNEL, n.ERR_NEEDMOREPARAMS, n.ERR_CHANNELISFULL, n.ERR_UNKNOWNMODE,
    n.ERR_INVITEONLYCHAN, n.ERR_BANNEDFROMCHAN, n.ERR_BADCHANNELKEY, n.ERR_BADCHANMASK, n.ERR_NEEDREGGEDNICK,
    n.ERR_CHANOPRIVSNEEDED, n.ERR_SILELISTFULL, n.ERR_HELPNOTFOUND, n.ERR_CANTSENDTOUSER, n.RPL_WHOISSECURE,
    n.RPL_HELPSTART, n.RPL_HELPTXT, n.RPL_ENDOFHELP, n.RPL_KNOCKDLVR, n.ERR_TOOMANYKNOCK, n.ERR_CHANOPEN,
    n.ERR_KNOCKONCHAN, n.ERR_TARGUMODEG, n.RPL_TARGNOTIFY, n.ERR_ACCEPTEXIST, n.ERR_ACCEPTNOT, n.ERR_NONONREG,
    n.ERR_NOCTCP,
}  # fmt: skip
_FOUR = {
    n.RPL_WHOISSERVER, n.RPL_LIST, n.RPL_WHOISACCOUNT, n.RPL_VERSION, n.RPL_NAMREPLY, n.RPL_LINKS,
    n.ERR_USERNOTINCHANNEL, n.ERR_USERONCHANNEL, n.ERR_BANLISTFULL, n.ERR_LINKCHANNEL, n.ERR_MONLISTFULL,
    n.RPL_KNOCK, n.RPL_UMODEGMSG, n.RPL_TOPICWHOTIME,
}  # fmt: skip

LEAST_PARAMETERS: dict[str, int] = {
    **dict.fromkeys(_THREE, 3),
    **dict.fromkeys(_FOUR, 4),
    # "<client> <servername> <version> <available user modes> <available channel modes>"
    n.RPL_MYINFO: 5,
    # "<client> <nick> <secs> <signon> :seconds idle, signon time"
    n.RPL_WHOISIDLE: 5,
    # "<client> <target chan/user> <mode char> <parameter> :<description>"
    n.ERR_INVALIDMODEPARAM: 5,
    # metadata: "<Target> <Key> <Visibility> :<Value>"
    n.RPL_KEYVALUE: 5,
    n.RPL_WHOISKEYVALUE: 5,
    n.RPL_KEYNOTSET: 4,
    # "<client> <nick> <username> <host> * :<realname>"
    n.RPL_WHOISUSER: 6,
    n.RPL_WHOWASUSER: 6,
    # "<client> <channel> <username> <host> <server> <nick> <flags> :<hopcount> <realname>"
    n.RPL_WHOREPLY: 8,
}


def least_parameters(numeric: str) -> int:
    """The fewest parameters of a numeric that a client can make sense of."""
    return LEAST_PARAMETERS.get(numeric, 2)
