// What a conversation asks of its model: the system message and Ollama's options.
import { useState } from "preact/hooks";
import type { SessionInfo } from "../types";
import { Dialog, tell } from "../ui";

export interface Fields {
  system: string;
  options: Record<string, string>;
  think: string;
  keep_alive: string;
}

const options: { key: string; label: string; hint: string; step?: string }[] = [
  { key: "temperature", label: "Temperature", hint: "0: always the likeliest", step: "0.1" },
  { key: "num_ctx", label: "Context, tokens", hint: "a change of it loads the model anew", step: "1" },
  { key: "num_predict", label: "Longest answer, tokens", hint: "-1: no limit", step: "1" },
  { key: "top_p", label: "Top p", hint: "0 to 1", step: "0.05" },
  { key: "top_k", label: "Top k", hint: "", step: "1" },
  { key: "repeat_penalty", label: "Repeat penalty", hint: "", step: "0.1" },
  { key: "seed", label: "Seed", hint: "same question, same answer", step: "1" },
];

export function to_fields(s: SessionInfo): Fields {
  const shown: Record<string, string> = {};
  for (const { key } of options) if (s.options?.[key] !== undefined) shown[key] = String(s.options[key]);
  return {
    system: s.system ?? "",
    options: shown,
    think: s.think === undefined ? "" : String(s.think),
    keep_alive: s.keep_alive === undefined ? "" : String(s.keep_alive),
  };
}

/** As the node takes it; with `remove`, what is empty is taken away. */
export function from_fields(f: Fields, remove: boolean): Record<string, unknown> {
  const none = remove ? null : undefined;
  const chosen: Record<string, unknown> = {};
  for (const { key } of options) {
    const text = f.options[key]?.trim();
    chosen[key] = text ? Number(text) : none;
  }
  const think = { "": none, true: true, false: false }[f.think];
  const number = Number(f.keep_alive);
  return {
    system: f.system.trim() || none,
    options: remove || Object.values(chosen).some((v) => v !== undefined) ? chosen : undefined,
    think: think === undefined && f.think ? f.think : think,
    keep_alive: f.keep_alive.trim() ? (Number.isNaN(number) ? f.keep_alive.trim() : number) : none,
  };
}

export function ChatSettings({
  title,
  fields,
  close,
  save,
}: {
  title: string;
  fields: Fields;
  close: () => void;
  save: (f: Fields) => Promise<boolean>;
}) {
  const [f, set] = useState(fields);
  return (
    <Dialog title={title} close={close}>
      <form
        class="settings"
        onSubmit={async (e) => {
          e.preventDefault();
          if (options.some(({ key }) => f.options[key] && Number.isNaN(Number(f.options[key])))) return tell("Options are numbers", true);
          if (await save(f)) close();
        }}
      >
        <label class="whole">
          System message
          <textarea rows={3} value={f.system} onInput={(e) => set({ ...f, system: e.currentTarget.value })} />
        </label>
        {options.map((o) => (
          <label key={o.key}>
            {o.label}
            <input
              type="number"
              step={o.step}
              placeholder="default"
              value={f.options[o.key] ?? ""}
              onInput={(e) => set({ ...f, options: { ...f.options, [o.key]: e.currentTarget.value } })}
            />
            {o.hint && <small>{o.hint}</small>}
          </label>
        ))}
        <label>
          Thinking
          <select value={f.think} onChange={(e) => set({ ...f, think: e.currentTarget.value })}>
            <option value="">as the model does</option>
            <option value="true">on</option>
            <option value="false">off</option>
            <option value="low">low</option>
            <option value="medium">medium</option>
            <option value="high">high</option>
          </select>
        </label>
        <label>
          Keep in memory
          <input placeholder="default" value={f.keep_alive} onInput={(e) => set({ ...f, keep_alive: e.currentTarget.value })} />
          <small>as 30m; -1: for ever</small>
        </label>
        <footer>
          <button type="button" class="quiet" onClick={close}>Cancel</button>
          <button type="submit" class="main">Save</button>
        </footer>
      </form>
    </Dialog>
  );
}
