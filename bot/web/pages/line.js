// The connection of one call; its protocol is described in bot/transports/browser.py.

const LATE_BYTES = 64 * 1024; // sound that has not left yet; past it the network stands still

export class Line {
  // on: ready(call), sound(buffer), clear(), caption(text), happened(entry), ended(result),
  // closed({code, before}): before, when the call was never taken.
  constructor(on) {
    this.on = on;
    this.socket = null;
    this.ready = false;
    this.over = false;
  }

  open(token, rate) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/phone`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.tell({ type: "hello", version: 1, token, rate });
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.understand(JSON.parse(data));
      else this.on.sound(data);
    };
    socket.onclose = ({ code }) => {
      if (!this.over) this.on.closed({ code, before: !this.ready });
    };
    this.socket = socket;
  }

  understand(message) {
    switch (message.type) {
      case "ready":
        this.ready = true;
        this.on.ready(message.call);
        break;
      case "clear":
        this.on.clear();
        break;
      case "caption":
        this.on.caption(message.text);
        break;
      case "happened":
        this.on.happened(message);
        break;
      case "ended":
        this.over = true;
        this.on.ended(message.result);
        break;
      default: // of a newer server
    }
  }

  send(sound) {
    const open = this.socket?.readyState === WebSocket.OPEN;
    if (this.ready && open && this.socket.bufferedAmount < LATE_BYTES) this.socket.send(sound);
  }

  key(key) {
    this.tell({ type: "key", key });
  }

  mute(muted) {
    this.tell({ type: "mute", muted });
  }

  hangUp() {
    this.tell({ type: "hang_up" });
  }

  drop() {
    this.over = true;
    this.socket?.close();
  }

  tell(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}
