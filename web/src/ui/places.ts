// Addresses of places in the chat: a room, a message, an invitation. They stand behind the "#" of the page's address,
// which no browser sends anywhere.

export interface Address {
  room: string;
  msgid: string;
  invitation: string;
  owner: string; // the code that the server's first start prints
}

/** What an address leads to. Anybody may have written it. */
export function readAddress(hash: string): Address {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const code = (name: string): string => (/^[\w-]{1,64}$/.test(params.get(name) ?? "") ? params.get(name)! : "");
  const room = (params.get("in") ?? "").slice(0, 100);
  return {
    room: /[\s,\x00-\x1f]/.test(room) ? "" : room,
    msgid: code("at"),
    invitation: code("invitation"),
    owner: code("owner"),
  };
}

export function addressOf(room: string, msgid = ""): string {
  const params = new URLSearchParams({ in: room, ...(msgid === "" ? {} : { at: msgid }) });
  return `${location.origin}${location.pathname}#${params}`;
}

export function invitationAddress(code: string): string {
  return new URL(`invitation/${code}`, location.href.replace(/#.*/, "")).href;
}
