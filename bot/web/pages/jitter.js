// What the network brings unevenly is played evenly: a little is gathered before it is played, and
// what gathers beyond that is dropped where nothing is heard. Pure; runs inside the sound worklet.

const GATHER_SECONDS = 0.06; // before it begins, and begins again after the network stood still
const FULL_SECONDS = 0.14; // more than that for a second is more than the network's unevenness
const FAR_TOO_FULL_SECONDS = 0.5; // then it is dropped also where something is heard
const FADE_SECONDS = 0.005;
const QUIET = 0.004;

export class JitterBuffer {
  constructor(rate) {
    this.rate = rate;
    this.queue = [];
    this.waiting = 0; // samples
    this.gathering = true;
    this.lowest = Infinity;
    this.watched = 0;
    this.last = 0;
  }

  get seconds() {
    return this.waiting / this.rate;
  }

  push(samples) {
    this.queue.push(samples);
    this.waiting += samples.length;
  }

  clear() {
    this.queue = [];
    this.waiting = 0;
    this.gathering = true;
    this.lowest = Infinity;
    this.watched = 0;
  }

  // Fills `out`, with silence where there is nothing. Never a click: what breaks off fades.
  pull(out) {
    if (this.gathering && this.seconds >= GATHER_SECONDS) this.gathering = false;
    if (!this.gathering) this.trim(out.length);
    let filled = 0;
    while (!this.gathering && filled < out.length) {
      const first = this.queue[0];
      if (!first) {
        this.gathering = true;
        break;
      }
      const taken = Math.min(first.length, out.length - filled);
      out.set(first.subarray(0, taken), filled);
      if (taken === first.length) this.queue.shift();
      else this.queue[0] = first.subarray(taken);
      filled += taken;
      this.waiting -= taken;
    }
    if (filled) this.last = out[filled - 1];
    const fade = this.rate * FADE_SECONDS;
    for (let i = filled; i < out.length; i += 1) {
      this.last *= 1 - 1 / fade;
      out[i] = Math.abs(this.last) < 1e-4 ? 0 : this.last;
    }
  }

  trim(step) {
    this.lowest = Math.min(this.lowest, this.waiting);
    this.watched += step;
    if (this.watched < this.rate) return;
    const tooMuch = this.lowest - GATHER_SECONDS * this.rate;
    const heard = this.queue[0] && this.queue[0].some((sample) => Math.abs(sample) > QUIET);
    if (this.lowest <= FULL_SECONDS * this.rate) this.watchAgain();
    else if (!heard || this.lowest > FAR_TOO_FULL_SECONDS * this.rate) {
      this.drop(tooMuch);
      this.watchAgain();
    }
  }

  watchAgain() {
    this.lowest = Infinity;
    this.watched = 0;
  }

  drop(samples) {
    let left = Math.floor(samples);
    while (left > 0 && this.queue.length) {
      const first = this.queue[0];
      const taken = Math.min(left, first.length);
      if (taken === first.length) this.queue.shift();
      else this.queue[0] = first.subarray(taken);
      left -= taken;
      this.waiting -= taken;
    }
  }
}
