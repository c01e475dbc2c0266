// Models: which are there, which are in memory, and getting another.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { get, open, records } from "../api";
import { bytes, percent, short } from "../format";
import { Icon } from "../icons";
import { loaded, models, overview, refresh_models } from "../node";
import type { Model } from "../types";
import { ask_user, attempt, Empty, Menu, Meter, tell } from "../ui";
import { Page } from "./page";

interface Pull {
  model: string;
  status: string;
  completed: number;
  total: number;
  stop: AbortController;
}
const pulls = signal<Pull[]>([]);

async function pull(model: string): Promise<void> {
  const stop = new AbortController();
  const one = { model, status: "asking", completed: 0, total: 0, stop };
  const show = (change: Partial<Pull>) => (pulls.value = pulls.value.map((p) => (p.stop === stop ? { ...p, ...change } : p)));
  pulls.value = [...pulls.value, one];
  const layers = new Map<string, { completed: number; total: number }>();
  try {
    for await (const r of records<any>(await open("/api/pull", { body: { model }, signal: stop.signal }))) {
      if (r.error) throw new Error(r.error);
      if (r.digest) layers.set(r.digest, { completed: r.completed ?? 0, total: r.total ?? 0 });
      const sum = (of: "completed" | "total") => [...layers.values()].reduce((n, l) => n + l[of], 0);
      show({ status: r.status, completed: sum("completed"), total: sum("total") });
    }
    tell(`${model} is there`);
  } catch (e) {
    if ((e as Error).name !== "AbortError") tell(`${model}: ${(e as Error).message}`, true);
  }
  pulls.value = pulls.value.filter((p) => p.stop !== stop);
  await attempt(refresh_models());
}

function Pulls() {
  return (
    <>
      {pulls.value.map((p) => {
        const share = p.total ? p.completed / p.total : 0;
        return (
          <div key={p.model} class="card pull">
            <div class="row">
              <span class="strong">{short(p.model)}</span>
              <span class="muted grow">{p.status}</span>
              <span class="num">{p.total ? `${bytes(p.completed)} of ${bytes(p.total)}` : ""}</span>
              <button class="small" onClick={() => p.stop.abort()}>Stop</button>
            </div>
            {p.total ? <Meter share={share} label={`Pull of ${p.model}`} /> : <div class="progress" role="progressbar" aria-label={`Pull of ${p.model}`} />}
          </div>
        );
      })}
    </>
  );
}

async function order(what: "load" | "unload" | "pin" | "unpin", model: string): Promise<void> {
  const said = { load: "is in memory", unload: "is out of memory", pin: "is pinned", unpin: "is no longer pinned" }[what];
  await attempt(get(`/conductor/v1/models/${what}`, { body: { model } }), `${short(model)} ${said}`);
  await attempt(refresh_models());
}

const busy = signal<Set<string>>(new Set());
async function while_busy(model: string, what: Promise<void>): Promise<void> {
  busy.value = new Set(busy.value).add(model);
  await what;
  const left = new Set(busy.value);
  left.delete(model);
  busy.value = left;
}

function Row({ m }: { m: Model }) {
  const here = loaded.value.find((l) => l.name === m.name);
  const runners = (overview.value?.backends.backends ?? []).flatMap((b) => b.runners.filter((r) => r.model === m.name).map((r) => ({ ...r, backend: b.name })));
  const pinned = runners.some((r) => r.pinned);
  const running = runners.reduce((n, r) => n + r.running, 0);
  const places = runners.filter((r) => r.loaded).reduce((n, r) => n + r.places, 0);
  const waits = busy.value.has(m.name);
  const at = runners.filter((r) => r.loaded).map((r) => r.backend).join(", ");
  return (
    <tr>
      <td>
        <span class="strong">{short(m.name)}</span>
        <span class="muted small block">{[m.details?.family, m.details?.parameter_size, m.details?.quantization_level].filter(Boolean).join(" · ")}</span>
      </td>
      <td class="num hide-narrow">{bytes(m.size)}</td>
      <td class="hide-narrow">{m.capabilities?.filter((c) => c !== "completion").map((c) => <span key={c} class="tag">{c}</span>)}</td>
      <td>
        {waits ? <span class="tag warn">working…</span> : here ? <span class="tag ok">in memory</span> : <span class="muted">on disk</span>}
        {pinned && <span class="tag"><Icon name="pin" /> pinned</span>}
        {here && (
          <span class="muted small block">
            {[at, `${bytes(here.size)}, ${here.size ? percent(here.size_vram / here.size) : "–"} on GPU`, places && `${running} of ${places} places`].filter(Boolean).join(" · ")}
          </span>
        )}
      </td>
      <td class="end">
        <div class="row end">
          {here ? (
            <button class="small" disabled={waits} onClick={() => while_busy(m.name, order("unload", m.name))}>Unload</button>
          ) : (
            <button class="small" disabled={waits} onClick={() => while_busy(m.name, order("load", m.name))}>Load</button>
          )}
          <Menu
            label={`Actions for ${short(m.name)}`}
            choices={[
              pinned
                ? { label: "Unpin", icon: "pin", do: () => void while_busy(m.name, order("unpin", m.name)) }
                : { label: "Pin in memory", icon: "pin", do: () => void while_busy(m.name, order("pin", m.name)) },
              { label: "Pull again", icon: "download", do: () => void pull(m.name) },
              {
                label: "Delete…",
                icon: "trash",
                bad: true,
                do: () =>
                  ask_user({
                    title: `Delete ${short(m.name)}?`,
                    text: "It is erased at the primary backend and must be pulled again.",
                    yes: "Delete",
                    bad: true,
                    then: async () => {
                      await attempt(open("/api/delete", { method: "DELETE", body: { model: m.name } }), "Deleted");
                      await attempt(refresh_models());
                    },
                  }),
              },
            ]}
          />
        </div>
      </td>
    </tr>
  );
}

export function Models() {
  const [name, set_name] = useState("");
  const places = JSON.stringify(overview.value?.backends.backends.map((b) => [b.loading, b.runners.map((r) => [r.model, r.loaded])]));
  useEffect(() => void refresh_models().catch(() => {}), [places]);
  const all = models.value;
  return (
    <Page title="Models">
      <form
        class="row pull-form"
        onSubmit={(e) => {
          e.preventDefault();
          if (name.trim()) void pull(name.trim());
          set_name("");
        }}
      >
        <input aria-label="Model to pull" placeholder="Pull a model, as llama3.2:3b" value={name} onInput={(e) => set_name(e.currentTarget.value)} />
        <button class="main" type="submit" disabled={!name.trim()}><Icon name="download" /> Pull</button>
      </form>
      <Pulls />
      {!all ? (
        <div class="progress" role="progressbar" aria-label="Loading" />
      ) : all.length === 0 ? (
        <Empty icon="models" title="No model is there">Pull one above.</Empty>
      ) : (
        <div class="scrolls" tabIndex={0} role="region" aria-label="Models">
          <table class="data">
            <thead><tr><th>Model</th><th class="num hide-narrow">Size</th><th class="hide-narrow">Can</th><th>Where</th><th><span class="sr">Actions</span></th></tr></thead>
            <tbody>{all.map((m) => <Row key={m.name} m={m} />)}</tbody>
          </table>
        </div>
      )}
    </Page>
  );
}
