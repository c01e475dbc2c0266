// What the node tells: the parts of openapi.json that are shown.

export interface Runner {
  model: string;
  options?: string;
  loaded: boolean;
  pinned: boolean;
  running: number;
  zombies: number;
  places: number;
  places_learned: boolean;
}

export interface Backend {
  name: string;
  url: string;
  state: "unknown" | "up" | "down";
  version?: string;
  latency_us?: number;
  error?: string;
  draining?: true;
  tripped?: true;
  in_flight: number;
  relayed: number;
  zombies: number;
  parallel?: number;
  loading?: string;
  runners: Runner[];
}

export interface Status {
  version: string;
  uptime_s: number;
  listen: string[];
  connections: number;
  generations_in_flight: number;
  queue: { waiting: number; limit: number };
  sessions_live: number;
  store: { state: "up" | "failed"; error?: string; waiting: number };
}

export interface Waiting {
  position: number;
  id?: string;
  class?: string;
  flow?: string;
  model?: string;
  waited_ms: number;
  eta_ms: number;
  loading_on?: string;
}

export interface Generation {
  id: string;
  model: string;
  target: string;
  state: "waiting" | "running";
  backend?: string;
  session?: string;
  peer?: string;
  age_ms: number;
  pieces?: number;
  first_ms?: number;
}

export interface Gpu {
  index: number;
  name: string;
  uuid: string;
  state: "up" | "lost" | "failed";
  problem?: string;
  utilization?: number;
  memory_used_bytes?: number;
  memory_total_bytes?: number;
  temperature_c?: number;
  power_w?: number;
  power_limit_w?: number;
  throttled?: string[];
}

export interface Placement {
  backend: string;
  model: string;
  size_bytes: number;
  gpu_bytes: number;
  gpu_ratio: number;
}

export interface GpuHistory {
  index: number;
  time_ms: number[];
  utilization: (number | null)[];
  memory_used_bytes: (number | null)[];
}

export interface Gpus {
  probe?: string;
  problem?: string;
  stale: boolean;
  gpus: Gpu[];
  models: Placement[];
  history?: GpuHistory[];
}

export interface Timing {
  queue: number;
  load: number;
  first: number;
  prefill: number;
  decode: number;
  relay: number;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
}

export interface Ended {
  id: string;
  time: string;
  method: string;
  path: string;
  status: number;
  outcome: string;
  detail?: string;
  reason?: string;
  model?: string;
  backend?: string;
  session?: string;
  class?: string;
  flow?: string;
  streams: boolean;
  bytes: number;
  usage?: Usage;
  seconds: number;
  timing: Timing;
}

export interface Decision {
  decided: string;
  model: string;
  backend?: string;
  waited_ms: number;
  candidates: {
    backend: string;
    fit: string;
    why: string;
    loaded: boolean;
    last_of_session: boolean;
    gpu_share: number;
    tier: number;
    in_use: number;
    wait_ms: number;
  }[];
}

export interface SessionInfo {
  id: string;
  model: string;
  title: string;
  system?: string;
  options?: Record<string, unknown>;
  think?: boolean | string;
  keep_alive?: string | number;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Model {
  name: string;
  size: number;
  modified_at: string;
  details?: { parameter_size?: string; quantization_level?: string; family?: string };
  capabilities?: string[];
}

export interface Loaded {
  name: string;
  size: number;
  size_vram: number;
  expires_at?: string;
  context_length?: number;
}
