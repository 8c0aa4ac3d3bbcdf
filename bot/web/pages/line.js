// The line of one call: a connection, and another one when it breaks. The protocol is described in
// bot/transports/browser.py.

const LATE_SECONDS = 4; // of sound that has not left yet; past it the network stands still
const SILENT_MS = 3_000; // the server sends sound all the time: without it for so long it is not there
const PAUSES_MS = [250, 500, 1_000, 2_000]; // before each try to connect again; then always the last
const KEYS_AT_ONCE = 15; // the server takes twenty in a second for the most that fingers press

// Close codes that no further try would change: what the page sent was wrong, its call is over, goes
// on elsewhere, or ended with its process.
const FOR_GOOD = [1000, 4400, 4401, 4403, 4409, 4410, 4429];
const LOST = 4000;
const OVER = 1000;

export class Line {
  // on: ready(call), lost(), back(), sound(buffer), clear(), caption(text), happened(entry),
  // ended(result), closed({code, before}): before, when the call was never taken.
  constructor(on) {
    this.on = on;
    this.socket = null;
    this.ready = false;
    this.over = false;
    this.call = null;
    this.secret = null;
    this.told = 0; // captions and entries
    this.muted = false;
    this.keys = []; // the last that were pressed; `before` were pressed before them
    this.before = 0;
    this.blind = 0; // pressed while the line was lost
    this.lostAt = null;
    this.tries = 0;
    this.again = () => this.reconnect();
  }

  get isLost() {
    return this.lostAt !== null;
  }

  open(token, rate) {
    this.rate = rate;
    window.addEventListener("online", this.again);
    this.connect({ type: "hello", version: 1, token, rate });
  }

  connect(first) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/phone`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (socket === this.socket) this.tell(first);
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.heardAt = performance.now();
      if (typeof data === "string") this.understand(JSON.parse(data));
      else this.on.sound(data);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.socket) this.closed(code);
    };
    this.socket = socket;
  }

  understand(message) {
    switch (message.type) {
      case "ready":
        this.begun(message);
        break;
      case "clear":
        this.on.clear();
        break;
      case "caption":
        this.told += 1;
        this.on.caption(message.text);
        break;
      case "happened":
        this.told += 1;
        this.on.happened(message);
        break;
      case "ended":
        this.end();
        this.on.ended(message.result);
        break;
      default: // of a newer server
    }
  }

  begun({ call, secret, keys, reconnect_seconds: seconds }) {
    const isBack = this.call !== null;
    clearTimeout(this.timer);
    this.ready = true;
    this.call = call;
    this.secret = secret;
    this.keptMs = seconds * 1_000;
    this.lostAt = null;
    this.tries = 0;
    this.blind = 0;
    this.sendMissing(keys);
    if (this.muted) this.tell({ type: "mute", muted: true });
    if (isBack) this.on.back();
    else this.on.ready(call);
  }

  // Keys that were pressed into a connection that had broken, or while there was none.
  sendMissing(arrived) {
    const missing = this.keys.slice(Math.max(0, arrived - this.before));
    const all = arrived >= this.before && missing.length <= KEYS_AT_ONCE;
    this.before = arrived;
    this.keys = all ? missing : []; // half of them would be worse than none
    for (const key of this.keys) this.tell({ type: "key", key });
  }

  send(sound) {
    if (!this.ready) return;
    if (this.secret && !this.over && performance.now() - this.heardAt > SILENT_MS) {
      this.breakOff();
      return;
    }
    const late = this.socket.bufferedAmount >= LATE_SECONDS * 2 * this.rate;
    if (this.socket.readyState === WebSocket.OPEN && !late) this.socket.send(sound);
  }

  // Whether it is on its way, or will be when the line is back.
  key(key) {
    if (this.isLost) this.blind += 1;
    if (this.blind > KEYS_AT_ONCE) return false;
    this.keys.push(key);
    if (this.keys.length > 2 * KEYS_AT_ONCE) {
      this.keys.shift();
      this.before += 1;
    }
    if (!this.isLost) this.tell({ type: "key", key });
    return true;
  }

  mute(muted) {
    this.muted = muted;
    this.tell({ type: "mute", muted });
  }

  hangUp() {
    this.tell({ type: "hang_up" });
  }

  drop() {
    this.end();
    this.socket?.close(OVER);
    this.socket = null;
  }

  tell(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  end() {
    this.over = true;
    this.secret = null;
    this.keys = [];
    clearTimeout(this.timer);
    window.removeEventListener("online", this.again);
  }

  // --- when the connection breaks

  closed(code) {
    this.ready = false;
    this.socket = null;
    if (this.over) return;
    if (this.secret && !FOR_GOOD.includes(code)) this.retry();
    else this.giveUp(code);
  }

  // Nothing comes over it; it may not know yet.
  breakOff() {
    const { socket } = this;
    this.socket = null;
    socket?.close(LOST);
    this.closed(LOST);
  }

  retry() {
    const now = performance.now();
    if (!this.isLost) {
      this.lostAt = now;
      this.on.lost();
    }
    const pause = PAUSES_MS[Math.min(this.tries, PAUSES_MS.length - 1)];
    this.tries += 1;
    clearTimeout(this.timer);
    if (now + pause - this.lostAt > this.keptMs) this.giveUp(LOST);
    else this.timer = setTimeout(this.again, pause);
  }

  reconnect() {
    if (!this.isLost || this.socket || this.over) return; // one try at a time
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.breakOff(), SILENT_MS);
    const { call, secret, rate, told } = this;
    this.connect({ type: "resume", version: 1, call, secret, rate, told });
  }

  giveUp(code) {
    const before = this.call === null;
    this.end();
    this.on.closed({ code, before });
  }
}
