// Every text that a reader sees, in English and Russian. Forms of a number stand between bars: one|many, один|два|пять.
//
// The rule: no other file holds words for people; both languages have every phrase, and the same {names} in it.

export type Language = "en" | "ru";

const TABLE = {
  chat: ["Chat", "Чат"],
  "your-name": ["Your name", "Ваше имя"],
  password: ["Password", "Пароль"],
  email: ["E-mail (may be left empty)", "Почта (можно не указывать)"],
  "come-in": ["Come in", "Войти"],
  "as-guest": ["As a guest", "Гостем"],
  "log-in": ["Log in", "По паролю"],
  register: ["Register", "Регистрация"],
  "make-account": ["Make an account", "Создать учётную запись"],
  "guest-hint": ["A name is enough. No account is needed.", "Достаточно имени. Учётная запись не нужна."],
  "login-hint": [
    "For those who have an account here: the same person on every device.",
    "Для тех, у кого здесь есть учётная запись: один человек на всех устройствах.",
  ],
  "register-hint": [
    "Keeps your name for you, and what was said to you while you are away.",
    "Закрепит за вами имя и сохранит то, что вам сказали, пока вас нет.",
  ],
  coming: ["Coming in…", "Входим…"],
  "other-ways": ["Other ways in: IRC clients, nc", "Другие двери: клиенты IRC, nc"],
  "bad-name": [
    "This cannot be a name here: one word of letters of one alphabet and digits, a letter first.",
    "Такое имя здесь невозможно: нужно одно слово из букв одного алфавита и цифр, первой — буква.",
  ],
  "name-taken": [
    "This name is taken. Choose another one, or log in if it is yours.",
    "Это имя занято. Выберите другое или войдите по паролю, если оно ваше.",
  ],
  "bad-login": ["The name or the password is wrong.", "Имя или пароль неверны."],
  "server-password": ["This server lets in only those who know its password.", "Сервер впускает только тех, кто знает его пароль."],
  "not-safe": [
    "A password would not be safe on this connection. Open this page by https.",
    "Пароль по этому соединению небезопасен. Откройте страницу по https.",
  ],
  verify: [
    "The server has sent you a code. Confirm it with any IRC client (VERIFY), then log in here.",
    "Сервер выслал вам код. Подтвердите его любым клиентом IRC (VERIFY), затем войдите здесь.",
  ],
  unreachable: ["The server does not answer. Try again in a moment.", "Сервер не отвечает. Попробуйте чуть позже."],
  lost: ["The connection is gone. What you write is kept and sent later.", "Связь пропала. Написанное не потеряется и уйдёт позже."],
  "lost-in": ["Trying again in {n} s.|Trying again in {n} s.", "Попытка через {n} с.|Попытка через {n} с.|Попытка через {n} с."],
  "lost-now": ["Trying now…", "Пробуем…"],
  "try-now": ["Try now", "Попробовать сейчас"],
  rooms: ["Rooms", "Комнаты"],
  direct: ["Direct messages", "Личные сообщения"],
  "no-direct": ["Choose somebody from the list of people to talk alone.", "Выберите человека из списка, чтобы поговорить вдвоём."],
  "all-rooms": ["All rooms", "Все комнаты"],
  "find-room": ["Find a room, or name a new one", "Найти комнату или назвать новую"],
  "make-room": ["Make {name}", "Создать {name}"],
  "go-room": ["Go to {name}", "Перейти в {name}"],
  "no-rooms": ["There is no such room. Make it: type its name.", "Такой комнаты нет. Создайте её: введите название."],
  people: ["People", "Люди"],
  "find-person": ["Find somebody", "Найти человека"],
  nobody: ["Nobody of that name here.", "Никого с таким именем здесь нет."],
  "n-people": ["{n} person|{n} people", "{n} человек|{n} человека|{n} человек"],
  owners: ["Owners", "Владельцы"],
  operators: ["Operators", "Операторы"],
  helpers: ["Helpers", "Помощники"],
  voices: ["With a voice", "С голосом"],
  members: ["Members", "Участники"],
  away: ["away", "не на месте"],
  you: ["you", "вы"],
  guest: ["guest", "гость"],
  "has-account": ["account {name}", "учётная запись {name}"],
  "write-to": ["Write to {name}", "Написать {name}"],
  "write-in": ["Message {name}", "Сообщение в {name}"],
  send: ["Send", "Отправить"],
  reply: ["Reply", "Ответить"],
  react: ["React", "Реакция"],
  "react-with": ["React with {text}", "Отметить {text}"],
  remove: ["Take back", "Убрать"],
  "really-remove": ["Take this message back for everybody?", "Убрать это сообщение у всех?"],
  removed: ["This message was taken back.", "Сообщение убрано."],
  cancel: ["Cancel", "Отмена"],
  close: ["Close", "Закрыть"],
  leave: ["Leave", "Выйти"],
  "leave-room": ["Leave {name}", "Покинуть {name}"],
  "answer-to": ["Answering {name}", "Ответ для {name}"],
  "answer-unknown": ["an older message", "более раннее сообщение"],
  sending: ["sending", "отправляется"],
  waiting: ["waits for the connection", "ждёт связи"],
  kept: ["on the server’s disk", "на диске сервера"],
  failed: ["Not sent: {reason}", "Не отправлено: {reason}"],
  retry: ["Try again", "Повторить"],
  discard: ["Discard", "Удалить"],
  "types-1": ["{a} is typing…", "{a} печатает…"],
  "types-2": ["{a} and {b} are typing…", "{a} и {b} печатают…"],
  "types-many": ["Several people are typing…", "Печатают несколько человек…"],
  "new-line": ["New", "Новое"],
  "to-newest": ["To the newest", "К новым"],
  "n-new": ["{n} new message|{n} new messages", "{n} новое сообщение|{n} новых сообщения|{n} новых сообщений"],
  "the-beginning": ["This is the beginning of {name}.", "Это начало {name}."],
  "nothing-yet": ["Nothing has been said here yet. Say hello!", "Здесь ещё ничего не сказано. Поздоровайтесь!"],
  loading: ["Loading…", "Загружаем…"],
  today: ["Today", "Сегодня"],
  yesterday: ["Yesterday", "Вчера"],
  joined: ["{a} came in", "{a} теперь здесь"],
  left: ["{a} left", "{a} больше не здесь"],
  renamed: ["{a} is now {b}", "{a} теперь {b}"],
  kicked: ["{b} removed {a} from the room", "{b} удаляет {a} из комнаты"],
  topic: ["{a} changed the topic: {b}", "{a} меняет тему: {b}"],
  settings: ["Settings", "Настройки"],
  theme: ["Theme", "Тема"],
  "theme-system": ["As the system", "Как в системе"],
  "theme-light": ["Light", "Светлая"],
  "theme-dark": ["Dark", "Тёмная"],
  language: ["Language", "Язык"],
  "log-out": ["Leave the chat", "Выйти из чата"],
  menu: ["Conversations", "Разговоры"],
  mentions: ["{n} for you|{n} for you", "{n} для вас|{n} для вас|{n} для вас"],
  unread: ["{n} unread|{n} unread", "{n} непрочитанное|{n} непрочитанных|{n} непрочитанных"],
  "choose-conversation": ["Choose a room or a person.", "Выберите комнату или человека."],
  notice: ["notice", "уведомление"],
  "not-in-room": ["You are not in this room.", "Вы не в этой комнате."],
  messages: ["Messages", "Сообщения"],
} satisfies Record<string, [string, string]>;

export type Phrase = keyof typeof TABLE;

let language: Language = "en";

export function setLanguage(chosen: Language): void {
  language = chosen;
}

export function currentLanguage(): Language {
  return language;
}

const rules = { en: new Intl.PluralRules("en"), ru: new Intl.PluralRules("ru") };
const FORMS = { en: ["one", "other"], ru: ["one", "few", "many"] };

/** A phrase in the reader's language; `n` chooses the form where there are several. */
export function t(phrase: Phrase, values: Record<string, string | number> = {}): string {
  const forms = TABLE[phrase][language === "ru" ? 1 : 0].split("|");
  let text = forms[0]!;
  if (forms.length > 1) {
    const form = FORMS[language].indexOf(rules[language].select(Number(values["n"] ?? 0)));
    text = forms[form] ?? forms.at(-1)!;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Whether a word names a phrase: for what comes from elsewhere, like the kind of an event. */
export function isPhrase(word: string): word is Phrase {
  return Object.hasOwn(TABLE, word);
}

export const PHRASES: Record<string, [string, string]> = TABLE;
