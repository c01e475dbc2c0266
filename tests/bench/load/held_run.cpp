#include "tests/bench/load/held_run.hpp"

#include "tests/bench/load/request_text.hpp"

#include <boost/asio/buffer.hpp>

#include <nlohmann/json.hpp>

#include <iostream>

#include <unistd.h>

namespace conductor::bench {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t for_ever_us = 3'600'000'000;

} // namespace

held_run::held_run(asio::io_context& io, const load_plan& plan)
    : streams(io, plan)
    , answers_end_(plan.mode == load_mode::idle)
    , question_(answers_end_ ? question{request_text(plan, 1, 0), 1, {}}
                             : question{request_text(plan, 2, for_ever_us), 2, {}})
    , input_(io, ::dup(STDIN_FILENO)) {}

// A connection that was never used would not have the buffers that a used one keeps.
void held_run::ready(stream& s, bool) {
  s.ask(question_);
}

void held_run::record(stream&, bool first, std::int64_t, std::int64_t, std::int64_t) {
  if (answers_end_)
    return;
  if (!first)
    throw load_error("a second record although none is due");
  one_there();
}

void held_run::answered(stream&, std::int64_t, std::int64_t) {
  if (!answers_end_)
    throw load_error("a held answer came to its end");
  one_there();
}

void held_run::one_there() {
  if (++there_ < plan().streams)
    return;
  expect_nothing();
  std::cout << "ready" << std::endl;
  wait_for_end();
}

void held_run::wait_for_end() {
  input_.async_read_some(asio::buffer(&byte_, 1),
                         [this](boost::system::error_code e, std::size_t) {
                           if (e)
                             close_all();
                           else
                             wait_for_end();
                         });
}

nlohmann::ordered_json held_run::result() const {
  return {{"mode", answers_end_ ? "idle" : "hold"}, {"streams", there_}};
}

} // namespace conductor::bench
