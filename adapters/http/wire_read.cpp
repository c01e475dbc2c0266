#include "adapters/http/wire.hpp"

#include "adapters/http/body_facts.hpp"
#include "adapters/http/forward.hpp"
#include "adapters/http/request_id.hpp"
#include "adapters/http/trace_start.hpp"
#include "adapters/tls/errors.hpp"
#include "messages/admission.hpp"
#include "messages/percent.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace conductor {
namespace {

namespace http = boost::beast::http;
namespace asio = boost::asio;

/// A folded header line is a line that begins with white space.
bool folded(std::string_view head) {
  return head.find("\r\n ") != std::string_view::npos ||
         head.find("\r\n\t") != std::string_view::npos;
}

/// The conversation that a drop-in request says to belong to. Open WebUI's name of it
/// counts only where it is trusted; a name longer than any id is none.
std::string conversation_of(const request_head& head, bool trusted) {
  constexpr std::size_t longest = 128;
  auto named = head.find("X-Conductor-Session");
  if (named.empty() && trusted)
    named = head.find("X-OpenWebUI-Chat-Id");
  return named.size() <= longest ? std::string{named} : std::string{};
}

/// Who shares the places fairly with others: Open WebUI's user, where it is trusted; a
/// key; a conversation; else an address.
std::string flow_of(const request_head& head, bool trusted, const grant_ptr& by,
                    const std::string& peer, const std::string& session) {
  constexpr std::size_t longest = 128;
  const auto user = head.find("X-OpenWebUI-User-Id");
  if (!user.empty() && user.size() <= longest && trusted)
    return "user " + std::string{user};
  if (by)
    return "key " + by->key.name;
  if (!session.empty())
    return "session " + session;
  return "peer " + neighbourhood(address_of(peer));
}

constexpr std::string_view blobs = "/api/blobs/";

/// `sha256:<digits>` of an upload's path, in the spelling that a create has.
std::string blob_of(std::string_view target) {
  auto digest = path_of(target).substr(blobs.size());
  if (digest.starts_with("sha256-"))
    digest[6] = ':';
  return digest;
}

/// Origin form of a target: `http://host/path` becomes `/path`; empty: neither.
std::string origin_form(std::string target) {
  if (target.starts_with('/'))
    return target;
  for (std::string_view scheme : {"http://", "https://"})
    if (target.starts_with(scheme)) {
      const auto slash = target.find('/', scheme.size());
      return slash == std::string::npos ? "/" : target.substr(slash);
    }
  return {};
}

} // namespace

void wire::received(std::string_view text) {
  if (phase_ == phase::closing) {
    socket_->read(); // what comes after the last answer is thrown away
    return;
  }
  if (in_.empty()) {
    unparsed_ = text;
  } else {
    in_.append(text);
    unparsed_ = in_;
  }
  parse();
}

/// Also a half-closed peer is gone, as for Ollama.
void wire::read_failed(const boost::system::error_code& why) {
  if (is_tls_error(why)) {
    spdlog::debug("{} does not agree on TLS: {}", peer_, why.message());
    if (context_->refusals)
      context_->refusals->tls.fetch_add(1, std::memory_order_relaxed);
  }
  if (!is_plain_http(why)) {
    lost();
    return;
  }
  socket_->socket().forget_tls();
  begin_request();
  refuse(400, "this port speaks HTTPS: the address begins with https://");
}

bool wire::wants_bytes() const {
  if (uploading_)
    return upload_demand_ > 0;
  return phase_ == phase::head || phase_ == phase::body;
}

void wire::parse() {
  bool begins = !parser_;
  while (!closed_ && wants_bytes() && !unparsed_.empty())
    if (!feed())
      break;
    else
      begins = begins || !parser_;
  keep_unparsed();
  if (closed_)
    return;
  if (phase_ == phase::head && !unparsed_.empty() && begins)
    deadline_->set(context_->server.head_timeout);
  else if (phase_ == phase::body || uploading_)
    watch_body();
  // While an answer is awaited, one read watches for the peer's end; bytes of a next
  // request that came already stop that watch, which bounds them.
  const bool watching = phase_ == phase::answering && !uploading_ && unparsed_.empty();
  if (wants_bytes() || watching || phase_ == phase::closing)
    socket_->read();
}

/// A body may not pause for longer; one that waits for Ollama does not pause.
void wire::watch_body() {
  deadline_->set(wants_bytes() ? context_->server.body_timeout : milliseconds{0});
}

