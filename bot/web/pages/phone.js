// The page: what is shown and pressed. Sound is in sound.js, the connection in line.js.

import { Line } from "./line.js";
import { Sound } from "./sound.js";
import { keepAwake, letSleep } from "./awake.js";
import { byResult, bySteps, lastSeen, resultOf } from "./aftermath.js";
import { AFTERMATH, asHeard, BROKEN_OFF, DROPPED, ERRORS, MICROPHONE, NO_BILL, NOT_TAKEN, RESULTS, STATUS } from "./words.js";

const LAST_WORDS_SECONDS = 8; // what the bot still says when the call is over is heard
const SPEAKS = 0.01; // of full scale
const PAUSE_MS = 700; // between two sentences the bot still has the word

const at = (id) => document.getElementById(id);
const state = { about: null, token: tokenInAddress(), line: null, sound: null, phase: "idle", muted: false,
  began: 0, botSpokeAt: 0, keys: null, caption: null, over: null, call: null };
// call: of the one that was taken last its id, token, the last step seen, and whether the token came by a link.

function tokenInAddress() {
  // Behind the #, which no server and no log ever sees; and gone from the address at once.
  const token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname);
  return token;
}

// --- showing

function phase(name) {
  state.phase = name;
  document.body.dataset.state = name;
  const calling = name !== "idle";
  at("call-words").textContent = calling ? "Hang up" : "Call";
  at("mute").disabled = name !== "in-call";
  at("language").disabled = calling;
  at("caption").setAttribute("aria-hidden", String(calling)); // then the conversation says it, once
}

function status(words) {
  if (at("status").textContent !== words) at("status").textContent = words;
}

function notice(words, again = false) {
  at("notice").hidden = !words;
  at("notice-again").hidden = !again;
  if (!words) return;
  [at("notice-title").textContent, at("notice-text").textContent] = words;
}

function level(id, loudness) {
  const decibels = 20 * Math.log10(Math.max(loudness, 1e-4));
  at(id).style.transform = `scaleX(${Math.max(0, Math.min(1, 1 + decibels / 48)).toFixed(3)})`;
}

function say(who, text) {
  at("talk-empty").hidden = true;
  const line = document.createElement("li");
  line.className = who;
  line.textContent = text;
  if (who !== "note") {
    const speaker = document.createElement("span");
    speaker.className = "hidden-words";
    speaker.textContent = who === "bot" ? "Bot: " : "You: ";
    line.prepend(speaker);
  }
  at("talk").append(line);
  at("talk").scrollTop = at("talk").scrollHeight;
  return line;
}

function step(name, how, detail) {
  const line = document.querySelector(`[data-step="${CSS.escape(name)}"]`);
  if (!line) return;
  unmarked(line);
  line.dataset.state = how;
  const spoken = document.createElement("span");
  spoken.className = "hidden-words";
  spoken.textContent = { entering: "being asked", done: "done", failed: "failed" }[how] ?? "";
  line.firstElementChild.append(spoken);
  const shown = how === "failed" ? ERRORS[detail] ?? detail : detail;
  if (shown) {
    const note = document.createElement("em");
    note.textContent = shown;
    line.append(note);
  }
}

function unmarked(line) {
  delete line.dataset.state;
  line.querySelector("em")?.remove();
  line.querySelector(".hidden-words")?.remove();
}

function cleared() {
  at("talk").replaceChildren();
  at("talk-empty").hidden = false;
  at("result").hidden = true;
  document.querySelectorAll("[data-step]").forEach(unmarked);
}

function showResult(result) {
  const [title, text] = RESULTS[result.status] ?? ["Call ended", ""];
  at("result").dataset.paid = String(result.status === "success");
  at("result-title").textContent = title;
  at("result-text").textContent =
    result.status === "caller-hung-up" ? `${text} ${AFTERMATH[byResult(result, state.call?.seen)]}` : text;
  const details = [
    ["Amount", result.amount && `${result.amount} ${result.currency}`],
    ["Card", result.last_four && `•••• ${result.last_four}`],
    ["Reference", result.reference],
  ];
  at("result-details").replaceChildren(
    ...details.filter(([, value]) => value).map(([name, value]) => {
      const group = document.createElement("div");
      group.append(Object.assign(document.createElement("dt"), { textContent: name }),
        Object.assign(document.createElement("dd"), { textContent: value }));
      return group;
    }),
  );
  at("result").hidden = false;
  at("result").focus({ preventScroll: true });
  at("result").scrollIntoView({ block: "nearest" });
}

