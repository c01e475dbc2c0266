// What this browser remembers. The key is forgotten with the tab.
import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

export interface Preferences {
  theme: Theme;
  model: string;
  system: string;
  enterSends: boolean;
  showThinking: boolean;
}

const place = "conductor.console";
const initial: Preferences = {
  theme: "auto",
  model: "",
  system: "",
  enterSends: true,
  showThinking: false,
};

function read<T>(store: () => Storage, key: string, otherwise: T): T {
  try {
    const text = store().getItem(key);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise; // a browser may refuse storage
  }
}

function write(store: () => Storage, key: string, value: unknown): void {
  try {
    store().setItem(key, JSON.stringify(value));
  } catch {
    // Then it lasts as long as the page.
  }
}

export const preferences = signal<Preferences>({
  ...initial,
  ...read(() => localStorage, place, {}),
});
export const apiKey = signal<string>(read(() => sessionStorage, `${place}.key`, ""));

export function prefer(change: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...change };
}

const asks_for_dark = matchMedia("(prefers-color-scheme: dark)");
const system_dark = signal(asks_for_dark.matches);
asks_for_dark.addEventListener("change", (e) => (system_dark.value = e.matches));

export const dark = signal(false);

export function begin_settings(): void {
  effect(() => write(() => localStorage, place, preferences.value));
  effect(() => write(() => sessionStorage, `${place}.key`, apiKey.value));
  effect(() => {
    const { theme } = preferences.value;
    dark.value = theme === "dark" || (theme === "auto" && system_dark.value);
    document.documentElement.dataset.theme = dark.value ? "dark" : "light";
  });
}

/** What was typed and not sent, by session; outlives a reload. */
export const draft = {
  of: (id: string) => read(() => sessionStorage, `${place}.draft.${id}`, ""),
  keep: (id: string, text: string) => {
    try {
      if (text) sessionStorage.setItem(`${place}.draft.${id}`, JSON.stringify(text));
      else sessionStorage.removeItem(`${place}.draft.${id}`);
    } catch {
      // Likewise.
    }
  },
};
