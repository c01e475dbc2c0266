// The Ollama servers behind the node.
import { get } from "../api";
import { short } from "../format";
import { overview } from "../node";
import type { Backend } from "../types";
import { ask_user, attempt, Empty, Meter } from "../ui";
import { Page } from "./page";

function drain(b: Backend): void {
  const path = `/conductor/v1/backends/${encodeURIComponent(b.name)}`;
  if (b.draining) void attempt(get(`${path}/undrain`, { body: {} }), `${b.name} gets requests again`);
  else
    ask_user({
      title: `Drain ${b.name}?`,
      text: "It gets nothing new; what is in flight there goes on. It lasts until you undrain it or the node ends.",
      yes: "Drain",
      then: () => void attempt(get(`${path}/drain`, { body: {} }), `${b.name} is drained`),
    });
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
  const all = overview.value?.backends.backends;
  return (
    <Page title="Backends">
      {!all ? (
        <div class="progress" role="progressbar" aria-label="Loading" />
      ) : all.length === 0 ? (
        <Empty icon="backends" title="There is no backend">Add one with conductor backends add.</Empty>
      ) : (
        <div class="cards wide">{all.map((b) => <Card key={b.name} b={b} />)}</div>
      )}
    </Page>
  );
}
