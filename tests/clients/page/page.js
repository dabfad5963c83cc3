// A chat client in a page, as somebody would write one who has irc-framework and has never heard of Veche.
//
// index.html?port=8080&nick=pam connects; what is typed into the field is said in the room, or is a command.
"use strict";

const { Client } = window["irc-framework"];
const at = new URLSearchParams(location.search);
const irc = new Client();
let room = "";

function show(text) {
  const line = document.createElement("li");
  line.textContent = text;
  document.getElementById("lines").append(line);
}

const commands = {
  join: ([name]) => irc.join(name),
  part: ([name]) => irc.part(name, "bye"),
  nick: ([name]) => irc.changeNick(name),
  topic: (words) => irc.setTopic(room, words.join(" ")),
  list: () => irc.list(),
  who: () => irc.who(room, ({ users }) => show(`here: ${users.map((user) => user.nick).join(" ")}`)),
  whois: ([nick]) => irc.whois(nick),
  whowas: ([nick]) => irc.whowas(nick),
  msg: ([nick, ...words]) => irc.say(nick, words.join(" ")),
  me: (words) => irc.action(room, words.join(" ")),
  op: ([nick]) => irc.mode(room, "+o", nick),
  ban: ([mask]) => irc.ban(room, mask),
  unban: ([mask]) => irc.unban(room, mask),
  bans: () => irc.banlist(room, ({ bans }) => show(`banned: ${bans.map((ban) => ban.banned).join(" ")}`)),
  kick: ([nick, ...words]) => irc.raw("KICK", room, nick, words.join(" ")),
  invite: ([nick]) => irc.invite(room, nick),
  away: (words) => irc.raw("AWAY", words.join(" ")),
  quit: () => irc.quit("bye"),
};

const events = {
  registered: ({ nick }) => `welcome, ${nick}`,
  "server options": ({ options }) => `network ${options.NETWORK}`,
  motd: ({ motd }) => motd ?? "no motd",
  userlist: ({ channel, users }) => `in ${channel}: ${users.map((user) => user.modes.join("") + user.nick).join(" ")}`,
  part: ({ nick, channel }) => `${nick} left ${channel}`,
  quit: ({ nick, message }) => `${nick} quit: ${message}`,
  nick: ({ nick, new_nick }) => `${nick} is now ${new_nick}`,
  topic: ({ channel, topic, nick }) => `topic of ${channel}${nick ? ` by ${nick}` : ""}: ${topic}`,
  topicsetby: ({ channel, nick }) => `topic of ${channel} was set by ${nick}`,
  mode: ({ nick, target, raw_modes, raw_params }) => `${nick} sets ${target} ${raw_modes} ${raw_params.join(" ")}`,
  message: ({ type, nick, target, message }) => `${type} ${nick} > ${target}: ${message}`,
  invite: ({ nick, channel, invited }) => `${nick} invites ${invited} to ${channel}`,
  kick: ({ nick, channel, kicked, message }) => `${nick} kicked ${kicked} from ${channel}: ${message}`,
  away: ({ nick, message }) => `${nick} is away: ${message}`,
  "channel list": (rooms) => rooms.map(({ channel, num_users, topic }) => `room ${channel} ${num_users} ${topic}`).join("; "),
  whois: (who) => `whois ${["nick", "ident", "real_name", "channels", "server", "secure"].map((key) => who[key]).join(", ")}`,
  whowas: (who) => `whowas ${who.nick} ${who.ident}`,
  "irc error": ({ error, reason }) => `ERROR ${error}: ${reason}`,
  "unknown command": (line) => `UNKNOWN ${line.command} ${line.params.join(" ")}`,
  close: () => "closed",
};

for (const [name, say] of Object.entries(events)) {
  irc.on(name, (event) => show(say(event)));
}
irc.on("join", ({ nick, channel }) => {
  if (nick === irc.user.nick) {
    room = channel;
  }
  show(`${nick} joined ${channel}`);
});

document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = document.querySelector("input");
  const [, command, words] = /^\/(\w+) ?(.*)$/.exec(field.value) ?? [];
  if (command) {
    commands[command](words.split(" "));
  } else {
    irc.say(room, field.value);
  }
  field.value = "";
});

irc.connect({
  host: "127.0.0.1",
  port: Number(at.get("port")),
  path: "/irc",
  websocket_protocol: "text.ircv3.net",
  nick: at.get("nick"),
  username: at.get("nick"),
  gecos: "somebody in a page",
  enable_chghost: true,
  enable_setname: true,
  enable_echomessage: true,
  auto_reconnect: false,
});
