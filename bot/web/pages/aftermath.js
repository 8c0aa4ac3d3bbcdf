// What became of the payment of a call that did not come to its end: "paid", "nothing" (charged),
// "open" (sent, and no answer is known), or "maybe" (the confirmation was asked for).

const PAYING = ["confirmation", "charge"];

// The step that says most of where the payment stands, as {step, state, detail}. A field that is done
// at the confirmation was corrected there; only a question leads away from it.
export function lastSeen(before, step) {
  return PAYING.includes(step.step) || step.state === "entering" ? step : before;
}

// seen: of `lastSeen`; null when there was none.
export function bySteps(seen) {
  switch (seen?.step) {
    case "charge":
      if (seen.state === "done") return "paid";
      return seen.state === "failed" && seen.detail !== "unknown" ? "nothing" : "open";
    case "confirmation":
      return "maybe";
    default:
      return "nothing";
  }
}

// result: of the call, as the API and the call's last message tell it.
export function byResult(result, seen) {
  if (result.settled) return result.settled.status === "approved" ? "paid" : "nothing";
  switch (result.status) {
    case "success":
      return "paid";
    case "caller-hung-up":
      return result.reason === "while charging" ? "open" : "nothing";
    case "outcome-unknown":
      return "open";
    case "internal-error":
      return bySteps(seen);
    default:
      return "nothing";
  }
}

const PAUSE_MS = 2_000;
const TRIES = 20; // a server may need half a minute to see that a connection has broken

// The result, once the call is over; null when it is not told, or goes to nobody any more.
export async function resultOf(call, token, wanted) {
  for (let tries = 0; tries < TRIES && wanted(); tries += 1) {
    if (tries) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    try {
      const answer = await fetch(`/api/calls/${encodeURIComponent(call)}`, { headers: { Authorization: `Bearer ${token}` } });
      if (answer.status >= 400 && answer.status < 500) return null;
      const told = answer.ok ? await answer.json() : {};
      if (told.state === "over") return told.result;
      if (told.state === "lost") return null;
    } catch {
      // no network yet; it may come back
    }
  }
  return null;
}
