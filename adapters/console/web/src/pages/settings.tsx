import { reconnect } from "../link";
import { overview } from "../node";
import { seconds } from "../format";
import { apiKey, prefer, preferences, type Theme } from "../settings";
import { ModelChoice } from "./chat";
import { Page } from "./page";

export function Settings() {
  const p = preferences.value;
  const o = overview.value;
  return (
    <Page title="Settings">
      <div class="settings-page">
        <section>
          <h2>Looks</h2>
          <div class="segments" role="radiogroup" aria-label="Theme">
            {(["auto", "light", "dark"] as Theme[]).map((t) => (
              <label key={t} class={p.theme === t ? "on" : undefined}>
                <input type="radio" name="theme" checked={p.theme === t} onChange={() => prefer({ theme: t })} />
                {{ auto: "As the system", light: "Light", dark: "Dark" }[t]}
              </label>
            ))}
          </div>
        </section>
        <section>
          <h2>New chats</h2>
          <label>Model <ModelChoice value={p.model} change={(model) => prefer({ model })} label="Model of new chats" none="The first there is" /></label>
          <label>
            System message
            <textarea rows={4} value={p.system} onInput={(e) => prefer({ system: e.currentTarget.value })} />
          </label>
        </section>
        <section>
          <h2>Chat</h2>
          <label class="check">
            <input type="checkbox" checked={p.enterSends} onChange={(e) => prefer({ enterSends: e.currentTarget.checked })} />
            Enter sends, Shift+Enter begins a line
          </label>
          <label class="check">
            <input type="checkbox" checked={p.showThinking} onChange={(e) => prefer({ showThinking: e.currentTarget.checked })} />
            Show what the model thinks
          </label>
        </section>
        <section>
          <h2>Access</h2>
          <label>
            API key
            <input
              type="password"
              autoComplete="off"
              value={apiKey.value}
              placeholder="none"
              onChange={(e) => {
                apiKey.value = e.currentTarget.value.trim();
                reconnect();
              }}
            />
            <small>Sent as a bearer token with what is asked over HTTP, kept until this tab is closed. Nodes ask for none yet.</small>
          </label>
        </section>
        <section>
          <h2>Keys</h2>
          <dl class="facts-list keys">
            <div><dt><kbd>Alt</kbd> <kbd>N</kbd></dt><dd>new chat</dd></div>
            <div><dt><kbd>/</kbd></dt><dd>search conversations</dd></div>
            <div><dt><kbd>Esc</kbd></dt><dd>stop the answer, close what is open</dd></div>
            <div><dt><kbd>Ctrl</kbd> <kbd>Enter</kbd></dt><dd>send an edited message</dd></div>
          </dl>
        </section>
        <section>
          <h2>About</h2>
          <p class="muted">
            Conductor {o?.status.version ?? ""}{o ? `, up for ${seconds(o.status.uptime_s)}, at ${o.status.listen.join(", ")}` : ""}.{" "}
            This page asks nothing of any other host. <a href="licences.txt" target="_blank" rel="noopener">What it is made of</a>.
          </p>
        </section>
      </div>
    </Page>
  );
}
