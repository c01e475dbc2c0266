// What happens on the node now.
import { get } from "../api";
import { bytes, ms, number, percent, seconds, short } from "../format";
import { first_record, history, overview, ticks, told_at } from "../node";
import { Plot } from "../plot";
import type { Overview } from "../node";
import type { Generation, Gpu } from "../types";
import { attempt, Empty, Meter } from "../ui";
import { Page } from "./page";

function Tile({ label, value, more }: { label: string; value: string; more?: string }) {
  return (
    <div class="tile">
      <span class="muted">{label}</span>
      <b>{value}</b>
      <span class="muted small">{more ?? "\u00a0"}</span>
    </div>
  );
}

function Tiles({ o }: { o: Overview }) {
  ticks.value;
  const now = history.tokens[history.tokens.length - 1] ?? 0;
  const up = o.backends.backends.filter((b) => b.state === "up").length;
  const f = first_record.value;
  const running = o.generations.generations.filter((g) => g.state === "running").length;
  return (
    <div class="tiles">
      <Tile label="Tokens/s" value={number(now)} more="all answers" />
      <Tile label="In flight" value={String(running)} more={`${o.status.connections} connections`} />
      <Tile label="Waiting" value={String(o.queue.waiting.length)} more={`room for ${number(o.status.queue.limit)}`} />
      <Tile
        label="First record"
        value={f.p50 === undefined ? "–" : seconds(f.p50)}
        more={f.p95 === undefined ? "no answer yet" : `95 % within ${seconds(f.p95)}`}
      />
      <Tile label="Backends" value={`${up} of ${o.backends.backends.length}`} more="answer" />
      <Tile label="Conversations" value={String(o.status.sessions_live)} more={o.status.store.state === "up" ? "in memory" : "the store fails"} />
    </div>
  );
}

export function cancel(id: string): void {
  void attempt(get(`/conductor/v1/generations/${encodeURIComponent(id)}/cancel`, { body: {} }), "Cancelled");
}

