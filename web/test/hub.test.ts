// Several tabs and one connection: what goes where.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ends, Link } from "../src/chat/link.ts";
import { Hub } from "../src/share/hub.ts";

interface Tab {
  heard: string[];
  isClosed: boolean;
  link: Link;
}

class Server {
  sent: string[] = [];
  ends: Ends | null = null;
  isForgotten = false;
  hub = new Hub("Ann", (ends) => {
    this.ends = ends;
    return { send: (line) => this.sent.push(line), close: () => ends.closed() };
  }, () => { this.isForgotten = true; });

  say(...lines: string[]): void {
    for (const line of lines) this.ends!.line(line);
  }

  tab(): Tab {
    const tab: Tab = { heard: [], isClosed: false, link: null as unknown as Link };
    const begin = (): void => queueMicrotask(() => tab.link.send("CAP LS 302"));
    tab.link = this.hub.sit({ opened: begin, line: (line) => tab.heard.push(line), closed: () => { tab.isClosed = true; } });
    return tab;
  }

  /** The first tab, in a room. */
  first(): Tab {
    const tab = this.tab();
    this.say(":s CAP * LS :batch message-tags sasl", ":s CAP Ann ACK :batch message-tags", ":s 001 Ann :Welcome", ":s 005 Ann CHATHISTORY=100 :are", ":s 376 Ann :End");
    this.say(":Ann!a@h JOIN #tea", ":s 332 Ann #tea :leaves", ":s 353 Ann = #tea :@Ann!a@h Bob!b@h", ":s 366 Ann #tea :End");
    return tab;
  }

  /** Another one, which has been let in. */
  async later(): Promise<Tab> {
    const tab = this.tab();
    await Promise.resolve();
    tab.link.send("CAP REQ :batch message-tags");
    tab.link.send("NICK Ann");
    tab.link.send("USER web 0 * Ann");
    tab.link.send("CAP END");
    return tab;
  }
}

const since = (tab: Tab): string[] => tab.heard.splice(0);

test("a tab that comes later is served the arrival and the rooms, and the server hears of no second one", async () => {
  const server = new Server();
  server.first();
  server.sent.length = 0;
  const second = await server.later();
  assert.deepEqual(since(second), [
    ":s CAP * LS :batch message-tags sasl", "CAP * ACK :batch message-tags",
    ":s 001 Ann :Welcome", ":s 005 Ann CHATHISTORY=100 :are", ":s 376 Ann :End", ":Ann!a@h JOIN :#tea",
  ]);
  assert.deepEqual(server.sent, ["@label=t2.names NAMES #tea", "@label=t2.names TOPIC #tea"]);
  server.say("@label=t2.names :s 353 Ann = #tea :@Ann Bob");
  assert.deepEqual(since(second), [":s 353 Ann = #tea :@Ann Bob"]);
});

test("an answer goes to the tab that asked, under its own label", async () => {
  const server = new Server();
  const first = server.first();
  const second = await server.later();
  since(first);
  since(second);
  server.sent.length = 0;
  second.link.send("@label=7;+x=y WHOIS Bob");
  first.link.send("@+typing=active;label=7 WHOIS Cid");
  assert.deepEqual(server.sent, ["@label=t2.7;+x=y WHOIS Bob", "@+typing=active;label=t1.7 WHOIS Cid"]);
  server.say("@label=t2.7 :s BATCH +b labeled-response", "@batch=b :s 311 Ann Bob b h * :Bob", ":s BATCH -b");
  assert.deepEqual(since(first), []);
  assert.deepEqual(since(second), ["@label=7 :s BATCH +b :labeled-response", "@batch=b :s 311 Ann Bob b h * :Bob", ":s BATCH :-b"]);
  await Promise.resolve();
  server.say("@label=t1.8 :s BATCH +h chathistory #tea", "@batch=h;msgid=1 :Bob!b@h PRIVMSG #tea :old", ":s BATCH -h");
  assert.deepEqual(since(second), []);
  assert.equal(since(first).length, 3);
});

