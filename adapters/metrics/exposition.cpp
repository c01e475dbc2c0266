#include "adapters/metrics/exposition.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace conductor {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

void put(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Inf" : "+Inf";
  } else {
    // Counts as people write them: `38000000000`, not `3.8e+10`.
    constexpr double exact = 9e15;
    const bool whole = std::abs(value) < exact && value == std::floor(value);
    char digits[32];
    const auto end = whole ? std::to_chars(digits, digits + sizeof digits,
                                           static_cast<std::int64_t>(value))
                           : std::to_chars(digits, digits + sizeof digits, value);
    out.append(digits, end.ptr);
  }
}

void put(std::string& out, std::uint64_t value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void put_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
}

const char* name_of(MetricType type) {
  switch (type) {
  case MetricType::Counter:
    return "counter";
  case MetricType::Gauge:
    return "gauge";
  case MetricType::Histogram:
    return "histogram";
  default:
    return "unknown";
  }
}

void put_hex(std::string& out, std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[(value >> shift) & 15];
}

class writer {
public:
  explicit writer(exposition as) : open_(as == exposition::open_metrics) {
    out_.reserve(64 * 1024);
  }

  void write(const family& f) {
    if (f.metric.empty())
      return;
    // A counter's family is named without its samples' `_total` there.
    std::string_view name = f.name;
    if (open_ && f.type == MetricType::Counter && name.ends_with("_total"))
      name.remove_suffix(6);
    head("HELP", name);
    put_escaped(out_, f.help, open_);
    out_ += '\n';
    head("TYPE", name);
    out_ += f.type == MetricType::Untyped && !open_ ? "untyped" : name_of(f.type);
    out_ += '\n';
    for (std::size_t i = 0; i < f.metric.size(); ++i) {
      const auto& m = f.metric[i];
      labels_of(m);
      if (f.type == MetricType::Histogram)
        histogram(f.name, m.histogram,
                  i < f.exemplars.size() ? &f.exemplars[i] : nullptr);
      else
        sample(f.name, f.type == MetricType::Counter ? m.counter.value : m.gauge.value);
    }
  }

  std::string finish() {
    if (open_)
      out_ += "# EOF\n";
    return std::move(out_);
  }

private:
  void head(std::string_view what, std::string_view name) {
    out_.append("# ").append(what).append(" ").append(name).append(" ");
  }

  void labels_of(const ClientMetric& m) {
    labels_.clear();
    for (const auto& l : m.label) {
      if (!labels_.empty())
        labels_ += ',';
      labels_.append(l.name).append("=\"");
      put_escaped(labels_, l.value, true);
      labels_ += '"';
    }
  }

  void sample(std::string_view name, double value) {
    out_ += name;
    if (!labels_.empty())
      out_.append("{").append(labels_).append("}");
    out_ += ' ';
    put(out_, value);
    out_ += '\n';
  }

  void histogram(const std::string& name, const ClientMetric::Histogram& h,
                 const std::vector<exemplar>* exemplars) {
    for (std::size_t i = 0; i < h.bucket.size(); ++i) {
      out_.append(name).append("_bucket{").append(labels_);
      out_ += labels_.empty() ? "le=\"" : ",le=\"";
      bound(h.bucket[i].upper_bound);
      out_ += "\"} ";
      put(out_, h.bucket[i].cumulative_count);
      if (open_ && exemplars != nullptr && i < exemplars->size())
        trace((*exemplars)[i]);
      out_ += '\n';
    }
    sample(name + "_sum", h.sample_sum);
    sample(name + "_count", static_cast<double>(h.sample_count));
  }

  void bound(double value) {
    put(out_, value);
    // A number there is a float: `1.0`, so that both texts name the same series.
    if (open_ && !std::isinf(value) && value == std::floor(value))
      out_ += ".0";
  }

  void trace(const exemplar& e) {
    if (e.trace_high == 0 && e.trace_low == 0)
      return;
    out_ += " # {trace_id=\"";
    put_hex(out_, e.trace_high);
    put_hex(out_, e.trace_low);
    out_ += "\"} ";
    put(out_, e.value);
    out_ += ' ';
    put(out_, static_cast<std::uint64_t>(e.at_ns / 1'000'000'000));
    const auto ms = std::to_string(1000 + e.at_ns / 1'000'000 % 1000);
    out_.append(".").append(ms, 1);
  }

  bool open_;
  std::string out_;
  std::string labels_;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

/// `;q=0.5` of a media range; 1 where it has none.
double quality_of(std::string_view parameters) {
  const auto q = parameters.find("q=");
  if (q == std::string_view::npos)
    return 1;
  double value = 1;
  const auto text = parameters.substr(q + 2);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

} // namespace

exposition exposition_for(std::string_view accept) {
  double open = 0, text = 0;
  while (!accept.empty()) {
    const auto comma = std::min(accept.find(','), accept.size());
    const auto range = accept.substr(0, comma);
    accept.remove_prefix(std::min(accept.size(), comma + 1));
    const auto semicolon = std::min(range.find(';'), range.size());
    const auto type = trimmed(range.substr(0, semicolon));
    const auto quality = quality_of(range.substr(semicolon));
    if (type == "application/openmetrics-text")
      open = std::max(open, quality);
    else if (type == "text/plain" || type == "text/*" || type == "*/*")
      text = std::max(text, quality);
  }
  return open > text ? exposition::open_metrics : exposition::text;
}

std::string_view content_type(exposition e) {
  return e == exposition::open_metrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string expose(const std::vector<family>& all, exposition as) {
  writer w{as};
  for (const auto& f : all)
    w.write(f);
  return w.finish();
}

} // namespace conductor
