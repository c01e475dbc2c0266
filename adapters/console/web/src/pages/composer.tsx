// Where something is said: text and pictures.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Icon } from "../icons";
import { link_state } from "../link";
import { draft, preferences } from "../settings";
import { tell } from "../ui";

const most_bytes = 11 * 1024 * 1024; // base64 of all pictures fits one message of 16 MiB

interface Picture {
  name: string;
  base64: string;
  url: string;
}

function read(file: File): Promise<Picture> {
  return new Promise((done, failed) => {
    const r = new FileReader();
    r.onerror = () => failed(r.error);
    r.onload = () => {
      const url = r.result as string;
      done({ name: file.name || "picture", base64: url.slice(url.indexOf(",") + 1), url });
    };
    r.readAsDataURL(file);
  });
}

const length_of = (p: Picture) => (p.base64.length * 3) / 4;

export function Composer({
  id,
  busy,
  say,
  stop,
  sees,
  children,
}: {
  id: string;
  busy: boolean;
  say: (text: string, images: string[]) => Promise<boolean>;
  stop?: () => void;
  sees: boolean | undefined; // whether the model takes pictures; undefined: nobody knows
  children?: ComponentChildren;
}) {
  const [text, set_text] = useState(() => draft.of(id));
  const [pictures, set_pictures] = useState<Picture[]>([]);
  const [over, set_over] = useState(false);
  const [sending, set_sending] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const open = link_state.value === "open";

  useLayoutEffect(() => {
    const f = field.current!;
    f.style.height = "auto";
    f.style.height = `${Math.min(f.scrollHeight, innerHeight * 0.4)}px`;
  }, [text]);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) field.current!.focus();
  }, [id]);

  const write = (what: string) => {
    set_text(what);
    draft.keep(id, what);
  };

  const attach = async (files: Iterable<File>) => {
    let all = pictures;
    for (const f of files) {
      if (!/^image\/(png|jpeg|webp|gif)$/.test(f.type)) {
        tell(`${f.name}: only PNG, JPEG, WebP and GIF pictures can be sent`, true);
        continue;
      }
      const p = await read(f);
      if ([...all, p].reduce((n, x) => n + length_of(x), 0) > most_bytes) {
        tell(`${f.name}: pictures of one message may have 11 MB together`, true);
        continue;
      }
      all = [...all, p];
    }
    set_pictures(all);
  };

  const send = async () => {
    const what = text.trim();
    if (!what || sending || !open) return;
    set_sending(true);
    write("");
    const with_them = pictures;
    set_pictures([]);
    if (!(await say(what, with_them.map((p) => p.base64)))) {
      write(field.current?.value || text);
      set_pictures((now) => (now.length ? now : with_them));
    }
    set_sending(false);
    field.current?.focus();
  };

  const keys = (e: KeyboardEvent) => {
    if (e.key !== "Enter" || e.isComposing || e.shiftKey) {
      if (e.key === "Escape" && busy) stop?.();
      return;
    }
    const modified = e.ctrlKey || e.metaKey;
    if (preferences.value.enterSends ? !e.altKey : modified) {
      e.preventDefault();
      void send();
    }
  };

  const stops = busy && !text.trim();
  return (
    <div
      class={`composer ${over ? "over" : ""}`}
      onDragOver={(e) => {
        e.preventDefault();
        set_over(true);
      }}
      onDragLeave={() => set_over(false)}
      onDrop={(e) => {
        e.preventDefault();
        set_over(false);
        void attach(e.dataTransfer?.files ?? []);
      }}
    >
      {pictures.length > 0 && (
        <div class="attached">
          {pictures.map((p, i) => (
            <span key={i}>
              <img src={p.url} alt={p.name} />
              <button class="square" aria-label={`Remove ${p.name}`} onClick={() => set_pictures(pictures.filter((x) => x !== p))}>
                <Icon name="close" />
              </button>
            </span>
          ))}
          {sees === false && <p class="aside bad">This model does not say that it sees pictures.</p>}
        </div>
      )}
      <textarea
        id="say"
        ref={field}
        rows={1}
        aria-label="Message"
        placeholder={preferences.value.enterSends ? "Say something" : "Say something (Ctrl+Enter sends)"}
        value={text}
        onInput={(e) => write(e.currentTarget.value)}
        onKeyDown={keys}
        onPaste={(e) => {
          const files = [...(e.clipboardData?.files ?? [])];
          if (!files.length) return;
          e.preventDefault();
          void attach(files);
        }}
      />
      <div class="row">
        <button class="quiet square" aria-label="Attach pictures" title="Attach pictures" onClick={() => chooser.current?.click()}>
          <Icon name="image" />
        </button>
        <input
          ref={chooser}
          type="file"
          accept="image/png,image/jpeg,image/webp,image/gif"
          multiple
          hidden
          aria-label="Pictures"
          onChange={(e) => {
            const files = [...(e.currentTarget.files ?? [])];
            e.currentTarget.value = "";
            void attach(files);
          }}
        />
        {children}
        <span class="grow" />
        {stops ? (
          <button class="round main" aria-label="Stop" title="Stop (Esc)" onClick={stop}><Icon name="stop" /></button>
        ) : (
          <button class="round main" aria-label="Send" title={open ? "Send" : "No connection to the node"} disabled={!text.trim() || !open} onClick={send}>
            <Icon name="send" />
          </button>
        )}
      </div>
    </div>
  );
}