test("what one says in one tab is heard in all, under a label in that one alone", async () => {
  const server = new Server();
  const first = server.first();
  const second = await server.later();
  since(first);
  since(second);
  server.say("@label=t1.9;msgid=5 :Ann!a@h PRIVMSG #tea :hello");
  assert.deepEqual(since(first), ["@label=9;msgid=5 :Ann!a@h PRIVMSG #tea :hello"]);
  assert.deepEqual(since(second), ["@msgid=5 :Ann!a@h PRIVMSG #tea :hello"]);
  // A text of several lines; and one inside of an answer.
  server.say("@label=t1.a;msgid=6 :Ann!a@h BATCH +m draft/multiline #tea", "@batch=m :Ann!a@h PRIVMSG #tea :one", ":s BATCH -m");
  assert.deepEqual(since(second), ["@msgid=6 :Ann!a@h BATCH +m draft/multiline :#tea", "@batch=m :Ann!a@h PRIVMSG #tea :one", ":s BATCH :-m"]);
  await Promise.resolve();
  since(first);
  server.say("@label=t1.b :s BATCH +r labeled-response", "@batch=r :Ann!a@h JOIN #cake", "@batch=r :s 353 Ann = #cake :@Ann!a@h", "@batch=r :s 315 Ann :x", ":s BATCH -r");
  assert.deepEqual(since(second), [":Ann!a@h JOIN :#cake", ":s 353 Ann = #cake :@Ann!a@h"]);
  // What a service answers is for who asked.
  server.say("@label=t1.c :NickServ!s@s NOTICE Ann :your secret");
  assert.deepEqual(since(second), []);
  // What comes by itself is for all.
  server.say(":Bob!b@h PRIVMSG #tea :tea?");
  assert.deepEqual(since(second), [":Bob!b@h PRIVMSG #tea :tea?"]);
});

test("one tab answers a PING, and the last one ends the connection", async () => {
  const server = new Server();
  const first = server.first();
  const second = await server.later();
  since(first);
  since(second);
  server.say(":s PING x");
  assert.equal(since(first).length + since(second).length, 1);
  first.link.close();
  assert.equal(server.isForgotten, false);
  server.say(":Bob!b@h PRIVMSG #tea :still there?", ":s PING y");
  assert.equal(since(second).length, 2);
  assert.deepEqual(since(first), []);
  second.link.close();
  assert.equal(server.isForgotten, true);
});

test("a connection that breaks is lost to all; a new name and rooms that were left are known to who comes later", async () => {
  const server = new Server();
  const first = server.first();
  server.say(":Ann!a@h NICK Anna", ":Anna!a@h JOIN #cake", ":Anna!a@h JOIN #bun", ":Anna!a@h PART #bun");
  const second = await server.later();
  const heard = since(second);
  assert.ok(heard.includes(":s 001 Anna :Welcome"));
  assert.deepEqual(heard.filter((line) => line.includes("JOIN")), [":Anna!a@h JOIN :#tea", ":Anna!a@h JOIN :#cake"]);
  server.ends!.closed();
  assert.ok(first.isClosed && second.isClosed);
});

test("who comes while another tab still arrives waits for it", async () => {
  const server = new Server();
  const first = server.tab();
  const second = server.tab();
  await Promise.resolve();
  assert.deepEqual([second.heard, server.sent], [[], []]);
  server.say(":s CAP * LS :batch", ":s 001 Ann :Welcome", ":s 422 Ann :none");
  await Promise.resolve();
  assert.equal(second.heard[0], ":s CAP * LS :batch");
  assert.equal(first.heard.length, 3);
});

test("every tab knows by what the guest comes back", async () => {
  const server = new Server();
  const first = server.first();
  server.say(":s GUEST u1.seal");
  const second = await server.later();
  assert.ok(since(first).includes(":s GUEST u1.seal"));
  assert.ok(since(second).includes(":s GUEST :u1.seal"));
});
