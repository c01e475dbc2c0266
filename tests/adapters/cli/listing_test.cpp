#include "adapters/cli/models.hpp"
#include "adapters/cli/show.hpp"
#include "adapters/cli/status.hpp"
#include "adapters/cli/table.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::cli {
namespace {

using namespace std::chrono;
using nlohmann::json;

const auto now = moment(sys_days(2024y / May / 1));

TEST(table, pads_every_column_and_breaks_long_cells_between_words) {
  EXPECT_EQ(table({{"A", "BB"}, {"日本", "x"}}), "A       BB    \n日本    x     \n");
  EXPECT_EQ(table({{"one two three", "x"}}, 8), "one two    x    \nthree           \n");
  EXPECT_EQ(table({}), "");
}

TEST(broken_lines, fill_evenly_and_keep_long_words) {
  using lines = std::vector<std::string>;
  EXPECT_EQ(broken_lines("", 10), lines{""});
  EXPECT_EQ(broken_lines("aaa bb cc ddddd", 6), (lines{"aaa", "bb cc", "ddddd"}));
  EXPECT_EQ(broken_lines("a toolongword b", 5), (lines{"a", "toolongword", "b"}));
}

TEST(models_table, has_ollamas_columns) {
  auto tags = json::parse(R"({"models":[
    {"name":"llama3:latest","digest":"365c0bd3c000a25d28ddbf732fe1c6add414de7275464c4e4d1c3b5fcb5d8ad1",
     "size":4661224676,"modified_at":"2024-04-10T00:00:00Z"},
    {"name":"gpt:cloud","digest":"abc","size":300,"remote_model":"gpt"}]})");
  EXPECT_EQ(models_table(tags, "", now),
            "NAME             ID              SIZE      MODIFIED       \n"
            "llama3:latest    365c0bd3c000    4.7 GB    3 weeks ago    \n"
            "gpt:cloud        abc             -         Never          \n");
  EXPECT_EQ(models_table(tags, "LLAMA", now).find("gpt"), std::string::npos);
  EXPECT_EQ(models_table(json::object(), "", now),
            "NAME    ID    SIZE    MODIFIED    \n");
}

TEST(running_table, tells_where_a_model_is_and_how_long) {
  auto ps = json::parse(R"({"models":[
    {"name":"a","digest":"0123456789abcdef","size":100,"size_vram":100,"context_length":4096,
     "expires_at":"2024-05-01T00:04:59Z"},
    {"name":"b","digest":"1","size":100,"size_vram":0,"expires_at":"2318-01-01T00:00:00Z"},
    {"name":"c","digest":"1","size":1000,"size_vram":400,"expires_at":"2024-04-30T23:59:59Z"},
    {"name":"d","digest":"1","size":1,"size_vram":2,"expires_at":"0001-01-01T00:00:00Z"}]})");
  EXPECT_EQ(running_table(ps, "", now), "NAME    ID              SIZE     PROCESSOR      "
                                        "    CONTEXT    UNTIL                 \n"
                                        "a       0123456789ab    100 B    100% GPU       "
                                        "    4096       4 minutes from now    \n"
                                        "b       1               100 B    100% CPU       "
                                        "    0          Forever               \n"
                                        "c       1               1 KB     60%/40% "
                                        "CPU/GPU    0          Stopping...           \n"
                                        "d       1               1 B      Unknown        "
                                        "    0          Stopping...           \n");
}

