#include "tests/support/ollama/script.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <stdexcept>

namespace conductor::test {

using nlohmann::json;

namespace {

using setter = std::function<void(script&, const json&)>;

template <class T>
setter value(T script::*member) {
  return [member](script& s, const json& v) { s.*member = v.get<T>(); };
}

template <class T>
setter maybe(std::optional<T> script::*member) {
  return [member](script& s, const json& v) {
    if (v.is_null())
      (s.*member).reset();
    else
      s.*member = v.get<T>();
  };
}

template <class Duration>
setter lasting(Duration script::*member, double microseconds) {
  return [=](script& s, const json& v) {
    s.*member =
        script::microseconds(static_cast<std::int64_t>(v.get<double>() * microseconds));
  };
}

void set_headers(script& s, const json& v) {
  s.headers.clear();
  for (const auto& [name, text] : v.items())
    s.headers.emplace_back(name, text.get<std::string>());
}

const std::map<std::string, setter, std::less<>>& keys() {
  static const std::map<std::string, setter, std::less<>> all{
      {"first_ms", lasting(&script::first, 1e3)},
      {"first_us", lasting(&script::first, 1)},
      {"gap_ms", lasting(&script::gap, 1e3)},
      {"gap_us", lasting(&script::gap, 1)},
      {"load_ms", lasting(&script::load, 1e3)},
      {"split_us", lasting(&script::split_gap, 1)},
      {"records", maybe(&script::records)},
      {"size", value(&script::size)},
      {"text", value(&script::text)},
      {"thinking", maybe(&script::thinking)},
      {"echo", value(&script::echo)},
      {"tool", value(&script::tool)},
      {"tool_in_final", value(&script::tool_in_final)},
      {"tool_name", value(&script::tool_name)},
      {"tool_arguments",
       [](script& s, const json& v) {
         s.tool_arguments = v.is_string() ? v.get<std::string>() : v.dump();
       }},
      {"done_reason", value(&script::done_reason)},
      {"no_done", value(&script::no_done)},
      {"timestamps", value(&script::timestamps)},
      {"stamps", value(&script::stamps)},
      {"status", value(&script::status)},
      {"body", value(&script::body)},
      {"content_type", value(&script::content_type)},
      {"error_text", value(&script::error_text)},
      {"error_after", maybe(&script::error_after)},
      {"die_after", maybe(&script::die_after)},
      {"partial", value(&script::partial)},
      {"reset", value(&script::reset)},
      {"garbage_after", maybe(&script::garbage_after)},
      {"garbage", value(&script::garbage)},
      {"garbage_frame", value(&script::garbage_frame)},
      {"hang", value(&script::hang)},
      {"hang_after", maybe(&script::hang_after)},
      {"load_error", value(&script::load_error)},
      {"split", value(&script::split)},
      {"close", value(&script::close)},
      {"join_end", value(&script::join_end)},
      {"headers", set_headers},
  };
  return all;
}

} // namespace

void script::apply(const json& changes) {
  if (!changes.is_object())
    throw std::invalid_argument("script: an object is wanted");
  for (const auto& [key, v] : changes.items()) {
    auto found = keys().find(key);
    if (found == keys().end())
      throw std::invalid_argument("script: unknown key '" + key + "'");
    try {
      found->second(*this, v);
    } catch (const json::exception& e) {
      throw std::invalid_argument("script: key '" + key + "': " + e.what());
    }
  }
}

script script::parse(std::string_view json_text) {
  auto changes = json::parse(json_text, nullptr, false);
  if (changes.is_discarded())
    throw std::invalid_argument("script: not JSON: " + std::string(json_text));
  script s;
  s.apply(changes);
  return s;
}

std::string_view canned_text() {
  return "This is canned text from Conductor's scripted Ollama, not a model. It says the "
         "same few sentences whatever you ask, one word after the other, so that "
         "clients, "
         "queues and screens can be tried without a GPU. Nothing here was computed. Ask "
         "again and you will read it again.";
}

std::string_view canned_thought() {
  return "Somebody asked something. A canned answer will have to do.";
}

text_source::text_source(std::string_view text, std::size_t size)
    : text_(text), size_(size) {}

std::size_t text_source::end_of_piece(std::size_t from) const {
  if (size_ == 0) {
    // A word with the space before it, as models' tokens are.
    auto word = text_.find_first_not_of(' ', from);
    return word == text_.npos ? text_.size()
                              : std::min(text_.find(' ', word), text_.size());
  }
  auto end = std::min(from + size_, text_.size());
  while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80)
    ++end;
  return end;
}

std::string_view text_source::next() {
  if (text_.empty())
    return {};
  if (at_ >= text_.size())
    at_ = 0;
  auto end = end_of_piece(at_);
  auto piece = text_.substr(at_, end - at_);
  at_ = end;
  return piece;
}

std::size_t text_source::per_round() const {
  std::size_t n = 0;
  for (std::size_t at = 0; at < text_.size(); at = end_of_piece(at))
    ++n;
  return n;
}

std::string expected_text(const script& s) {
  text_source source(s.text.empty() ? canned_text() : std::string_view(s.text), s.size);
  std::string all;
  for (auto n = s.records.value_or(source.per_round()); n > 0; --n)
    all += source.next();
  return all;
}

} // namespace conductor::test
