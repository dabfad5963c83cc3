// The service worker: the page opens without a network, so that what was loaded can be read.
//
// The rule: the page itself is asked for each time and taken from here only when nobody answers; files whose names change
// with what is in them are kept. Nothing that anybody said comes by here: that goes by WebSocket.

const worker = self as unknown as ServiceWorkerGlobalScope;
const SHELF = "veche-page";
const PATIENCE = 4000; // milliseconds for which one waits for the server before what is kept is shown
const home = new URL("./", worker.location.href).href;

worker.addEventListener("install", (event) => {
  event.waitUntil(fetchPage().then(() => worker.skipWaiting()));
});
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const address = request.url.replace(/#.*/, "");
  if (address === home) event.respondWith(page());
  else if (address.startsWith(`${home}assets/`)) event.respondWith(asset(request));
});
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(worker.clients.matchAll({ type: "window" }).then(([first]) => first?.focus() ?? worker.clients.openWindow(home)));
});

async function page(): Promise<Response> {
  const fresh = fetchPage();
  const late = new Promise<undefined>((done) => setTimeout(done, PATIENCE));
  try {
    const found = await Promise.race([fresh, late]);
    if (found !== undefined) return found;
  } catch {
    // Nobody answers.
  }
  return (await caches.match(home)) ?? fresh;
}

/** Ask for the page and keep it, with the files that it names and no others. */
async function fetchPage(): Promise<Response> {
  const found = await fetch(home, { cache: "no-store" });
  if (!found.ok) return found;
  const shelf = await caches.open(SHELF);
  const named = new Set((await found.clone().text()).match(/assets\/[\w.-]+/g)?.map((name) => home + name));
  const kept = (await shelf.keys()).map((request) => request.url);
  await shelf.addAll([...named].filter((name) => !kept.includes(name)));
  await shelf.put(home, found.clone());
  await Promise.all(kept.filter((name) => name !== home && !named.has(name)).map((name) => shelf.delete(name)));
  return found;
}

async function asset(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}
