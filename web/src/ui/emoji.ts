// The emoji that one can name, for completion after ":" and for reactions. The names are those of other chats, in English.

const NAMES =
  "👍+1 thumbsup|👎-1 thumbsdown|❤️heart|😂joy|🎉tada party|😮open_mouth wow|👀eyes|🙏pray thanks|🔥fire|✅white_check_mark done|❌x no|" +
  "😀grinning|😃smiley|😄smile|😁grin|😅sweat_smile|🤣rofl|🙂slightly_smiling|😉wink|😊blush|😇innocent|🥰in_love|😍heart_eyes|" +
  "😘kissing_heart|😋yum|😜stuck_out_tongue|🤔thinking|🤐zipper_mouth|😐neutral|😏smirk|😒unamused|🙄rolling_eyes|😬grimacing|" +
  "😌relieved|😴sleeping|🤒sick|🤯mind_blown|😎sunglasses cool|🤓nerd|😕confused|🙁frowning|😯hushed|😢cry|😭sob|😱scream|😤triumph|" +
  "😡rage angry|💀skull|💩poop|🤡clown|👻ghost|🤖robot|😺cat_smile|👋wave|✋hand|👌ok_hand|✌️v peace|🤞crossed_fingers|👈point_left|" +
  "👉point_right|👆point_up|👇point_down|👏clap|🙌raised_hands|🤝handshake|💪muscle|✍️writing|💔broken_heart|💯100|💥boom|💡bulb idea|" +
  "💤zzz|⭐star|🌟star2|✨sparkles|⚡zap|☀️sun|🌧️rain|❄️snow|🌈rainbow|🌍earth|🐶dog|🐱cat|🐭mouse|🐻bear|🐸frog|🐝bee|🐢turtle|🐟fish|" +
  "🌹rose|🌻sunflower|🌲tree|🍀clover|🍎apple|🍌banana|🍓strawberry|🥑avocado|🍞bread|🧀cheese|🍕pizza|🍔burger|🍰cake|🎂birthday|🍪cookie|" +
  "🍫chocolate|☕coffee|🍵tea|🫖teapot|🍺beer|🍷wine|🥂cheers|⚽soccer|🏀basketball|🏆trophy|🎮game|🎲dice|🎵music|🎸guitar|🎨art|📷camera|" +
  "📱phone|💻laptop|🖨️printer|📚books|📝memo|📌pin|📎clip|🔒lock|🔑key|🔧wrench|🔨hammer|⚙️gear|🧪test|🚀rocket|✈️plane|🚗car|🚲bike|🚂train|" +
  "⏰alarm|⏳hourglass|📅calendar|💰money|🎁gift|🏠house|🏫school|🛒cart|❓question|❗exclamation|⚠️warning|🚫no_entry|➕plus|➖minus|🔍search|🔔bell|" +
  "🟢green|🟡yellow|🔴red|🇷🇺ru|🏁finish|🏳️flag";

export interface Emoji {
  text: string;
  names: string[];
}

export const EMOJI: Emoji[] = NAMES.split("|").map((one) => {
  const at = one.search(/[+\-a-z0-9]/);
  return { text: one.slice(0, at), names: one.slice(at).split(" ") };
});

/** Those whose name has the word in it, those that begin with it first. */
export function findEmoji(word: string): Emoji[] {
  const sought = word.toLowerCase();
  const begins = EMOJI.filter((one) => one.names.some((name) => name.startsWith(sought)));
  return [...begins, ...EMOJI.filter((one) => !begins.includes(one) && one.names.some((name) => name.includes(sought)))];
}