/// What was not parsed outlives its turn; a connection that waits keeps no memory for it.
void wire::keep_unparsed() {
  in_ = std::string{unparsed_};
  unparsed_ = in_;
}

/// Gives the parser what is there; false when it needs more first.
bool wire::feed() {
  if (!parser_)
    begin_request();
  const bool in_head = !parser_->is_header_done();
  const auto unparsed = unparsed_;
  boost::beast::error_code ec;
  const auto n = parser_->put(asio::buffer(unparsed.data(), unparsed.size()), ec);
  unparsed_.remove_prefix(n);
  if (ec == http::error::need_more) {
    // Behind the head only extensions of a chunk and trailers are not taken as they come.
    if (n == 0) {
      if (unparsed.size() > context_->server.max_head_bytes)
        refuse(431,
               "a chunk's extensions or the trailers are larger than server.max_head");
      return false;
    }
  } else if (ec == http::error::header_limit) {
    refuse(431, "the request's head is larger than server.max_head");
    return false;
  } else if (ec) {
    refuse(400, "not a valid HTTP/1.1 request: " + ec.message());
    return false;
  }
  if (in_head && parser_->is_header_done()) {
    if (folded(unparsed.substr(0, n)))
      parser_->objection = "a folded header line";
    on_head();
  } else if (phase_ == phase::body) {
    on_body();
  }
  if (uploading_)
    publish_upload();
  return true;
}

/// Forgets the request before, so that also one that breaks is judged by itself.
void wire::begin_request() {
  parser_.emplace(context_->server.max_head_bytes);
  route_ = {};
  guard_ = {};
  request_id_.clear();
  method_.clear();
  path_.clear();
  asker_ = {peer_, false};
  by_ = nullptr;
  noted_ = trusted_ = false;
  version_ = 11;
  asked_head_ = takes_trailers_ = traced_ = false;
  received_ = {};
}

