// What the page says. The bot's own words come from its catalogue.

export const STATUS = {
  idle: "Ready when you are",
  microphone: "Waiting for your microphone …",
  connecting: "Connecting …",
  bot: "Bot is speaking",
  caller: "Your turn: speak or press",
  muted: "You are muted; keys work",
  lost: "Connection lost, trying again …",
  ending: "Ending the call …",
  over: "Call ended",
};

export const MICROPHONE = {
  blocked: ["Your microphone is blocked.", "Allow it beside the address above and call again. Until then answer on the dial pad."],
  missing: ["No microphone was found.", "You will hear the bot; answer on the dial pad."],
  insecure: ["This page came without https.", "Browsers give no microphone then. Answer on the dial pad."],
  failed: ["The microphone could not be opened.", "Another program may be using it. Answer on the dial pad."],
};

const GONE = ["The server cannot be reached.", "It may be restarting. Try again in a moment."];

const BUSY = ["All lines are busy.", "Try again in a minute."];
const ENDING = ["The server is about to end.", "Try again in a few minutes."];

// By close code, or by the API's error code, when the call was never taken.
export const NOT_TAKEN = {
  4401: ["This link was used already, or is too old.", "Ask for a new one."],
  4503: BUSY,
  busy: BUSY,
  4504: ENDING,
  ending: ENDING,
  4500: ["The call could not begin.", "Something on the server is wrong; its log says what."],
  gone: GONE,
};

export const BROKEN_OFF = {
  4429: "The call was ended: this browser sent more than a call does.",
  4400: "The call was ended: this page is older or newer than the server. Reload it.",
  4409: "The call went on over another connection.",
  gone: "The connection was lost, and the call with it.",
  hungUp: "You hung up while the connection was lost.",
};

// What became of the payment then; by the names of aftermath.js.
export const AFTERMATH = {
  nothing: "Nothing was charged.",
  paid: "Your payment had gone through.",
  open: "Your payment had been sent, and the bank's answer is not known here. It is settled without you, and only once: do not pay again before whoever sent you the bill has told you what came of it.",
  maybe: "If you had said yes to the payment, it is settled without you, and only once: do not pay again before whoever sent you the bill has told you what came of it. If you had not, nothing was charged.",
  asking: "Asking what became of it …",
  newLink: "Your link opened this one call; ask whoever sent it for a new one.",
};

export const NO_BILL = ["There is nothing to pay here.", "Open the link that you were sent; it knows your bill."];

export const RESULTS = {
  success: ["Paid", "Thank you. Your payment went through."],
  declined: ["Declined", "The bank did not approve the payment. Nothing was charged."],
  "too-many-failed-attempts": ["Not paid", "Too many answers could not be used. Nothing was charged."],
  "caller-cancelled": ["Cancelled", "As you wished. Nothing was charged."],
  "caller-hung-up": ["Hung up", "The call ended early."],
  timeout: ["Not paid", "Nothing was heard for a while. Nothing was charged."],
  "gateway-unavailable": ["Not paid", "The bank could not be reached. Nothing was charged."],
  "outcome-unknown": ["Not certain yet", "The bank's answer was lost. It is being looked up; you will not be charged twice."],
  "agent-requested": ["Over to a person", "The call is passed on. Nothing was charged by the bot."],
  "not-identified": ["Not paid", "You could not be identified."],
  "internal-error": ["Something went wrong", "The call broke off on our side. If you had confirmed, the payment is settled, once."],
};

// What the caller said and was not taken; by the server's word for it.
export const DROPPED = {
  speech: "This sentence has to be heard first; keys count.",
  "cut speech": "The connection broke while you spoke; please say it again.",
};

export const ERRORS = {
  timeout: "no answer",
  "invalid-card-number": "not a card number",
  "invalid-card-type": "card not accepted",
  "invalid-date": "not a valid date",
  "invalid-security-code": "not valid",
  "invalid-postal-code": "not valid",
  "invalid-amount": "not possible",
  "not-understood": "not understood",
  "not-confirmed": "to be changed",
  "card-declined": "declined",
};

// A caller's words are masked by the server: <digits>, <amount>, <date>.
export function asHeard(text) {
  const shown = { amount: "[amount]", date: "[date]", digits: "••••" };
  return text.replace(/<(\w+)>/g, (whole, name) => shown[name] ?? whole);
}
