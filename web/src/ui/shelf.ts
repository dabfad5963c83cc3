// A shelf in the browser's own database, for what is too much for its settings. Where it is forbidden, nothing is kept.

const DATABASE = "veche";
const STORE = "shelf";

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((done, fail) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  return opened;
}

async function act<T>(mode: IDBTransactionMode, what: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const database = await open();
    return await new Promise<T>((done, fail) => {
      const request = what(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
  } catch {
    return undefined;
  }
}

export const read = (name: string): Promise<unknown> => act<unknown>("readonly", (store) => store.get(name));
export const write = (name: string, value: unknown): Promise<unknown> => act("readwrite", (store) => store.put(value, name));
export const forget = (name: string): Promise<unknown> => act("readwrite", (store) => store.delete(name));
