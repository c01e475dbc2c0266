"""The servers that are compared, each set up as somebody who knows it would for streaming:
no buffering, connections kept on both sides, no access log, long timeouts. All take the
ports of one or more Ollamas."""

import os
import pathlib
import pwd

from .programs import Program, built, find, free_port

# Nagle's algorithm is off on TCP sockets; `option http-no-delay` also sends every chunk at
# once instead of waiting for more. Idle server connections are shared by all threads and
# stay for a minute (the default drops half of the unused ones every five seconds).
HAPROXY = """
global
    nbthread {threads}
    maxconn 8192
defaults
    mode http
    option http-no-delay
    option http-keep-alive
    http-reuse always
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    timeout queue 1h
    timeout http-keep-alive 1h
    timeout http-request 1h
frontend clients
    bind 127.0.0.1:{port}{tls}
    default_backend ollama
backend ollama
    balance leastconn
{servers}
"""

# Every worker has a listening socket of its own, so that connections spread evenly, and
# keeps its idle connections to Ollama. Without proxy_buffering what was read is written at
# once; HTTP/1.1 and an empty Connection header keep the connection to Ollama.
NGINX = """
daemon off;
{user}
worker_processes {threads};
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log error;
events {{
    worker_connections 8192;
    use epoll;
}}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    keepalive_time 24h;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream ollama {{
{servers}
        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_time 24h;
        keepalive_timeout 1h;
    }}
    server {{
        listen 127.0.0.1:{port}{tls} reuseport backlog=4096;
        {certificate}
        location / {{
            proxy_pass http://ollama;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_buffering off;
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
        }}
    }}
}}
"""

NGINX_TLS = "ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;"

# Takes whatever a node exports, and is not what is measured.
COLLECTOR = """
daemon off;
worker_processes 1;
pid {folder}/collector.pid;
error_log {folder}/collector-error.log error;
events {{ }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/collector-body;
    proxy_temp_path {folder}/collector-proxy;
    fastcgi_temp_path {folder}/collector-fastcgi;
    uwsgi_temp_path {folder}/collector-uwsgi;
    scgi_temp_path {folder}/collector-scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ default_type application/json; return 200 "{{}}"; }}
    }}
}}
"""

# The others write no line per request either.
CONDUCTOR = """
[log]
requests = false
level = "warn"
"""


def tls_of(options):
    """The certificate that they show; None: no TLS."""
    return getattr(options, "tls", None)


def ollama(options, folder, *arguments, name="scripted-ollama"):
    """A scripted Ollama, with arguments of its own."""
    port = free_port()
    return Program(name, [built(options.build, "scripted-ollama"), "--port", str(port),
                          *map(str, arguments)], port, folder)


def haproxy(options, folder, *upstreams, places=None):
    """`places`: of each Ollama; who finds none free waits here."""
    port = free_port()
    most = f" maxconn {places}" if places else ""
    servers = "\n".join(
        f"    server ollama-{n} 127.0.0.1:{upstream} pool-purge-delay 60s{most}"
        for n, upstream in enumerate(upstreams, 1))
    file = pathlib.Path(folder) / "haproxy.cfg"
    tls = f" ssl crt {tls_of(options).both} ssl-min-ver TLSv1.2" if tls_of(options) else ""
    file.write_text(HAPROXY.format(threads=options.threads, port=port, servers=servers, tls=tls))
    return Program("haproxy", [find("haproxy"), "-db", "-f", str(file)], port, folder)


def nginx(options, folder, *upstreams):
    port = free_port()
    servers = "\n".join(f"        server 127.0.0.1:{upstream};" for upstream in upstreams)
    if len(upstreams) > 1:
        # In the zone the workers share what least_conn counts.
        servers = f"        zone ollama 256k;\n        least_conn;\n{servers}"
    file = pathlib.Path(folder) / "nginx.conf"
    # Started by root its workers would become somebody who may not write to the folder.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
    file.write_text(NGINX.format(threads=options.threads, port=port, servers=servers,
                                 folder=folder, user=user, files=16384, tls=" ssl" if tls_of(options) else "",
                                 certificate=NGINX_TLS.format(**vars(tls_of(options))) if tls_of(options) else ""))
    return Program("nginx", [find("nginx"), "-p", str(folder), "-c", str(file)], port, folder)


def conductor(options, folder, *upstreams, data=None, parallel=None, more="", name="conductor"):
    """`data`: the folder of its store; without, one inside `folder`. `parallel`: of each
    backend. `more`: settings, as text."""
    port = free_port()
    each = f"parallel = {parallel}\n" if parallel else ""
    backends = "".join(
        f'[[backend]]\nurl = "http://127.0.0.1:{upstream}"\n{each}' for upstream in upstreams)
    file = pathlib.Path(folder) / f"{name}.toml"
    lanes = f"[runtime]\nlanes = {options.lanes}\n" if options.lanes else ""
    file.write_text(CONDUCTOR + lanes + backends + more)
    scheme, secret = ("https://", {"CONDUCTOR_TLS_CERTIFICATE": tls_of(options).certificate,
                                   "CONDUCTOR_TLS_KEY": tls_of(options).key}) if tls_of(options) else ("", {})
    # Nothing of the user's is read or written.
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith(("CONDUCTOR_", "OLLAMA_", "XDG_"))}
    environment |= {"HOME": str(folder), **secret}
    return Program(
        name,
        [built(options.build, "conductor"), "serve", "--config", str(file),
         "--listen", f"{scheme}127.0.0.1:{port}",
         "--data-dir", str(data or pathlib.Path(folder) / f"{name}-data")],
        port, folder, environment)


def traced(options, folder, *upstreams):
    """Conductor that tells a collector of every answer."""
    port = free_port()
    file = pathlib.Path(folder) / "collector.conf"
    file.write_text(COLLECTOR.format(port=port, folder=folder))
    collector = Program("collector", [find("nginx"), "-p", str(folder), "-c", str(file)],
                        port, folder)
    collector.wait_until_listening()
    node = conductor(options, folder, *upstreams, name="traced",
                     more=f'[trace]\nendpoint = "http://127.0.0.1:{port}"\nsample = 1.0\n')
    node.after = collector
    return node


# The last one takes part where it is asked for.
PROXIES = {"haproxy": haproxy, "nginx": nginx, "conductor": conductor, "traced": traced}
