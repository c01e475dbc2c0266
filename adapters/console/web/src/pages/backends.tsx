// The Ollama servers behind the node.
import { useState } from "preact/hooks";
import { get } from "../api";
import { short } from "../format";
import { Icon } from "../icons";
import { overview } from "../node";
import type { Backend } from "../types";
import { ask_user, attempt, Dialog, Empty, Menu, Meter } from "../ui";
import { Page } from "./page";

const path_of = (name: string) => `/conductor/v1/backends/${encodeURIComponent(name)}`;

function drain(b: Backend): void {
  const path = path_of(b.name);
  if (b.draining) void attempt(get(`${path}/undrain`, { body: {} }), `${b.name} gets requests again`);
  else
    ask_user({
      title: `Drain ${b.name}?`,
      text: "It gets nothing new; what is in flight there goes on. It lasts until you undrain it or the node ends.",
      yes: "Drain",
      then: () => void attempt(get(`${path}/drain`, { body: {} }), `${b.name} is drained`),
    });
}

function remove(b: Backend): void {
  ask_user({
    title: `Remove ${b.name}?`,
    text: "What is in flight there goes on. A backend of the configuration file is back when the node starts anew.",
    yes: "Remove",
    bad: true,
    then: () => void attempt(get(path_of(b.name), { method: "DELETE" }), `${b.name} is removed`),
  });
}

function Add({ close }: { close: () => void }) {
  const [name, set_name] = useState("");
  const [url, set_url] = useState("");
  const [parallel, set_parallel] = useState("");
  return (
    <Dialog title="Add a backend" close={close}>
      <form
        class="settings"
        onSubmit={async (e) => {
          e.preventDefault();
          const body = { url: url.trim(), ...(parallel ? { parallel: Number(parallel) } : {}) };
          if (await attempt(get(path_of(name.trim()), { method: "PUT", body }), `${name.trim()} is added`)) close();
        }}
      >
        <label>Name <input required pattern="[A-Za-z0-9._\-]{1,64}" value={name} onInput={(e) => set_name(e.currentTarget.value)} /></label>
        <label>
          Answers at once for each model
          <input type="number" min="1" max="4096" placeholder="found out" value={parallel} onInput={(e) => set_parallel(e.currentTarget.value)} />
        </label>
        <label class="whole">
          Address
          <input required placeholder="http://10.0.0.7:11434" value={url} onInput={(e) => set_url(e.currentTarget.value)} />
          <small>It lasts until the node ends: write it into the configuration to keep it.</small>
        </label>
        <footer>
          <button type="button" class="quiet" onClick={close}>Cancel</button>
          <button type="submit" class="main">Add</button>
        </footer>
      </form>
    </Dialog>
  );
}

function Card({ b }: { b: Backend }) {
  const state = b.tripped ? "tripped" : b.draining ? "draining" : b.state;
  const kind = state === "up" ? "ok" : state === "down" || state === "tripped" ? "bad" : "warn";
  return (
    <section class="card backend" aria-label={`Backend ${b.name}`}>
      <header class="row">
        <h2>{b.name}</h2>
        <span class={`tag ${kind}`}>{state}</span>
        <span class="grow" />
        <button class="small" onClick={() => drain(b)}>{b.draining ? "Undrain" : "Drain"}</button>
        <Menu label={`Actions for ${b.name}`} choices={[{ label: "Remove…", icon: "trash", bad: true, do: () => remove(b) }]} />
      </header>
      <p class="muted">
        {[b.url, b.version && `Ollama ${b.version}`, b.latency_us && `probe ${(b.latency_us / 1000).toFixed(1)} ms`].filter(Boolean).join(" · ")}
      </p>
      {b.error && <p class="aside bad">{b.error}</p>}
      {b.tripped && <p class="aside bad">Too many answers failed there: it is tried again later.</p>}
      {b.loading && <div class="wait"><div class="progress" role="progressbar" aria-label={`Loading ${b.loading}`} /><span>Loading {short(b.loading)}</span></div>}
      <dl class="facts-list">
        <div><dt>In flight</dt><dd>{b.in_flight}</dd></div>
        <div><dt>Passed on</dt><dd>{b.relayed}</dd></div>
        <div><dt>Zombies</dt><dd>{b.zombies}</dd></div>
        {b.parallel && <div><dt>Parallel</dt><dd>{b.parallel}</dd></div>}
      </dl>
      {b.runners.filter((r) => r.loaded || r.running).map((r) => (
        <div key={`${r.model} ${r.options}`} class="gauge">
          <span title={r.options}>{short(r.model)}{r.pinned ? " (pinned)" : ""}</span>
          <Meter share={r.running / r.places} label={`${short(r.model)} at ${b.name}: places in use`} />
          <span class="num">{r.running} of {r.places}{r.places_learned ? ", learned" : ""}</span>
        </div>
      ))}
    </section>
  );
}

export function Backends() {
  const [adding, set_adding] = useState(false);
  const all = overview.value?.backends.backends;
  return (
    <Page title="Backends" actions={<button onClick={() => set_adding(true)}><Icon name="plus" /> Add</button>}>
      {!all ? (
        <div class="progress" role="progressbar" aria-label="Loading" />
      ) : all.length === 0 ? (
        <Empty icon="backends" title="There is no backend">Add one above.</Empty>
      ) : (
        <div class="cards wide">{all.map((b) => <Card key={b.name} b={b} />)}</div>
      )}
      {adding && <Add close={() => set_adding(false)} />}
    </Page>
  );
}
