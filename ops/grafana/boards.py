"""The dashboards: what is asked, and how it is shown. NODE, BACKEND, MODEL and GENAI stand for the
matchers of the variables (panels.py)."""

from panels import dashboard, graph, heatmap, quantiles, stat, table

_FIRST, _EACH = "gen_ai_server_time_to_first_token_seconds", "gen_ai_server_time_per_output_token_seconds"
_WHOLE, _TOKENS = "gen_ai_server_request_duration_seconds", "gen_ai_client_token_usage"


def rate(counter, matchers, by):
    return f"sum by ({by}) (rate({counter}{{{matchers}}}[$__rate_interval]))"


def mean(histogram, matchers, by):
    return f'{rate(histogram + "_sum", matchers, by)} / {rate(histogram + "_count", matchers, by)}'


_FAILED = ('sum(rate(conductor_requests_total{NODE, outcome!~"done|cancelled"}[$__rate_interval]) or '
           'rate(conductor_requests_total{NODE, outcome="done", status="5xx"}[$__rate_interval])) '
           '/ sum(rate(conductor_requests_total{NODE}[$__rate_interval]))')

overview = dashboard("conductor-overview", "Conductor / Overview", "Is all well, and how much is asked?", {
    "Now": [
        stat("Backends up", "sum(conductor_backend_up{BACKEND}) / count(conductor_backend_up{BACKEND})", "percentunit",
             bad_below=1),
        stat("Answers in flight", 'sum(conductor_leases{BACKEND, kind="place"})'),
        stat("Requests that wait", "sum(conductor_queue_waiting{NODE})", bad_above=20),
        stat("First token, p95", quantiles(_FIRST, "GENAI", shares=(95,))[0][0], "s", bad_above=10),
        stat("Tokens a second", 'sum(rate(conductor_tokens_total{NODE, type="output"}[$__rate_interval]))'),
        stat("Requests that fail", _FAILED, "percentunit", bad_above=.05,
             about="Whatever did not end as it should, mistakes of clients included."),
    ],
    "Alerts": [
        table("Pending and firing", 'ALERTS{alertname=~"Conductor.+"}', about="ops/prometheus/rules.yml"),
    ],
    "Requests": [
        graph("Requests, by kind", (rate("conductor_requests_total", "NODE", "kind"), "{{kind}}"), unit="reqps",
              stacked=True),
        graph("Endings other than done", (
            rate("conductor_requests_total", 'NODE, outcome!="done"', "outcome, status"), "{{outcome}} {{status}}"),
            unit="reqps"),
        graph("Requests that wait, by class", ("sum by (class) (conductor_queue_waiting{NODE})", "{{class}}"),
              stacked=True),
        graph("First token", *quantiles(_FIRST, "GENAI"), unit="s"),
        graph("Whole answers", *quantiles(_WHOLE, "GENAI"), unit="s"),
        graph("Tokens a second", (rate("conductor_tokens_total", "NODE", "type"), "{{type}}")),
    ],
    "The node": [
        graph("Connections and conversations", ("sum(conductor_connections{NODE})", "connections"),
              ("sum(conductor_sessions_live{NODE})", "conversations in memory"),
              ("sum(conductor_sessions_stored{NODE})", "conversations stored")),
        graph("Bytes of answers", ("sum(rate(conductor_answer_bytes_total{NODE}[$__rate_interval]))", "passed on"),
              unit="Bps"),
        graph("Kept for slow readers", ("sum by (instance) (conductor_spool_bytes{NODE})", "{{instance}}"),
              unit="bytes"),
        graph("Held, of what limits.memory allows",
              ("conductor_memory_held_bytes{NODE} / (conductor_memory_limit_bytes{NODE} > 0)", "{{instance}}"),
              unit="percentunit"),
        graph("Certificate ends in", ("(conductor_tls_certificate_expiry_seconds{NODE} > 0) - time()", "{{instance}}"), unit="s"),
        graph("Processors", ("rate(process_cpu_seconds_total{NODE}[$__rate_interval])", "{{instance}}")),
        graph("Memory", ("process_resident_memory_bytes{NODE}", "{{instance}}"), unit="bytes"),
        graph("File descriptors", ("process_open_fds{NODE} / process_max_fds{NODE}", "{{instance}}"),
              unit="percentunit", most=1),
        graph("Uptime", ("conductor_uptime_seconds{NODE}", "{{instance}}"), unit="s"),
        graph("Spans of traces", (rate("conductor_spans_total", "NODE", "result"), "{{result}}")),
        graph("Scrapes", ('scrape_duration_seconds{NODE}', "{{instance}} takes"), unit="s"),
        table("Versions", "conductor_build_info{NODE}"),
    ],
})