// --- a call

async function call() {
  phase("connecting");
  notice(null);
  cleared();
  status(STATUS.microphone);
  at("caption").textContent = "";
  state.muted = false;
  state.over = null;
  showMute();
  const sound = new Sound(onPiece, (problem) => notice(MICROPHONE[problem]));
  state.sound = sound;
  try {
    const rate = await sound.open();
    if (rate === null) return; // hung up while the browser asked
    if (sound.problem) notice(MICROPHONE[sound.problem]);
    status(STATUS.connecting);
    const token = state.token || (await demoToken());
    if (state.sound !== sound) return;
    if (!token) {
      notice(NO_BILL);
      await idle();
      return;
    }
    state.line = new Line({ ready: (id) => ready(id, token), lost, back, sound: (buffer) => sound.play(buffer), clear: () => sound.clear(), caption, happened, ended, closed });
    state.line.open(token, rate);
  } catch (error) {
    if (state.sound !== sound) return; // of a call that was hung up
    // What could not be fetched: a TypeError; of a worklet, an AbortError.
    const gone = error instanceof TypeError || error.name === "AbortError";
    notice(error.words ?? (gone ? NOT_TAKEN.gone : MICROPHONE.failed));
    await idle();
  }
}

async function demoToken() {
  if (state.about && !state.about.demo) return null;
  const answer = await fetch("/api/demo", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ language: at("language").value }),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(), { words: NOT_TAKEN[told.error?.code] ?? NOT_TAKEN[4500] });
  return told.token;
}

function ready(id, token) {
  state.call = { id, token, byLink: Boolean(state.token), seen: null };
  state.token = "";
  state.began = performance.now();
  phase("in-call");
  keepAwake(inCall);
}

const inCall = () => state.phase === "in-call";

function lost() {
  document.body.dataset.lost = "true";
  state.sound?.clear();
}

function back() {
  document.body.dataset.lost = "false";
}

function onPiece({ sound, you, bot, waiting }) {
  state.line?.send(sound);
  level("level-you", you);
  level("level-bot", bot);
  const now = performance.now();
  if (bot > SPEAKS) state.botSpokeAt = now;
  const speaking = now - state.botSpokeAt < PAUSE_MS;
  if (state.over && (!speaking || now - state.over.at > LAST_WORDS_SECONDS * 1000)) finish();
  if (state.phase !== "in-call") return;
  const seconds = Math.floor((now - state.began) / 1000);
  at("time").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (state.line.isLost) status(STATUS.lost);
  else if (!state.over) status(state.muted ? STATUS.muted : speaking ? STATUS.bot : STATUS.caller);
}

function caption(text) {
  at("caption").textContent = text;
  at("caption").classList.remove("cut");
  state.keys = null;
  state.caption = say("bot", text);
}

function happened({ kind, text, details }) {
  switch (kind) {
    case "step":
      step(text, details.state, details.detail);
      state.call.seen = lastSeen(state.call.seen, { step: text, state: details.state, detail: details.detail });
      break;
    case "prompt":
      if (details.completed === false) {
        state.caption?.classList.add("cut");
        at("caption").classList.add("cut");
      }
      break;
    case "heard":
      state.keys = null;
      say("caller", text === "(nothing recognised)" ? "(not understood)" : asHeard(text));
      break;
    case "key":
      if (state.keys) state.keys.append(text);
      else state.keys = say("caller", text);
      break;
    case "dropped":
      say("note", DROPPED[text] ?? DROPPED.speech);
      break;
    case "degraded":
      say("note", text);
      break;
    default:
  }
}

function ended(result) {
  state.over = { result, at: performance.now() };
  status(STATUS.ending);
}

async function finish() {
  const { result } = state.over;
  state.over = null;
  await idle();
  status(STATUS.over);
  showResult(result);
}

async function closed({ code, before }) {
  if (before && code === 4401) state.token = "";
  await idle();
  status(STATUS.over);
  if (before) notice(NOT_TAKEN[code] ?? NOT_TAKEN.gone);
  else await brokenOff(BROKEN_OFF[code] ?? BROKEN_OFF.gone);
}

