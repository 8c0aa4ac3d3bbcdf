// The screen stays on during a call, and no longer.

let lock = null;

// wanted(): whether the call still goes on. Also to be called when the page is seen again: a hidden one loses it.
export async function keepAwake(wanted) {
  try {
    const got = await navigator.wakeLock?.request("screen");
    if (wanted()) lock = got;
    else await got?.release();
  } catch {
    // the screen may go dark; the call goes on as long as the browser lets it
  }
}

export function letSleep() {
  lock?.release();
  lock = null;
}
