#include "tests/simulation/ollama.hpp"

#include <algorithm>
#include <utility>

namespace conductor::simulation {
namespace {

using stage = visit::stage;

constexpr double answer_s = 0.001;      // the shortest answer
constexpr double within_a_token = 0.03; // an answer whose client left goes on
constexpr double side_by_side = 0.2;    // slower, for each other at work

} // namespace

ollama::ollama(timeline& time, server_plan plan, std::uint64_t seed)
    : time_(time), plan_(std::move(plan)), random_(seed) {
  start(plan_.places, plan_.has);
}

/// Nothing goes on in a server that was started anew, and in a frozen one only later.
void ollama::later(double s, std::function<void()> what) {
  time_.in(s, [this, life = life_, what = std::move(what)] {
    if (life != life_)
      return;
    if (frozen_)
      deferred_.push_back(what);
    else
      what();
  });
}

/// A model in memory and who is at it know each other.
ollama::~ollama() {
  for (const auto& known : homes_)
    if (const auto m = known.lock()) {
      m->all.clear();
      m->waiting.clear();
      m->ready.clear();
    }
  for (const auto& v : all_)
    v->who = nullptr;
}

visit_ptr ollama::call(question what, std::shared_ptr<caller> who) {
  auto v = std::make_shared<visit>();
  v->what = std::move(what);
  v->who = std::move(who);
  all_.push_back(v);
  later(0, [this, v] { arrive(v); });
  return v;
}

void ollama::arrive(const visit_ptr& v) {
  if (!v->who)
    return;
  if (v->what.relayed) {
    later(answer_s, [this, v] { refuse(v, 200, "{}\n"); });
    return;
  }
  const auto* f = facts(v->what.model);
  if (f == nullptr) {
    refuse(v, 404, "model '" + v->what.model + "' not found\n");
    return;
  }
  if (random_.chance(busy_)) {
    refuse(v, 503, "server busy, please try again.  maximum pending requests exceeded\n");
    return;
  }
  const auto m = in_memory_.find(f->blob);
  if (v->what.unload) {
    if (m != in_memory_.end()) {
      m->second->leaves = true;
      idle(m->second);
    }
    refuse(v, 200, "unload\n");
    return;
  }
  v->since = time_.now();
  if (m != in_memory_.end() && m->second->options == v->what.options) {
    enter(m->second, v);
    return;
  }
  pending_.push_back(v);
  load_next();
}

/// Its short answer, whatever the status, and its end.
void ollama::refuse(const visit_ptr& v, int status, const std::string& text) {
  if (auto who = std::exchange(v->who, nullptr)) {
    who->head(status);
    who->record(text);
    who->end({});
  }
  v->at = stage::over;
  all_.remove(v);
}

void ollama::enter(const home_ptr& m, const visit_ptr& v) {
  m->all.push_back(v);
  m->leaves = false;
  v->model = m;
  if (v->what.bare) {
    refuse(v, 200, "load\n");
    std::erase(m->all, v);
    idle(m);
    return;
  }
  v->since = time_.now();
  if (m->held < plan_.places) {
    take_place(m, v);
    return;
  }
  v->at = stage::waiting;
  m->waiting.push_back(v);
}

void ollama::take_place(const home_ptr& m, const visit_ptr& v) {
  figures_.hidden_s += in_s(time_.now() - v->since);
  v->since = time_.now();
  ++m->held;
  v->at = stage::ready;
  m->ready.push_back(v);
  if (m->slots < plan_.places)
    read_prompt(m, v);
}

void ollama::read_prompt(const home_ptr& m, const visit_ptr& v) {
  std::erase(m->ready, v);
  figures_.ghost_s += in_s(time_.now() - v->since);
  v->at = stage::prompt;
  const auto took = v->what.prompt_s * slow_ * (1 + side_by_side * m->slots);
  ++m->slots;
  later(took, [this, m, v, took] {
    if (m->gone)
      return;
    figures_.busy_s += took;
    if (v->at == stage::ghost) {
      --m->ghosts;
      free_slot(m);
      return;
    }
    v->gpu_s += took;
    v->used.prompt_ns = static_cast<std::uint64_t>(took * 1e9);
    v->at = stage::answer;
    v->has_head = true;
    const auto k = v->record++; // also where nobody hears it
    if (v->who) {
      v->who->head(200);
      v->who->record(record_text(v->what.number, k));
    }
    speak(m, v);
  });
}

/// The next record, or the end.
void ollama::speak(const home_ptr& m, const visit_ptr& v) {
  if (v->record > v->what.gaps_s.size()) {
    if (auto who = std::exchange(v->who, nullptr))
      who->end(v->used);
    leave(m, v, true);
    return;
  }
  const auto took = v->what.gaps_s[v->record - 1] * slow_ *
                    (1 + side_by_side * (m->slots == 0 ? 0 : m->slots - 1));
  later(took, [this, m, v, took] {
    if (m->gone || v->at != stage::answer)
      return;
    figures_.busy_s += took;
    v->gpu_s += took;
    v->used.answer_ns += static_cast<std::uint64_t>(took * 1e9);
    const auto k = v->record++;
    if (v->who)
      v->who->record(record_text(v->what.number, k));
    speak(m, v);
  });
}

/// It gives its place back; `with_slot`: nothing is at work in it any more.
void ollama::leave(const home_ptr& m, const visit_ptr& v, bool with_slot) {
  v->at = with_slot ? stage::over : stage::ghost;
  std::erase(m->all, v);
  all_.remove(v);
  --m->held;
  if (!m->waiting.empty()) {
    const auto next = m->waiting.front();
    m->waiting.pop_front();
    take_place(m, next);
  }
  if (with_slot)
    free_slot(m);
  idle(m);
}

void ollama::free_slot(const home_ptr& m) {
  --m->slots;
  if (m->ready.empty() || m->slots >= plan_.places)
    return;
  const auto next = m->ready.front();
  read_prompt(m, next);
}

void ollama::hang_up(const visit_ptr& v) {
  v->who = nullptr;
  later(0, [this, v] { leave_now(v); });
}

void ollama::leave_now(const visit_ptr& v) {
  const auto m = v->model;
  switch (v->at) {
  case stage::pending:
    all_.remove(v);
    v->at = stage::over;
    if (loading_ == v) { // its load is aborted
      loading_ = nullptr;
      ++load_number_;
    }
    load_next();
    break;
  case stage::waiting:
    figures_.hidden_s += in_s(time_.now() - v->since);
    std::erase(m->waiting, v);
    std::erase(m->all, v);
    all_.remove(v);
    v->at = stage::over;
    idle(m);
    break;
  case stage::ready:
    std::erase(m->ready, v);
    ++m->slots; // which `leave` gives back
    leave(m, v, true);
    break;
  case stage::prompt:
    ++m->ghosts;
    leave(m, v, false);
    break;
  case stage::answer:
    v->at = stage::over;
    later(within_a_token, [this, m, v] {
      if (!m->gone)
        leave(m, v, true);
    });
    break;
  case stage::ghost:
  case stage::over:
    break;
  }
}

const model_facts* ollama::facts(const std::string& model) const {
  const auto f = std::find_if(plan_.has.begin(), plan_.has.end(),
                              [&](const auto& one) { return one.name == model; });
  return f == plan_.has.end() ? nullptr : &*f;
}

unsigned ollama::free_places(const std::string& model, const std::string& options) const {
  const auto* f = facts(model);
  const auto m = f == nullptr ? in_memory_.end() : in_memory_.find(f->blob);
  if (m == in_memory_.end() || m->second->options != options)
    return 0;
  const auto taken = std::max(static_cast<unsigned>(m->second->all.size()),
                              m->second->slots); // who waits there is in `all`
  return taken < plan_.places ? plan_.places - taken : 0;
}

std::size_t ollama::in_hand() const {
  return static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(), [](const auto& v) {
        return v->who && !v->leaving && !v->what.by_node;
      }));
}

bool ollama::is_idle() const {
  return all_.empty() &&
         std::all_of(in_memory_.begin(), in_memory_.end(),
                     [](const auto& entry) { return entry.second->ghosts == 0; });
}

probe_result ollama::look() const {
  probe_result r;
  r.version = "0." + std::to_string(version_);
  r.latency = std::chrono::microseconds(800);
  for (const auto& [blob, m] : in_memory_) {
    const auto context = m->options.empty() ? 4096 : std::stoull(m->options.substr(8));
    const auto size = static_cast<std::uint64_t>(m->facts.size * 1e9);
    r.loaded.push_back({m->name, "digest of " + m->name, size, size, context,
                        std::to_string(m->expires_s)});
  }
  r.known = inventory_;
  return r;
}

} // namespace conductor::simulation