async function brokenOff(title) {
  const { call } = state;
  const wanted = () => state.call === call && state.phase === "idle";
  const seen = bySteps(call.seen);
  if (seen === "nothing") {
    nothingCharged(title, call);
    return;
  }
  notice([title, `${AFTERMATH[seen]} ${AFTERMATH.asking}`]);
  const result = await resultOf(call.id, call.token, wanted);
  if (!wanted()) return;
  const became = result ? byResult(result, call.seen) : seen;
  if (became === "nothing") nothingCharged(title, call);
  else notice([title, AFTERMATH[became]]);
  if (result?.status === "success") showResult(result);
}

function nothingCharged(title, { byLink }) {
  const again = !byLink && Boolean(state.about?.demo);
  notice([title, again ? AFTERMATH.nothing : `${AFTERMATH.nothing} ${AFTERMATH.newLink}`], again);
}

async function hangUp() {
  if (state.line?.isLost) {
    await idle();
    status(STATUS.over);
    await brokenOff(BROKEN_OFF.hungUp);
    return;
  }
  if (state.phase === "in-call" && !state.over) {
    state.line.hangUp();
    status(STATUS.ending);
    state.sound.clear();
    return;
  }
  if (state.over) await finish();
  else await idle();
}

async function idle() {
  const { line, sound } = state;
  state.line = null;
  state.sound = null;
  line?.drop();
  letSleep();
  for (const line of document.querySelectorAll('[data-step][data-state="entering"]')) unmarked(line);

  document.body.dataset.lost = "false";
  phase("idle");
  status(STATUS.idle);
  at("time").textContent = "";
  level("level-you", 0);
  level("level-bot", 0);
  await sound?.close();
}

// --- pressing

function press(key) {
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!button) return;
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 150);
  if (state.phase !== "in-call" || !state.line.key(key)) return;
  navigator.vibrate?.(12);
}

function showMute() {
  at("mute-words").textContent = state.muted ? "Unmute" : "Mute";
  document.body.dataset.muted = String(state.muted);
}

at("call").addEventListener("click", () => (state.phase === "idle" ? call() : hangUp()));
at("pad").addEventListener("click", ({ target }) => {
  const button = target.closest("[data-key]");
  if (button) press(button.dataset.key);
});
at("mute").addEventListener("click", () => {
  state.muted = !state.muted;
  state.sound?.mute(state.muted);
  state.line?.mute(state.muted);
  showMute();
});
at("notice-close").addEventListener("click", () => notice(null));
at("notice-again").addEventListener("click", () => {
  if (state.phase === "idle") call();
});
document.addEventListener("keydown", (event) => {
  const elsewhere = event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select");
  if (!elsewhere && !event.repeat && /^[0-9*#]$/.test(event.key)) press(event.key);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && inCall()) keepAwake(inCall);
});
window.addEventListener("pagehide", ({ persisted }) => {
  if (!persisted) state.line?.drop(); // a browser may just let the connection break, and the call wait
});
window.addEventListener("hashchange", () => {
  // Another link, opened where this page is.
  const token = tokenInAddress();
  if (!token) return;
  state.token = token;
  at("bill").hidden = true;
  if (state.phase === "idle") notice(null);
});

// --- before the first call

async function about() {
  try {
    const answer = await fetch("/about.json");
    state.about = await answer.json();
  } catch {
    notice(NOT_TAKEN.gone);
    return;
  }
  at("language").replaceChildren(...state.about.languages.map(({ code, name }) => new Option(name, code)));
  const { demo } = state.about;
  at("bill").hidden = !demo || Boolean(state.token);
  at("cards").hidden = !demo?.test_cards.length;
  if (!demo) {
    if (!state.token) notice(NO_BILL);
    return;
  }
  at("bill-amount").textContent = demo.amount;
  at("card-list").replaceChildren(
    ...demo.test_cards.map(({ number, title }) => {
      const line = document.createElement("li");
      line.append(Object.assign(document.createElement("code"), { textContent: number.replace(/(.{4})(?=.)/g, "$1 ") }),
        Object.assign(document.createElement("span"), { className: "quiet", textContent: title }));
      return line;
    }),
  );
}

about();
