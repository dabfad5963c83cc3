// The chat without a page and without a socket: what the server says goes in, what it is told comes out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../src/chat/chat.ts";
import type { Ends } from "../src/chat/link.ts";
import type { Conversation } from "../src/chat/model.ts";
import { send } from "../src/chat/sending.ts";
import { complete } from "../src/ui/completion.ts";

interface Server {
  chat: Chat;
  sent: string[];
  ends: Ends;
  say: (...lines: string[]) => void;
  welcome: () => void;
  lobby: () => Conversation;
}

// The timers of a chat (silence, coming back) are none of these tests' business.
globalThis.setInterval = (() => 0) as never;
const timers: (() => void)[] = [];
globalThis.setTimeout = ((call: () => void) => timers.push(call)) as never;

const CAPS = "message-tags server-time echo-message labeled-response batch draft/chathistory draft/multiline draft/read-marker";

function serve(): Server {
  const server = {} as Server;
  server.sent = [];
  server.chat = new Chat((ends) => {
    server.ends = ends;
    return { send: (line) => server.sent.push(line), close: () => ends.closed() };
  });
  server.say = (...lines) => lines.forEach((line) => server.ends.line(line));
  server.welcome = () => {
    server.ends.opened();
    server.say(`:s CAP * LS :${CAPS}=max-bytes=4096,max-lines=100`, `:s CAP * ACK :${CAPS}`, ":s 001 Ann :Welcome");
    server.say(":Ann!a@h JOIN #lobby", ":s 353 Ann = #lobby :Ann!a@h @Bob!b@h", ":s 366 Ann #lobby :End");
  };
  server.lobby = () => server.chat.conversation("#lobby");
  server.chat.enter({ nick: "Ann", password: "", isNew: false, email: "", invitation: "" });
  server.welcome();
  return server;
}

/** Answer the question that was asked last with a page of history. */
function page(server: Server, ...lines: string[]): void {
  const asked = server.sent.findLast((line) => line.includes("CHATHISTORY"))!;
  const label = /label=(\w+)/.exec(asked)![1];
  server.say(`@label=${label} :s BATCH +h chathistory #lobby`, ...lines, ":s BATCH -h");
}

const texts = (server: Server): string[] =>
  server.lobby().entries.filter((entry) => entry.kind !== "event").map((entry) => entry.text);
const line = (id: string, text: string, batch = "", tags = ""): string =>
  `@${batch && `batch=${batch};`}${tags}msgid=${id};time=2026-01-01T00:00:0${id.length}.000Z :Bob!b@h PRIVMSG #lobby :${text}`;

test("what is said while a page is on its way stands behind it, and nothing twice", () => {
  const server = serve();
  server.say(line("bb", "two"), line("ccc", "three"));
  assert.deepEqual(texts(server), []);
  page(server, line("a", "one", "h"), line("bb", "two", "h"));
  assert.deepEqual(texts(server), ["one", "two", "three"]);
});

