// The last minutes of one or more numbers.
import uPlot from "uplot";
import { useEffect, useRef } from "preact/hooks";
import { dark } from "./settings";
import { ticks } from "./node";

export interface Line {
  label: string;
  colour: string; // a custom property
  values: () => (number | null)[];
  show: (n: number) => string;
}

export function Plot({
  title,
  time,
  lines,
  max,
  axis,
}: {
  title: string;
  time: () => number[];
  lines: Line[];
  max?: () => number;
  axis: (n: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const is_dark = dark.value;
  const names = lines.map((l) => l.label).join();
  const data = () => [time(), ...lines.map((l) => l.values())] as uPlot.AlignedData;
  // It widens with what there is to see.
  const window_of = () => {
    const now = Date.now() / 1000;
    const first = time()[0] ?? now;
    return { min: now - Math.min(300, Math.max(60, now - first)), max: now };
  };
  useEffect(() => {
    const css = getComputedStyle(document.documentElement);
    const colour = (name: string) => css.getPropertyValue(name).trim();
    const here = place.current!;
    const size = () => ({ width: Math.max(120, here.clientWidth), height: 150 });
    const u = new uPlot(
      {
        ...size(),
        padding: [8, 8, 0, 0],
        cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
        legend: { show: false },
        scales: {
          x: { time: true, range: () => [window_of().min, window_of().max] },
          y: { range: (_, __, high) => [0, Math.max(max?.() ?? 0, (high ?? 0) * 1.15, 1)] },
        },
        axes: [
          {
            stroke: colour("--muted"),
            grid: { show: false },
            ticks: { show: false },
            font: "11px system-ui, sans-serif",
            size: 24,
            space: 70,
            incrs: [60, 120, 300],
            values: (_, at) => at.map((t) => new Date(t * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
          },
          {
            stroke: colour("--muted"),
            grid: { stroke: colour("--line"), width: 1 },
            ticks: { show: false },
            font: "11px system-ui, sans-serif",
            size: 52,
            space: 30,
            values: (_, at) => at.map(axis),
          },
        ],
        series: [
          {},
          ...lines.map((l) => ({
            label: l.label,
            stroke: colour(l.colour),
            width: 1.75,
            fill: lines.length === 1 ? colour(l.colour) + "1f" : undefined,
            points: { show: false },
            spanGaps: false,
          })),
        ],
      },
      data(),
      here,
    );
    plot.current = u;
    const watch = new ResizeObserver(() => u.setSize(size()));
    watch.observe(here);
    const stop = ticks.subscribe(() => u.setData(data()));
    return () => {
      stop();
      watch.disconnect();
      u.destroy();
    };
  }, [is_dark, names]);
  ticks.value;
  const last = (l: Line) => {
    const v = l.values();
    const n = v[v.length - 1];
    return n === null || n === undefined ? "–" : l.show(n);
  };
  return (
    <section class="plot" aria-label={title}>
      <header>
        <span class="title">{title}</span>
        {lines.map((l) => (
          <span key={l.label} class="key">
            <i style={{ background: `var(${l.colour})` }} />
            {lines.length > 1 && l.label} <b>{last(l)}</b>
          </span>
        ))}
      </header>
      <div ref={place} class="canvas" role="img" aria-label={`The last minutes; now ${lines.map((l) => `${l.label}: ${last(l)}`).join(", ")}`} />
    </section>
  );
}
