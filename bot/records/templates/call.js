"use strict";
// Brings the page of one call to life. Without it the page still reads, and the sound still plays.
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];

  const total = Number(document.querySelector(".player").dataset.total);
  const audio = byId("audio");
  const play = byId("play");
  const scroll = byId("scroll");
  const track = byId("track");
  const playhead = byId("playhead");
  const hover = byId("hover");
  const rows = all(".row[data-at]").map((element) => ({
    element,
    at: Number(element.dataset.at),
    until: Number(element.dataset.until),
    blocks: element.dataset.entries.split(" ").map((index) => byId("b" + index)),
    isTurn: element.matches(".kind-prompt, .kind-heard, .kind-key"),
    isBackstage: element.classList.contains("backstage"),
  }));
  const LEAST_PIXELS_PER_SECOND = 9;
  const LEAST_PIXELS_FOR_WORDS = 38;
  const TICK_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const SPEEDS = [1, 1.5, 2, 0.75];

  let position = 0; // milliseconds; the sound follows it, or it the sound
  let zoom = 1;
  let current = null;

  const clockText = (ms) => {
    const tenths = Math.floor(ms / 100);
    const seconds = String(Math.floor(tenths / 10) % 60).padStart(2, "0");
    return `${Math.floor(tenths / 600)}:${seconds}.${tenths % 10}`;
  };

  // --- Where we are -----------------------------------------------------------------------------

  const rowAt = (ms) => {
    const sounding = (row) => row.isTurn && row.at <= ms && ms < Math.max(row.until, row.at + 300);
    return rows.findLast(sounding) ?? rows.findLast((row) => row.isTurn && row.at <= ms) ?? null;
  };

  const show = () => {
    playhead.style.left = `${(position / total) * 100}%`;
    const small = document.createElement("small");
    small.textContent = ` / ${clockText(total)}`;
    byId("clock").replaceChildren(clockText(position), small);
    const row = rowAt(position);
    if (row !== current) {
      current?.element.classList.remove("current");
      current?.element.removeAttribute("aria-current");
      current?.blocks.forEach((block) => block?.classList.remove("current"));
      row?.element.classList.add("current");
      row?.element.setAttribute("aria-current", "true");
      row?.blocks.forEach((block) => block?.classList.add("current"));
      current = row;
    }
    track.setAttribute("aria-valuenow", String(Math.round(position)));
    const said = row?.element.querySelector(".said");
    const words = said ? `, ${said.querySelector(".who").textContent}: ${said.querySelector("p").textContent}` : "";
    track.setAttribute("aria-valuetext", clockText(position) + words);
  };

  const keepInView = () => {
    const x = (position / total) * track.offsetWidth;
    if (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth * 0.9) {
      scroll.scrollLeft = x - scroll.clientWidth * 0.15;
    }
  };

  const seek = (ms) => {
    position = Math.min(Math.max(ms, 0), total);
    if (audio && Number.isFinite(audio.duration)) {
      audio.currentTime = Math.min(position / 1000, audio.duration);
    }
    show();
    keepInView();
  };

  const step = (direction) => {
    const turns = rows.filter((row) => row.isTurn);
    const target =
      direction > 0
        ? turns.find((row) => row.at > position + 1)
        : turns.findLast((row) => row.at < position - 700);
    seek(target ? target.at : direction > 0 ? total : 0);
  };

  // --- Sound ------------------------------------------------------------------------------------

  const toggle = () => {
    if (!audio || audio.error) return;
    if (audio.paused) {
      if (audio.ended || position >= total) seek(0);
      audio.play().catch(() => {});
    } else {
      audio.pause();
    }
  };

  const follow = () => {
    if (audio.paused) return;
    position = Math.min(audio.currentTime * 1000, total);
    show();
    keepInView();
    requestAnimationFrame(follow);
  };

  if (audio) {
    audio.controls = false;
    play.hidden = false;
    play.addEventListener("click", toggle);
    const onChange = () => {
      play.classList.toggle("playing", !audio.paused);
      play.setAttribute("aria-label", audio.paused ? "Play" : "Pause");
      if (!audio.paused) requestAnimationFrame(follow);
    };
    audio.addEventListener("play", onChange);
    audio.addEventListener("pause", onChange);
    audio.addEventListener("loadedmetadata", () => seek(position));
    const silent = () => {
      byId("no-sound").textContent = `The recording ${audio.getAttribute("src")} cannot be played: it is not beside this page.`;
      byId("no-sound").hidden = false;
      play.disabled = true;
    };
    audio.addEventListener("error", silent);
    if (audio.error) silent();
    byId("speed").addEventListener("click", (event) => {
      audio.playbackRate = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
      event.currentTarget.textContent = `${audio.playbackRate}×`;
      event.currentTarget.setAttribute("aria-label", `Speed ${audio.playbackRate} times`);
    });
  }

  // --- The timeline -----------------------------------------------------------------------------

  const drawRuler = () => {
    const perSecond = (track.offsetWidth / total) * 1000;
    const every = TICK_SECONDS.find((seconds) => seconds * perSecond >= 64) ?? TICK_SECONDS.at(-1);
    const ticks = [];
    for (let second = 0; second * 1000 < total; second += every) {
      const tick = document.createElement("i");
      const label = document.createElement("span");
      label.textContent = `${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")}`;
      tick.style.left = `${((second * 1000) / total) * 100}%`;
      // A label that would reach over the end is left out.
      if (total / 1000 - second > 36 / perSecond) tick.append(label);
      ticks.push(tick);
    }
    byId("ruler").replaceChildren(...ticks);
  };

  // Words give way where they have no room: inside a narrow block, or beside a mark whose next
  // mark is too near. The pointer still shows them.
  const thinOut = () => {
    for (const block of all(".lane-prompts .block, .lane-heard .block, .lane-steps .block, .lane-charge .block, .tone-silenced")) {
      block.classList.toggle("crowded", block.offsetWidth < LEAST_PIXELS_FOR_WORDS);
    }
    for (const lane of all(".lane-keys, .lane-waiting")) {
      let free = -Infinity;
      for (const mark of [...lane.querySelectorAll(".block")].sort((a, b) => a.offsetLeft - b.offsetLeft)) {
        const words = mark.querySelector("span");
        if (!words) continue;
        const start = mark.offsetLeft + mark.offsetWidth + 4;
        const end = start + words.offsetWidth;
        const crowded = mark.offsetLeft < free || end > track.offsetWidth;
        mark.classList.toggle("crowded", crowded);
        if (!crowded) free = end + 4;
      }
    }
    for (const note of all(".lane-notes .block")) {
      note.classList.toggle("flip", note.offsetLeft + note.offsetWidth > track.offsetWidth);
    }
  };

  const layOut = () => {
    drawRuler();
    thinOut();
  };

  const setZoom = (wanted) => {
    zoom = wanted;
    track.style.width = `${zoom * 100}%`;
    all("[data-zoom]").forEach((button) =>
      button.setAttribute("aria-pressed", String(Number(button.dataset.zoom) === zoom)));
    layOut();
    scroll.scrollLeft = (position / total) * track.offsetWidth - scroll.clientWidth / 2;
  };

  const msAt = (event) => {
    const box = track.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * total;
  };

  track.addEventListener("click", (event) => seek(msAt(event)));
  track.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const ms = Math.min(Math.max(msAt(event), 0), total);
    hover.style.left = `${(ms / total) * 100}%`;
    hover.firstElementChild.textContent = clockText(ms);
    hover.classList.toggle("flip", ms > total * 0.93);
    hover.hidden = false;
  });
  track.addEventListener("pointerleave", () => { hover.hidden = true; });
  all("[data-zoom]").forEach((button) =>
    button.addEventListener("click", () => setZoom(Number(button.dataset.zoom))));
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));

  // --- The conversation -------------------------------------------------------------------------

  rows.forEach((row) => row.element.addEventListener("click", () => {
    if (String(getSelection())) return; // text is being marked, not clicked
    seek(row.at);
  }));
  all("[data-show]").forEach((button) => button.addEventListener("click", () => {
    byId("rows").classList.toggle("everything", button.dataset.show === "everything");
    all("[data-show]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  }));

  // --- Keys -------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const onControl = event.target.closest("button, a, input, select, textarea, audio");
    const far = event.shiftKey ? 1000 : 5000;
    const actions = {
      " ": onControl ? null : toggle,
      ArrowLeft: () => seek(position - far),
      ArrowRight: () => seek(position + far),
      Home: event.target === track ? () => seek(0) : null,
      End: event.target === track ? () => seek(total) : null,
    };
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });

  all(".scripted").forEach((element) => { element.hidden = false; });
  byId("clock").hidden = false;
  playhead.hidden = false;
  const roomy = [1, 2, 4, 8].find((z) => (scroll.clientWidth * z * 1000) / total >= LEAST_PIXELS_PER_SECOND) ?? 8;
  setZoom(roomy);
  show();
  addEventListener("resize", layOut);
})();