function InFlight({ all }: { all: Generation[] }) {
  ticks.value;
  const passed = Date.now() - told_at.value;
  if (all.length === 0) return <p class="muted none">No answer is in flight.</p>;
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label="Answers in flight">
      <table class="data">
        <thead>
          <tr>
            <th>Model</th><th>Backend</th><th>State</th><th class="num">Age</th><th class="num">Pieces</th><th class="num">Pieces/s</th><th>From</th>
            <th><span class="sr">Cancel</span></th>
          </tr>
        </thead>
        <tbody>
          {all.map((g) => {
            const age = g.age_ms + passed;
            const streamed = g.first_ms === undefined ? 0 : (g.age_ms - g.first_ms) / 1000;
            return (
              <tr key={g.id}>
                <td>{g.session ? <a href={`#/chat/${g.session}`}>{short(g.model)}</a> : short(g.model)}</td>
                <td>{g.backend ?? "–"}</td>
                <td><span class={`tag ${g.state === "running" ? "ok" : ""}`}>{g.state === "running" && !g.pieces ? "prompt" : g.state}</span></td>
                <td class="num">{ms(age)}</td>
                <td class="num">{g.pieces ?? 0}</td>
                <td class="num">{streamed > 0.5 && g.pieces ? number(g.pieces / streamed) : "–"}</td>
                <td class="muted">{g.session ? "a conversation" : (g.peer ?? "")}</td>
                <td class="end"><button class="small" onClick={() => cancel(g.id)} aria-label={`Cancel the answer of ${short(g.model)}`}>Cancel</button></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Queue({ o }: { o: Overview }) {
  const all = o.queue.waiting;
  if (all.length === 0) return <p class="muted none">Nobody waits.</p>;
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label="Queue">
      <table class="data">
        <thead>
          <tr><th class="num">#</th><th>Model</th><th>Class</th><th>Flow</th><th class="num">Waited</th><th class="num">About to go</th></tr>
        </thead>
        <tbody>
          {all.slice(0, 50).map((w) => (
            <tr key={w.position}>
              <td class="num">{w.position}</td>
              <td>{short(w.model ?? "")}</td>
              <td>{w.class}</td>
              <td class="muted">{w.flow}</td>
              <td class="num">{ms(w.waited_ms)}</td>
              <td class="num">{w.loading_on ? `loading on ${w.loading_on}` : ms(w.eta_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > 50 && <p class="muted none">and {all.length - 50} more</p>}
    </div>
  );
}

function GpuCard({ g }: { g: Gpu }) {
  const share = g.memory_total_bytes ? (g.memory_used_bytes ?? 0) / g.memory_total_bytes : undefined;
  return (
    <div class="card">
      <div class="row">
        <span class="strong grow">{g.index}: {g.name}</span>
        {g.state !== "up" && <span class="tag bad">{g.state}</span>}
        {g.throttled?.map((t) => <span key={t} class="tag warn">{t.replace(/_/g, " ")}</span>)}
      </div>
      {g.problem && <p class="aside bad">{g.problem}</p>}
      {g.utilization !== undefined && (
        <div class="gauge"><span>Busy</span><Meter share={g.utilization} label={`GPU ${g.index} busy`} /><span class="num">{percent(g.utilization)}</span></div>
      )}
      {share !== undefined && (
        <div class="gauge"><span>Memory</span><Meter share={share} label={`GPU ${g.index} memory`} /><span class="num">{bytes(g.memory_used_bytes)} of {bytes(g.memory_total_bytes)}</span></div>
      )}
      <p class="muted small">
        {[
          g.temperature_c !== undefined && `${g.temperature_c} °C`,
          g.power_w !== undefined && `${Math.round(g.power_w)} W${g.power_limit_w ? ` of ${Math.round(g.power_limit_w)} W` : ""}`,
        ].filter(Boolean).join(" · ")}
      </p>
    </div>
  );
}

const colours = ["--plot-1", "--plot-2", "--plot-3", "--plot-4"];

export function Live() {
  const o = overview.value;
  if (!o) return <Page title="Live"><div class="progress" role="progressbar" aria-label="Loading" /></Page>;
  const gpus = o.gpus.gpus;
  const total = Math.max(0, ...gpus.map((g) => g.memory_total_bytes ?? 0));
  const time = () => history.time;
  return (
    <Page title="Live">
      <Tiles o={o} />
      <div class="plots">
        <Plot title="Tokens/s" time={time} axis={number} lines={[{ label: "tokens/s", colour: "--plot-1", values: () => history.tokens, show: number }]} />
        <Plot
          title="Answers"
          time={time}
          axis={(n) => (Number.isInteger(n) ? String(n) : "")}
          lines={[
            { label: "in flight", colour: "--plot-1", values: () => history.running, show: String },
            { label: "waiting", colour: "--plot-2", values: () => history.waiting, show: String },
          ]}
        />
        {gpus.length > 0 && (
          <>
            <Plot
              title="GPU busy"
              time={time}
              max={() => 1}
              axis={percent}
              lines={gpus.slice(0, 4).map((g, i) => ({ label: `GPU ${g.index}`, colour: colours[i], values: () => history.utilization.get(g.index) ?? history.time.map(() => null), show: percent }))}
            />
            <Plot
              title="GPU memory"
              time={time}
              max={() => total}
              axis={bytes}
              lines={gpus.slice(0, 4).map((g, i) => ({ label: `GPU ${g.index}`, colour: colours[i], values: () => history.memory.get(g.index) ?? history.time.map(() => null), show: bytes }))}
            />
          </>
        )}
      </div>
      <h2>In flight</h2>
      <InFlight all={o.generations.generations} />
      <h2>Queue</h2>
      <Queue o={o} />
      <h2>GPUs of the node's machine</h2>
      {gpus.length === 0 ? (
        <Empty icon="live" title="No GPU is seen">{o.gpus.problem ?? "Those of other machines are not looked at."}</Empty>
      ) : (
        <div class="cards">
          {gpus.map((g) => <GpuCard key={g.uuid} g={g} />)}
        </div>
      )}
      {o.gpus.stale && gpus.length > 0 && <p class="aside bad">The driver does not answer: this is old.</p>}
    </Page>
  );
}