latency = dashboard("conductor-latency", "Conductor / Latency", "Where was a slow token lost?", {
    "What users see": [
        heatmap("First token", rate(_FIRST + "_bucket", "GENAI", "le")),
        graph("First token, p95 by model", *quantiles(_FIRST, "GENAI", "gen_ai_request_model", (95,)), unit="s"),
        graph("First token, p95 by backend", *quantiles(_FIRST, "GENAI", "backend", (95,)), unit="s"),
        heatmap("Time of each later token", rate(_EACH + "_bucket", "GENAI", "le")),
        graph("Time of each later token, p95 by model", *quantiles(_EACH, "GENAI", "gen_ai_request_model", (95,)),
              unit="s"),
        graph("Whole answers, p95 by operation", *quantiles(_WHOLE, "GENAI", "gen_ai_operation_name", (95,)),
              unit="s"),
        graph("Answers later than 10 s", ("instance:conductor_first_token_slow:ratio_rate5m{NODE}", "5 minutes"),
              ("instance:conductor_first_token_slow:ratio_rate1h{NODE}", "1 hour"),
              ("instance:conductor_first_token_slow:ratio_rate6h{NODE}", "6 hours"),
              unit="percentunit", about="One in a hundred may be."),
    ],
    "Blame ledger: what each piece of an answer waited for": [
        graph("Delay, p99 by part", *quantiles("conductor_relay_delay_seconds", "NODE", "part", (99,)), unit="s",
              about="upstream: Ollama had nothing yet. conductor: the node had it. client: its socket took no more."),
        graph("Delay, p50 by part", *quantiles("conductor_relay_delay_seconds", "NODE", "part", (50,)), unit="s"),
        graph("Share of the time", (rate("conductor_relay_delay_seconds_sum", "NODE", "part") + " / ignoring (part) "
              "group_left () sum(rate(conductor_relay_delay_seconds_sum{NODE}[$__rate_interval]))", "{{part}}"),
              unit="percentunit", stacked=True, most=1),
    ],
    "Before the first token": [
        graph("Wait for a place", *quantiles("conductor_queue_wait_seconds", "NODE"), unit="s"),
        graph("A load takes", (rate("conductor_load_seconds_total", "BACKEND", "backend") + " / "
              + rate("conductor_loads_total", "BACKEND", "backend"), "{{backend}}"), unit="s"),
        graph("Prompt tokens", (rate("conductor_prompt_tokens_total", "BACKEND", "cache"), "{{cache}}"), stacked=True,
              about="Estimated: what the backend's prompt cache knew, and what it had to read."),
    ],
    "Proof of transparency": [
        graph("Longer than Ollama alone",
              ('conductor_transparency_difference_seconds{NODE}', "{{quantity}}, {{bound}}"), unit="s",
              about="The same prompt in turns to Ollama and through the node; the mean and its confidence interval."),
        graph("Probes", (rate("conductor_transparency_probes_total", "NODE", "result"), "{{result}}")),
    ],
    "Inside the node": [
        graph("Turns of lanes, p99", *quantiles("conductor_lane_turn_seconds", "NODE", "lane", (99,)), unit="s"),
        graph("Handlers", *quantiles("conductor_handler_seconds", "NODE"), unit="s"),
        graph("Messages that wait, by actor", ("max by (actor) (conductor_mailbox_depth{NODE})", "{{actor}}")),
        graph("Stalls", ("rate(conductor_stalls_total{NODE}[$__rate_interval])", "{{instance}}")),
        graph("Longest turn since the start", ("conductor_longest_turn_seconds{NODE}", "{{instance}}"), unit="s"),
        graph("Writes of the store", *quantiles("conductor_store_write_seconds", "NODE"), unit="s"),
        graph("Writes that wait", ("conductor_store_waiting{NODE}", "{{instance}}")),
        graph("The store takes writes", ("conductor_store_up{NODE}", "{{instance}}"), most=1),
    ],
})

