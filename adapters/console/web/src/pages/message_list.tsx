// All messages, of which only those near what is seen are there: a long conversation costs no more.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { memo } from "preact/compat";
import { signal, type Signal } from "@preact/signals";
import { Icon } from "../icons";
import type { Entry, Session } from "../session";
import { Message } from "./message";

const chunk_size = 16;
const near = 1500; // pixels

const guess = (entries: Entry[]) =>
  entries.reduce((sum, e) => {
    const { content } = e.now.peek();
    return sum + 84 + Math.ceil(content.length / 80) * 25;
  }, 0);

interface Watch {
  watch: (node: Element, told: (seen: boolean) => void) => () => void;
}

const Chunk = memo(
  ({ entries, session, watch, first, last }: { entries: Entry[]; session: Session; watch: Watch; first: boolean; last: number }) => {
    const [seen, set_seen] = useState(first);
    const height = useRef(0);
    const place = useRef<HTMLDivElement>(null);
    useEffect(() => watch.watch(place.current!, (now) => {
      if (!now) height.current = place.current!.offsetHeight;
      set_seen(now);
    }), [watch]);
    return (
      <div ref={place} class="chunk" style={seen ? { minHeight: "0" } : { minHeight: `${height.current || guess(entries)}px` }}>
        {seen && entries.map((e) => <Message key={e.seq} entry={e} session={session} last={e.seq === last} />)}
      </div>
    );
  },
  (a, b) =>
    a.session === b.session && a.watch === b.watch && a.last === b.last && a.entries.length === b.entries.length &&
    a.entries.every((e, i) => e === b.entries[i]),
);

export function MessageList({ session }: { session: Session }) {
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const away = useRef<Signal<boolean>>(signal(false)).current;
  const [watch, set_watch] = useState<Watch | undefined>(undefined);

  useLayoutEffect(() => {
    const told = new Map<Element, (seen: boolean) => void>();
    const observer = new IntersectionObserver(
      (all) => {
        for (const e of all) told.get(e.target)?.(e.isIntersecting);
      },
      { root: scroller.current, rootMargin: `${near}px 0px` },
    );
    set_watch({
      watch: (node, f) => {
        told.set(node, f);
        observer.observe(node);
        return () => {
          told.delete(node);
          observer.unobserve(node);
        };
      },
    });
    const to_end = () => {
      if (stuck.current) scroller.current!.scrollTop = scroller.current!.scrollHeight;
    };
    const sizes = new ResizeObserver(to_end);
    sizes.observe(inner.current!);
    sizes.observe(scroller.current!);
    return () => {
      observer.disconnect();
      sizes.disconnect();
    };
  }, []);

  // What one says oneself is worth going to.
  const count = session.entries.value.length;
  const before = useRef(count);
  useLayoutEffect(() => {
    const newest = session.entries.peek()[count - 1]?.now.peek();
    if (count > before.current && newest?.role === "user") stuck.current = true;
    before.current = count;
    if (stuck.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [count]);

  const entries = session.entries.value;
  const last = entries[entries.length - 1]?.seq ?? 0;
  const chunks: Entry[][] = [];
  for (let i = 0; i < entries.length; i += chunk_size) chunks.push(entries.slice(i, i + chunk_size));
  const scrolled = () => {
    const s = scroller.current!;
    stuck.current = s.scrollHeight - s.scrollTop - s.clientHeight < 60;
    away.value = !stuck.current;
  };
  return (
    <div class="list-place">
      <div
        ref={scroller}
        class="list"
        role="region"
        aria-label="Messages"
        tabIndex={0}
        onScroll={scrolled}
        onWheel={(e) => e.deltaY < 0 && (stuck.current = false)}
      >
        <div ref={inner} class="column">
          {watch && chunks.map((c, i) => (
            <Chunk key={i} entries={c} session={session} watch={watch} first={i >= chunks.length - 2} last={i >= chunks.length - 2 ? last : 0} />
          ))}
        </div>
      </div>
      {away.value && (
        <button
          class="to-end"
          aria-label="Go to the newest message"
          onClick={() => {
            stuck.current = true;
            scroller.current!.scrollTop = scroller.current!.scrollHeight;
          }}
        >
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}