void wire::on_head() {
  auto& head = parser_->head;
  version_ = head.version;
  asked_head_ = head.method == "HEAD";
  request_id_ = choose_request_id(head.find("X-Request-Id"));
  keep_ = parser_->keep_alive() && !draining_;
  head.target = origin_form(std::move(head.target));
  if (!parser_->objection.empty() || head.target.empty()) {
    refuse(400, parser_->objection.empty() ? "the request target must be a path"
                                           : parser_->objection);
    return;
  }
  asker_ = find_asker(head, peer_, context_->server.trusted_proxies);
  auto key = take_key(head.target);
  const auto path = path_of(head.target);
  method_ = head.method;
  path_ = path;
  route_ = find_route(head.method, path);
  guard_ = judge(head, context_->guard);
  const bool has_body = !parser_->is_done();
  if (guard_.status) {
    keep_ = keep_ && !has_body;
    begin_answer();
    parser_.reset();
    answer(conductor::response{*guard_.status, {}, {}, {}});
    return;
  }
  if (!let_in(head, path, std::move(key)))
    return;
  if (route_.upgrades && !has_body) {
    upgrade();
    return;
  }
  must_continue_ = has_body && same_name(head.find("Expect"), "100-continue");
  if (route_.uploads) {
    uploading_ = true;
    ask();
    return;
  }
  const auto length = parser_->content_length();
  if (length && *length > context_->server.max_body_bytes) {
    refuse(413, "the request's body is larger than server.max_body, which is " +
                    std::to_string(context_->server.max_body_bytes));
    return;
  }
  if (!has_body) {
    ask();
    return;
  }
  if (!may_hold(length.value_or(0)))
    return;
  phase_ = phase::body;
  if (std::exchange(must_continue_, false)) {
    socket_->text("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (length)
    parser_->body.reserve(static_cast<std::size_t>(*length));
}

void wire::on_body() {
  if (parser_->body.size() > context_->server.max_body_bytes)
    refuse(413, "the request's body is larger than server.max_body, which is " +
                    std::to_string(context_->server.max_body_bytes));
  else if (may_hold(parser_->body.size()) && parser_->is_done())
    ask();
}

void wire::ask() {
  auto& head = parser_->head;
  const auto named = head.find("X-Conductor-Class");
  const auto wanted = class_named(named);
  if (!named.empty() && !wanted) {
    refuse(400, "X-Conductor-Class must be interactive, normal or batch");
    return;
  }
  auto asked = std::make_shared<conductor::request>();
  asked->id = request_id_;
  asked->kind = route_.kind;
  asked->speaks = route_.speaks;
  asked->repeatable = route_.repeatable;
  asked->edits_models = route_.edits_models;
  asked->method = head.method;
  asked->target = head.target;
  asked->pinned = head.find("X-Conductor-Backend");
  asked->peer = asker_.peer;
  asked->session = conversation_of(head, trusted_);
  if (route_.kind == request_kind::inference)
    asked->flow = flow_of(head, trusted_, by_, asker_.peer, asked->session);
  asked->priority = class_for(by_, wanted, context_->default_class);
  asked->received = received_ = request_clock::now();
  asked->headers = forwarded_headers(head);
  if (route_.kind != request_kind::local) {
    // Else a proxy before Ollama could pack what is read here.
    std::erase_if(asked->headers,
                  [](const auto& h) { return same_name(h.name, "Accept-Encoding"); });
    asked->trace = join_trace(head, context_->trace, asked->headers);
  }
  takes_trailers_ = lists(head.find("TE"), "trailers");
  if (path_of(head.target).starts_with(blobs))
    asked->session = blob_of(head.target); // what is made of it follows it
  if (uploading_) {
    asked->by = by_;
    asked->upload = caf::actor_cast<publisher_actor>(this);
    if (const auto length = parser_->content_length())
      asked->upload_length = *length;
  } else {
    if (route_.names_model) {
      auto facts = scan_body(parser_->body);
      asked->model = std::move(facts.model);
      asked->bare = route_.kind == request_kind::inference && facts.bare;
      if (route_.edits_models && asked->session.empty())
        asked->session = std::move(facts.blob);
      asked->runner_options = std::move(facts.runner_options);
      asked->streams = facts.stream.value_or(route_.streams_by_default);
      if (route_.speaks == dialect::responses && facts.stored)
        asked->kind = request_kind::follow;
    }
    if (!may_ask(*asked))
      return;
    asked->body = bytes::adopt(std::move(parser_->body));
    asked->held = std::move(held_);
    parser_.reset();
  }
  traced_ = is_traced(*asked);
  begin_answer();
  begin_waiting(*asked);
  send(client_, request_ptr{std::move(asked)});
}

/// The socket goes to a TALK; bytes after the head would have come before its answer.
void wire::upgrade() {
  const auto& head = parser_->head;
  upgrade_request asked{http::verb::get, head.target, 11};
  for (const auto& f : head.fields)
    asked.insert(f.name, f.value);
  if (!boost::beast::websocket::is_upgrade(asked)) {
    refuse(426, "this path speaks WebSocket: Connection: Upgrade, Upgrade: websocket, "
                "Sec-WebSocket-Key and Sec-WebSocket-Version: 13 are needed");
    return;
  }
  if (!unparsed_.empty()) {
    refuse(400, "bytes came after the head before the answer to the upgrade");
    return;
  }
  phase_ = phase::closing;
  closed_ = true;
  deadline_->stop();
  talk_ = context_->make_talk(home(), socket_->release(), std::move(asked), request_id_,
                              as_holder());
  monitor(talk_);
}

void wire::begin_answer() {
  phase_ = phase::answering;
  held_ = nullptr;
  head_sent_ = chunked_ = ended_ = false;
  framing_ = framing::opaque;
  deadline_->clear();
}

void wire::publish_upload() {
  if (!uploading_ || !upload_to_)
    return;
  if (const auto ended = check_key(by_)) { // told by whoever sent it on
    keep_ = false;
    send(std::exchange(upload_to_, nullptr), to_failed(ended));
    return;
  }
  if (upload_demand_ > 0 && std::exchange(must_continue_, false)) {
    socket_->text("HTTP/1.1 100 Continue\r\n\r\n");
  }
  auto& ready = parser_->body;
  if (upload_demand_ > 0 && !ready.empty()) {
    auto all = bytes::adopt(std::exchange(ready, {}));
    const auto part = all.slice(0, upload_demand_);
    ready = all.view().substr(part.size());
    upload_demand_ -= part.size();
    send(upload_to_, next{part});
  }
  if (ready.empty() && parser_->is_done()) {
    uploading_ = false;
    deadline_->clear();
    parser_.reset();
    send(std::exchange(upload_to_, nullptr), complete{});
  }
}

void wire::refuse(int status, std::string_view text) {
  keep_ = false;
  uploading_ = false;
  begin_answer();
  if (request_id_.empty())
    request_id_ = choose_request_id({});
  answer(error_response(route_.speaks, status, text, "bad_request", request_id_));
}

} // namespace conductor
