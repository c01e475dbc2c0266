// The notice that nothing can be sent or told now.
import { effect, signal } from "@preact/signals";
import { link_state, reconnect } from "./link";

/** For longer than a blink. */
export const offline = signal(false);

let grace: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  if (link_state.value === "open") {
    clearTimeout(grace);
    grace = undefined;
    offline.value = false;
  } else if (link_state.value === "lost" && grace === undefined) {
    grace = setTimeout(() => (offline.value = true), 1200);
  }
});

export function Offline() {
  return (
    <div role="alert" class="offline-place">
      {offline.value && (
        <div class="offline">
          <span>
            {navigator.onLine
              ? "The node does not answer. What was said is kept there; this page goes on by itself when it is back."
              : "This device is offline. This page goes on by itself when it is back."}
          </span>
          <button class="small" onClick={reconnect}>Try now</button>
        </div>
      )}
    </div>
  );
}
