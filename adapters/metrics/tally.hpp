#pragma once

#include "adapters/cells/cells.hpp"
#include "messages/request.hpp"

#include <array>
#include <string>
#include <string_view>

namespace conductor {

/// OpenTelemetry's buckets for GenAI servers, extended upwards: a local model may load
/// for minutes before its first token, and answer for ten. Seconds; tokens.
namespace buckets {
inline constexpr std::array first{.001, .005, .01, .02, .04, .06, .08, .1,  .25,  .5,
                                  .75,  1.,   2.5, 5.,  7.5, 10., 30., 60., 120., 300.};
inline constexpr std::array duration{.01,   .02,   .04,    .08,    .16,   .32,
                                     .64,   1.28,  2.56,   5.12,   10.24, 20.48,
                                     40.96, 81.92, 163.84, 327.68, 655.36};
inline constexpr std::array per_token{.01, .025, .05, .075, .1, .15, .2,
                                      .3,  .4,   .5,  .75,  1., 2.5, 5.};
inline constexpr std::array tokens{1.,    4.,     16.,    64.,     256.,    1024.,
                                   4096., 16384., 65536., 262144., 1048576.};
inline constexpr std::array wait{.001, .01, .1,  .5,   1.,   2.5, 5.,
                                 10.,  30., 60., 120., 300., 600.};
} // namespace buckets

/// Whatever is not told apart.
inline constexpr std::string_view other_model = "other";

/// What one OBSERVER counts of requests that ended: it alone writes, a scrape reads, and
/// neither waits for the other. Bounded, whatever clients ask for.
class tally {
public:
  /// Models that are told apart; those that come later are `other`.
  explicit tally(std::size_t most_models) : most_models_(most_models) {}

  void count(const request_summary& ended);

  /// Requests by how they ended.
  struct outcome {
    request_kind kind;
    int status_class;
    std::string how;
    count_cell requests;
    outcome(request_kind k, int s, std::string h)
        : kind(k), status_class(s), how(std::move(h)) {}
  };
  /// Answers of one model at one backend.
  struct answers {
    const char* operation;
    std::string model;
    std::string backend;
    histogram_cell duration{buckets::duration, true};
    histogram_cell first{buckets::first, true};
    histogram_cell per_token{buckets::per_token};
    histogram_cell prompt_tokens{buckets::tokens};
    histogram_cell answer_tokens{buckets::tokens};
    count_cell cached;  ///< prompt tokens that were found in the cache, as estimated
    count_cell read;    ///< and those that were not
    double slowest = 0; ///< seconds for a token of a prompt; its thread only
    answers(const char* o, std::string m, std::string b)
        : operation(o), model(std::move(m)), backend(std::move(b)) {}
  };
  /// One class of those who waited for a place.
  struct waits {
    histogram_cell lasted{buckets::wait};
    count_cell full;
    count_cell timeout;
  };

  growing_list<outcome> outcomes;
  growing_list<answers> by_model;
  std::array<waits, 3> by_class; ///< by priority_class
  count_cell body_bytes;
  count_cell prompt_tokens;
  count_cell answer_tokens;

private:
  answers& of(const request_summary& ended, const char* operation);
  void count_prompt(answers& of, const usage& used);

  std::size_t most_models_;
};

/// Prompt tokens that were found in the cache, as estimated: Ollama tells how many tokens
/// a prompt has and how long it read the part that was not there. `slowest`: seconds for
/// a token, as slow as was lately seen, and learned by this; 0: nothing is known.
std::uint64_t cached_tokens(const usage& used, double& slowest);

} // namespace conductor