test("a message is on its way until its echo comes", () => {
  const server = serve();
  page(server);
  send(server.chat, server.lobby(), "hello");
  const sent = server.sent.at(-1)!;
  assert.match(sent, /^@label=\w+;\+veche\/token=\S+ PRIVMSG #lobby hello$/);
  assert.equal(server.lobby().pending[0]!.progress, "sending");
  const tags = sent.slice(1, sent.indexOf(" "));
  server.say(`@${tags};msgid=m1 :Ann!a@h PRIVMSG #lobby hello`);
  assert.deepEqual([server.lobby().pending.length, texts(server)], [0, ["hello"]]);
});

test("a refusal stays with the message, and it can be sent again", () => {
  const server = serve();
  page(server);
  send(server.chat, server.lobby(), "hello");
  const label = /label=(\w+)/.exec(server.sent.at(-1)!)![1];
  server.say(`@label=${label} :s 404 Ann #lobby :Cannot send`);
  const [outgoing] = server.lobby().pending;
  assert.deepEqual([outgoing!.progress, outgoing!.reason, server.chat.notice], ["failed", "You may not speak in #lobby now. Ask its operators for a voice.", ""]);
});

for (const isKept of [true, false]) {
  test(`a message under way when the connection broke is ${isKept ? "found in the history" : "sent again"}`, () => {
    const server = serve();
    page(server, line("a", "one", "h"));
    send(server.chat, server.lobby(), "hello");
    const token = /token=([^ ;]+)/.exec(server.sent.at(-1)!)![1];
    server.ends.closed();
    assert.equal(server.chat.state, "lost");
    send(server.chat, server.lobby(), "later");
    server.sent.length = 0;
    timers.at(-1)!();
    server.welcome();
    assert.ok(!server.sent.some((one) => one.includes("PRIVMSG")), "not before the history has been looked through");
    const kept = `@batch=h;msgid=m1;+veche/token=${token} :Ann!a@h PRIVMSG #lobby hello`;
    page(server, ...(isKept ? [kept] : []), line("bb", "two", "h"));
    const said = server.sent.filter((one) => one.includes("PRIVMSG")).map((one) => one.split(" ").at(-1));
    assert.deepEqual(said, isKept ? ["later"] : ["hello", "later"]);
    assert.deepEqual(texts(server), isKept ? ["one", "hello", "two"] : ["one", "two"]);
  });
}

test("a text of several lines goes as one message, and comes as one", () => {
  const server = serve();
  page(server);
  send(server.chat, server.lobby(), `first\n${"x".repeat(500)}`);
  const said = server.sent.filter((one) => /BATCH|PRIVMSG/.test(one));
  assert.equal(said.length, 5);
  assert.match(said[3]!, /draft\/multiline-concat/);
  const label = /label=(\w+)/.exec(said[0]!)![1];
  server.say(
    `@label=${label};msgid=m1 :Ann!a@h BATCH +e draft/multiline #lobby`,
    "@batch=e :Ann!a@h PRIVMSG #lobby first",
    `@batch=e :Ann!a@h PRIVMSG #lobby ${"x".repeat(350)}`,
    `@batch=e;draft/multiline-concat :Ann!a@h PRIVMSG #lobby ${"x".repeat(150)}`,
    ":Ann!a@h BATCH -e",
  );
  assert.deepEqual(texts(server), [`first\n${"x".repeat(500)}`]);
});

test("what others say is counted where one is not, and what calls one by name beside it", () => {
  const server = serve();
  page(server);
  server.say(":Ann!a@h JOIN #tea", "@msgid=1 :Bob!b@h PRIVMSG #tea :hi", "@msgid=2 :Bob!b@h PRIVMSG #tea :hi, ann!");
  server.say("@msgid=3 :Bob!b@h PRIVMSG Ann :psst");
  const counts = server.chat.sorted().map((one) => [one.name, one.unread, one.mentions]);
  assert.deepEqual(counts, [["#lobby", 0, 0], ["#tea", 2, 1], ["Bob", 1, 1]]);
});

test("people are ranked, renamed and gone", () => {
  const server = serve();
  const lobby = server.lobby();
  assert.deepEqual(lobby.rankOf("bob") < lobby.rankOf("ann"), true);
  server.say(":Bob!b@h MODE #lobby -o+v Bob Ann", ":Bob!b@h NICK Rob");
  assert.deepEqual([...lobby.members], [["ann", "+"], ["rob", ""]]);
  server.say(":Rob!b@h QUIT :bye");
  assert.deepEqual([...lobby.members.keys()], ["ann"]);
});

test("what was taken back is gone", () => {
  const server = serve();
  page(server, line("a", "secret", "h"));
  server.say(":Bob!b@h REDACT #lobby a :oops");
  assert.deepEqual([texts(server), server.lobby().entries[0]!.isRedacted], [[""], true]);
});

test("no line from the server breaks the chat", () => {
  const server = serve();
  page(server);
  const commands = ["PRIVMSG", "NOTICE", "TAGMSG", "JOIN", "NICK", "MODE", "353", "005", "332", "900", "TOPIC", "PART", "QUIT",
    "KICK", "RENAME", "AWAY", "ACCOUNT", "SETNAME", "CHGHOST", "REDACT", "MARKREAD", "UNREAD", "INVITE", "FAIL", "BATCH", "PING"];
  for (const command of commands) {
    for (const rest of ["", " :", " #x", " x y z", " #lobby :", " +a b c d", " -a", " __proto__ constructor :__proto__"]) {
      for (const start of ["", ":", ":x!y@z ", "@batch=q;time=x;msgid= :__proto__ "]) server.say(`${start}${command}${rest}`);
    }
  }
  assert.equal(server.chat.state, "in");
});

test("Tab completes a name, and then the next", () => {
  const words = ["Bob", "bonnie", "#bonn", "/join"];
  const first = complete("bo", 2, null, words)!;
  assert.deepEqual([first.text, first.at], ["Bob: ", 5]);
  const second = complete(first.text, first.at, first, words)!;
  assert.equal(second.text, "bonnie: ");
  assert.equal(complete("hi bo there", 5, null, words)!.text, "hi Bob  there");
  assert.equal(complete("/jo", 3, null, words)!.text, "/join ");
  assert.equal(complete("zz", 2, null, words), null);
});

test("a guest comes back by what the server has told him, and as another where that is not known any more", () => {
  const server = serve();
  server.say(":s GUEST u1.seal");
  server.sent.length = 0;
  server.ends.closed();
  server.chat.hurry();
  server.welcome();
  assert.ok(server.sent.indexOf("GUEST u1.seal") >= 0);
  assert.ok(server.sent.indexOf("GUEST u1.seal") < server.sent.indexOf("NICK Ann"));
  server.ends.closed();
  server.chat.hurry();
  server.ends.opened();
  server.say(":s CAP * LS :", ":s FAIL GUEST GONE :You are a new one", ":s 421 * GUEST :Unknown command", ":s 001 Ann :Welcome");
  assert.equal(server.chat.state, "in");
});
