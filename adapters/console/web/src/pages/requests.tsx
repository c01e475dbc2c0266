// The last requests that ended, and where the time of each went.
import { useEffect, useState } from "preact/hooks";
import { get } from "../api";
import { bytes, clock, ms, number, percent, seconds, short } from "../format";
import { overview } from "../node";
import { go, route } from "../route";
import type { Decision, Ended } from "../types";
import { attempt, Dialog, Empty, Ledger, ledger_legend } from "../ui";
import { Page } from "./page";

interface Explained {
  id: string;
  requests: Ended[];
  decisions: Decision[];
}

const tag_of = (r: Ended) => (r.outcome === "done" && r.status < 400 ? "ok" : r.outcome === "cancelled" ? "warn" : "bad");
const outcome_of = (r: Ended) => (r.outcome === "done" && r.status >= 400 ? String(r.status) : r.outcome);

function Detail({ id }: { id: string }) {
  const [e, set] = useState<Explained | undefined>(undefined);
  const close = () => go("requests");
  useEffect(() => {
    void attempt(get<Explained>(`/conductor/v1/requests/${encodeURIComponent(id)}`)).then((x) => (x ? set(x) : close()));
  }, [id]);
  return (
    <Dialog title={`Request ${id}`} close={close} wide>
      {!e && <div class="progress" role="progressbar" aria-label="Loading" />}
      {e?.requests.map((r, i) => (
        <section key={i} class="request">
          <p>
            <span class={`tag ${tag_of(r)}`}>{outcome_of(r)}</span> <code>{r.method} {r.path}</code>, {clock(r.time)}, {seconds(r.seconds)}
          </p>
          {r.detail && <p class="aside bad">{r.detail}</p>}
          <Ledger t={r.timing} legend />
          <dl class="facts-list">
            {[
              ["Model", r.model], ["Backend", r.backend], ["Status", r.status || "none sent"], ["Class", r.class], ["Flow", r.flow],
              ["Ended because", r.reason], ["Prompt tokens", r.usage?.prompt_tokens], ["Answer tokens", r.usage?.completion_tokens],
              ["Tokens/s", r.usage && r.timing.decode > 0 ? number(r.usage.completion_tokens / r.timing.decode) : undefined],
              ["Body", bytes(r.bytes)],
            ].map(([name, value]) => value !== undefined && value !== "" && <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
          </dl>
          {r.session && <p><a href={`#/chat/${r.session}`}>Open the conversation</a></p>}
        </section>
      ))}
      {e?.decisions.map((d, i) => (
        <section key={i}>
          <h3>Why {d.backend ? `at ${d.backend}` : "nowhere"}</h3>
          <p class="muted">{d.decided === "kept" ? "By a place that a request before left." : d.decided === "granted" ? `Granted after ${ms(d.waited_ms)} in the queue.` : d.decided}</p>
          {d.candidates.length > 0 && (
            <div class="scrolls" tabIndex={0} role="region" aria-label="Candidates">
              <table class="data">
                <thead><tr><th>Backend</th><th>Fit</th><th>Why</th><th>Loaded</th><th class="num">On GPU</th><th class="num">In use</th><th class="num">Wait</th></tr></thead>
                <tbody>
                  {d.candidates.map((c) => (
                    <tr key={c.backend}>
                      <td class={c.backend === d.backend ? "strong" : undefined}>{c.backend}</td>
                      <td><span class={`tag ${c.fit === "ready" ? "ok" : ""}`}>{c.fit}</span></td>
                      <td class="muted wraps">{c.why}</td>
                      <td>{c.loaded ? "yes" : "no"}{c.last_of_session ? ", its last" : ""}</td>
                      <td class="num">{percent(c.gpu_share)}</td>
                      <td class="num">{number(c.in_use)}</td>
                      <td class="num">{ms(c.wait_ms)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </section>
      ))}
    </Dialog>
  );
}

export function Requests() {
  const [outcome, set_outcome] = useState("");
  const [model, set_model] = useState("");
  const [slow, set_slow] = useState(false);
  const [lists, set_lists] = useState(false);
  const o = overview.value;
  const all = o?.requests.requests ?? [];
  const known = [...new Set(all.map((r) => r.model).filter(Boolean))].sort() as string[];
  let shown = all.filter((r) => (lists || r.model) && (!outcome || (outcome === "bad" ? tag_of(r) === "bad" : r.outcome === outcome)) && (!model || r.model === model));
  if (slow) shown = [...shown].sort((a, b) => b.seconds - a.seconds);
  const whole = (r: Ended) => Math.max(r.timing.first, r.timing.queue + r.timing.load + r.timing.prefill) + r.timing.relay;
  const sorted = shown.map(whole).sort((a, b) => a - b);
  // One that took an hour does not make points of all the others.
  const most = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
  return (
    <Page title="Requests">
      <div class="row filters">
        <label>Outcome{" "}
          <select value={outcome} onChange={(e) => set_outcome(e.currentTarget.value)}>
            <option value="">all</option>
            <option value="done">done</option>
            <option value="cancelled">cancelled</option>
            <option value="bad">failed</option>
          </select>
        </label>
        <label>Model{" "}
          <select value={model} onChange={(e) => set_model(e.currentTarget.value)}>
            <option value="">all</option>
            {known.map((m) => <option key={m} value={m}>{short(m)}</option>)}
          </select>
        </label>
        <label><input type="checkbox" checked={slow} onChange={(e) => set_slow(e.currentTarget.checked)} /> slowest first</label>
        <label><input type="checkbox" checked={lists} onChange={(e) => set_lists(e.currentTarget.checked)} /> also what needs no model</label>
        <span class="grow" />
        <span class="legend" aria-hidden="true">
          {ledger_legend.map(([name, what]) => <span key={name}><i class={`part-${name}`} /> {what}</span>)}
        </span>
      </div>
      {shown.length === 0 ? (
        <Empty icon="requests" title={o ? "No request has ended yet" : "Loading"}>The last hundred are shown, without their text.</Empty>
      ) : (
        <div class="scrolls" tabIndex={0} role="region" aria-label="Requests that ended">
          <table class="data requests">
            <thead>
              <tr><th>Time</th><th>Outcome</th><th>Model</th><th>Backend</th><th class="wide">Where the time went</th><th class="num">All</th><th class="num">First</th><th class="num">Tokens</th><th>Path</th></tr>
            </thead>
            <tbody>
              {shown.map((r) => (
                <tr key={`${r.id} ${r.time}`}>
                  <td><a href={`#/requests/${encodeURIComponent(r.id)}`} aria-label={`Details of the request at ${clock(r.time)}`}>{clock(r.time)}</a></td>
                  <td><span class={`tag ${tag_of(r)}`}>{outcome_of(r)}</span></td>
                  <td>{r.model ? short(r.model) : "–"}</td>
                  <td>{r.backend ?? "–"}</td>
                  <td class="wide"><Ledger t={r.timing} most={most} /></td>
                  <td class="num">{seconds(r.seconds)}</td>
                  <td class="num">{r.timing.first > 0 ? seconds(r.timing.first) : "–"}</td>
                  <td class="num">{r.usage ? `${number(r.usage.prompt_tokens)} → ${number(r.usage.completion_tokens)}` : "–"}</td>
                  <td class="muted path">{r.session ? "a conversation" : r.path}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {route.value.id && <Detail key={route.value.id} id={route.value.id} />}
    </Page>
  );
}