TEST(show_sections, are_ollamas) {
  auto shown = json::parse(R"({
    "details":{"family":"test","parameter_size":"","quantization_level":"FP16"},
    "parameters":"stop  never\nstop up\ntemperature 99",
    "model_info":{"general.architecture":"test","general.parameter_count":8000000000,
      "some.true_bool":true,"test.context_length":131072,"test.embedding_length":4096,
      "tokens":["a","b","c","d","e"],"big":1048576,"small":0.00001},
    "tensors":[{"name":"blk.0","type":"BF16","shape":[42,3117]}],
    "capabilities":["vision","tools"],
    "system":"You are a pirate!\n\n Ahoy, matey!\nWeigh anchor!\n",
    "license":"MIT License\n"})");
  EXPECT_EQ(show_sections(shown, true),
            "  Model\n"
            "    architecture        test      \n"
            "    parameters          8B        \n"
            "    context length      131072    \n"
            "    embedding length    4096      \n"
            "    quantization        FP16      \n"
            "\n"
            "  Capabilities\n"
            "    vision    \n"
            "    tools     \n"
            "\n"
            "  Parameters\n"
            "    stop           never    \n"
            "    stop           up       \n"
            "    temperature    99       \n"
            "\n"
            "  Metadata\n"
            "    big                        1.048576e+06          \n"
            "    general.architecture       test                  \n"
            "    general.parameter_count    8e+09                 \n"
            "    small                      1e-05                 \n"
            "    some.true_bool             true                  \n"
            "    test.context_length        131072                \n"
            "    test.embedding_length      4096                  \n"
            "    tokens                     [a b c ...+2 more]    \n"
            "\n"
            "  Tensors\n"
            "    blk.0    BF16    [42 3117]    \n"
            "\n"
            "  System\n"
            "    You are a pirate!    \n"
            "    Ahoy, matey!         \n"
            "    ...                  \n"
            "\n"
            "  License\n"
            "    MIT License    \n"
            "\n");
}

TEST(show_sections, say_what_little_an_old_server_tells) {
  auto shown = json::parse(R"({"details":{"family":"test","parameter_size":"7B",
                               "quantization_level":"FP16"},"requires":"0.19.0"})");
  EXPECT_EQ(show_sections(shown, false), "  Model\n"
                                         "    architecture    test      \n"
                                         "    parameters      7B        \n"
                                         "    quantization    FP16      \n"
                                         "    requires        0.19.0    \n\n");
  EXPECT_EQ(show_sections(json::object(), false), "  Model\n\n");
}

TEST(status_text, tells_what_is_there_and_leaves_out_what_is_not) {
  auto status = json::parse(R"({"version":"0.1.0","uptime_s":3723,
    "listen":["127.0.0.1:11435","unix:/run/c.sock"],"connections":3,
    "generations_in_flight":1,"queue":{"waiting":0,"limit":512},"backends":[
    {"name":"gpu-1","url":"http://a:1","state":"up","version":"0.33.0","latency_us":420,
     "in_flight":1,"waiting":0,"parallel":2},
    {"name":"gpu-2","state":"down","error":"connection refused"}]})");
  EXPECT_EQ(status_text(status),
            "Conductor 0.1.0, up 1h2m, on 127.0.0.1:11435 and unix:/run/c.sock\n"
            "3 connections, 1 answers in flight, 0 waiting (limit 512)\n\n"
            "BACKEND    STATE    VERSION    LATENCY    IN FLIGHT    WAITING    URL       "
            "    ERROR                 \n"
            "gpu-1      up       0.33.0     0.4 ms     1 of 2       0          "
            "http://a:1                          \n"
            "gpu-2      down     -          -          -            -          -         "
            "    connection refused    \n");
  EXPECT_EQ(status_text(json::object()), "Conductor\n\nno backends\n");
  EXPECT_NO_THROW(status_text(json::parse(
      R"({"version":1,"uptime_s":"x","listen":{},"backends":[1],"queue":[]})")));
}

TEST(status_text, tells_what_keeps_a_backend_from_serving) {
  auto status = json::parse(R"({"backends":[
    {"name":"a","url":"http://a:1","state":"up","draining":true,"tripped":true,
     "in_flight":1,"zombies":2},
    {"name":"b","url":"http://b:1","state":"up","draining":false,"in_flight":0,
     "zombies":0}]})");
  EXPECT_EQ(
      status_text(status),
      "Conductor\n\n"
      "BACKEND    STATE                    VERSION    LATENCY    IN FLIGHT    ZOMBIES "
      "   WAITING    URL           \n"
      "a          up, draining, tripped    -          -          1            2       "
      "   -          http://a:1    \n"
      "b          up                       -          -          0                    "
      "   -          http://b:1    \n");
}

} // namespace
} // namespace conductor::cli