queue = dashboard("conductor-queue", "Conductor / Queue and fairness", "Who waits, how long, and is it fair?", {
    "Waiting": [
        graph("Requests that wait", ("sum by (class) (conductor_queue_waiting{NODE})", "{{class}}"), stacked=True),
        graph("Wait for a place, p95", *quantiles("conductor_queue_wait_seconds", "NODE", "class", (95,)), unit="s"),
        graph("Wait for a place, mean", (mean("conductor_queue_wait_seconds", "NODE", "class"), "{{class}}"), unit="s"),
        graph("Turned away", (rate("conductor_queue_rejections_total", "NODE", "class, reason"),
              "{{class}} {{reason}}"), unit="reqps"),
        graph("Given places", (rate("conductor_queue_wait_seconds_count", "NODE", "class"), "{{class}}"),
              unit="reqps"),
        heatmap("Wait for a place", rate("conductor_queue_wait_seconds_bucket", "NODE", "le")),
    ],
    "Fairness": [
        graph("Users at once", ("sum by (class) (conductor_flows{NODE})", "{{class}}"),
              about="Users, sessions or addresses that wait or are answered."),
        graph("Most that one had more than others",
              ("max by (class) (conductor_fairness_deficit_seconds{NODE})", "{{class}}"), unit="s"),
    ],
    "Places": [
        graph("Places in use", ('sum by (backend) (conductor_leases{BACKEND, kind="place"})', "{{backend}} in use"),
              ("sum by (backend) (conductor_places{MODEL})", "{{backend}} places")),
        graph("Held by answers that nobody waits for", ("conductor_zombie_places{BACKEND}", "{{backend}}")),
        graph("Second tries", ("sum(rate(conductor_moved_on_total{NODE}[$__rate_interval]))", "asked another backend"),
              ("sum(rate(conductor_retries_refused_total{NODE}[$__rate_interval]))", "not, for the budget"),
              ("sum(rate(conductor_continued_total{NODE}[$__rate_interval]))", "went on elsewhere")),
    ],
})

backends = dashboard("conductor-backends", "Conductor / Backends", "What does each Ollama do?", {
    "Health": [
        graph("Up", ("conductor_backend_up{BACKEND}", "{{backend}}"), most=1),
        graph("Left alone because answers failed", ("conductor_backend_tripped{BACKEND}", "{{backend}}"), most=1),
        graph("A probe takes", ("conductor_backend_probe_seconds{BACKEND}", "{{backend}}"), unit="s"),
    ],
    "Work": [
        graph("In flight", ("sum by (backend, kind) (conductor_leases{BACKEND})", "{{backend}} {{kind}}")),
        graph("Places", ("conductor_places{MODEL}", "{{backend}} {{model}}")),
        graph("Answers", (rate(_WHOLE + "_count", "GENAI", "backend"), "{{backend}}"), unit="reqps"),
        graph("Tokens a second", (rate(_TOKENS + "_sum", 'GENAI, gen_ai_token_type="output"', "backend"),
              "{{backend}} output"), (rate(_TOKENS + "_sum", 'GENAI, gen_ai_token_type="input"', "backend"),
              "{{backend}} input")),
        graph("First token, p95", *quantiles(_FIRST, "GENAI", "backend", (95,)), unit="s"),
        graph("Time of each later token, p50", *quantiles(_EACH, "GENAI", "backend", (50,)), unit="s"),
        graph("Zombies", ("conductor_zombie_places{BACKEND}", "{{backend}} places"),
              (rate("conductor_zombie_seconds_total", "BACKEND", "backend"), "{{backend}} on average")),
        graph("Prompts found in cache", (
            'sum by (backend) (rate(conductor_prompt_tokens_total{BACKEND, cache="hit"}[$__rate_interval])) / '
            + rate("conductor_prompt_tokens_total", "BACKEND", "backend"), "{{backend}}"),
            unit="percentunit", most=1, about="Estimated."),
    ],
    "Models": [
        graph("Loads an hour", ("3600 * " + rate("conductor_loads_total", "BACKEND", "backend"), "{{backend}}")),
        graph("Swaps an hour", ("3600 * " + rate("conductor_swaps_total", "BACKEND", "backend"), "{{backend}}")),
        graph("Time spent on it", (rate("conductor_load_seconds_total", "BACKEND", "backend"), "{{backend}} loads"),
              (rate("conductor_swap_seconds_total", "BACKEND", "backend"), "{{backend}} swaps"),
              unit="percentunit"),
        graph("Memory of models", ("conductor_model_bytes{MODEL}", "{{backend}} {{model}}"), unit="bytes",
              stacked=True),
        graph("GPU memory of models", ("conductor_model_vram_bytes{MODEL}", "{{backend}} {{model}}"), unit="bytes",
              stacked=True),
        graph("Share on the GPU", ("conductor_model_gpu_ratio{MODEL}", "{{backend}} {{model}}"), unit="percentunit",
              most=1, about="Below 100 %, the rest is computed by the CPU."),
    ],
})

_GPU = "{{gpu}}"
gpus = dashboard("conductor-gpus", "Conductor / GPUs", "Are the GPUs busy and well?", {
    "Devices": [table("Devices", "conductor_gpu_info{NODE}")],
    "Work": [
        graph("Busy", ("conductor_gpu_utilization_ratio{NODE}", _GPU), unit="percentunit", most=1),
        graph("Memory in use", ("conductor_gpu_memory_used_bytes{NODE} / conductor_gpu_memory_total_bytes{NODE}", _GPU),
              unit="percentunit", most=1),
        graph("Memory, by process", ("conductor_gpu_process_memory_bytes{NODE}", "{{gpu}} {{process}}"), unit="bytes",
              stacked=True),
        graph("PCIe", ("conductor_gpu_pcie_bytes_per_second{NODE}", "{{gpu}} {{direction}}"), unit="Bps"),
        graph("Clocks", ("conductor_gpu_clock_hertz{NODE}", "{{gpu}} {{clock}}"), unit="hertz"),
        graph("Tokens of a joule", (
            'sum(rate(conductor_tokens_total{NODE, type="output"}[$__rate_interval])) '
            '/ sum(conductor_gpu_power_watts{NODE})', "all")),
        graph("Models' share on the GPU", ("conductor_model_gpu_ratio{MODEL}", "{{backend}} {{model}}"),
              unit="percentunit", most=1),
    ],
    "Health": [
        graph("Answers its driver", ("conductor_gpu_up{NODE}", _GPU), most=1),
        graph("Temperature", ("conductor_gpu_temperature_celsius{NODE}", _GPU), unit="celsius"),
        graph("Power", ("conductor_gpu_power_watts{NODE}", _GPU),
              ("conductor_gpu_power_limit_watts{NODE}", "{{gpu}} limit"), unit="watt"),
        graph("Slowed down", ("conductor_gpu_throttled{NODE}", "{{gpu}} {{reason}}"), most=1),
        graph("Fan", ("conductor_gpu_fan_ratio{NODE}", _GPU), unit="percentunit", most=1),
        graph("Errors of the driver (Xid)", ("increase(conductor_gpu_xid_errors_total{NODE}[1h])", _GPU)),
        graph("Errors of the memory (ECC)", ("increase(conductor_gpu_ecc_errors_total{NODE}[1h])", "{{gpu}} {{kind}}")),
    ],
})

BOARDS = {"overview": overview, "latency": latency, "queue": queue, "backends": backends, "gpus": gpus}
