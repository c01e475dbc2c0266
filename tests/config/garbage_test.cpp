#include "config/load.hpp"
#include "config/schema.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

// Whatever is given to the configuration, the result is settings or a named error.

namespace conductor {
namespace {

constexpr int rounds = 3000;

std::string garbage(std::mt19937& random) {
  static const std::vector<std::string> pieces{"[",
                                               "]",
                                               "[[backend]]\n",
                                               "=",
                                               "\"",
                                               "\n",
                                               "server",
                                               ".",
                                               "listen",
                                               ":",
                                               "http://",
                                               "unix:",
                                               "/",
                                               "@",
                                               "%",
                                               "1",
                                               "65536",
                                               "::",
                                               "{",
                                               "}",
                                               ",",
                                               "#",
                                               "'''",
                                               "0x",
                                               "\xff",
                                               "url",
                                               "name",
                                               "true",
                                               "1e9",
                                               "ms",
                                               "GiB",
                                               "\\u0000",
                                               "-",
                                               "+",
                                               "nan",
                                               "\xc3\xbc",
                                               "99999999999999999999",
                                               " "};
  std::string text;
  for (auto n = random() % 24; n > 0; --n)
    text += random() % 8 == 0 ? std::string(1, static_cast<char>(random() % 256))
                              : pieces[random() % pieces.size()];
  return text;
}

void never_crashes(const std::function<void()>& act) {
  try {
    act();
  } catch (const config_error& e) {
    EXPECT_STRNE(e.what(), "");
  } catch (const std::invalid_argument& e) {
    EXPECT_STRNE(e.what(), "");
  }
}

TEST(garbage, as_an_address_is_an_address_or_a_named_error) {
  std::mt19937 random(1);
  for (int i = 0; i < 10 * rounds; ++i) {
    const auto text = garbage(random);
    never_crashes([&] {
      EXPECT_EQ(parse_listen(to_string(parse_listen(text))).port,
                parse_listen(text).port);
    });
    never_crashes([&] {
      const auto e = parse_backend(text);
      EXPECT_EQ(parse_backend(to_url(e)), e) << text;
    });
    never_crashes([&] { parse_ollama_host(text); });
  }
}

TEST(garbage, as_a_file_is_settings_or_a_named_error) {
  std::mt19937 random(2);
  for (int i = 0; i < rounds; ++i)
    never_crashes([&] { load_config({"c.toml", garbage(random), {}, {}}); });
}

TEST(garbage, as_a_value_of_any_key_is_settings_or_a_named_error) {
  std::mt19937 random(3);
  for (const auto& k : schema())
    for (int i = 0; i < rounds / 100; ++i) {
      const auto text = garbage(random);
      never_crashes([&] { load_config({"", "", {}, {{std::string(k.name), {text}}}}); });
      const auto key = std::string(k.name);
      never_crashes([&] { load_config({"c.toml", key + " = " + text, {}, {}}); });
    }
  for (int i = 0; i < rounds; ++i)
    never_crashes([&] {
      load_config({"",
                   "",
                   {{"CONDUCTOR_BACKENDS", garbage(random)},
                    {"OLLAMA_HOST", garbage(random)},
                    {"XDG_RUNTIME_DIR", garbage(random)}},
                   {}});
    });
}

TEST(garbage, in_the_sample_is_settings_or_a_named_error) {
  std::ifstream in(CONDUCTOR_SAMPLE);
  std::ostringstream text;
  text << in.rdbuf();
  std::mt19937 random(4);
  for (int i = 0; i < rounds / 10; ++i) {
    auto broken = text.str();
    for (int n = 0; n < 20; ++n) {
      const auto at = random() % broken.size();
      if (broken[at] == '#')
        broken.erase(at, 1);
      else
        broken.insert(at, garbage(random).substr(0, 3));
    }
    never_crashes([&] { load_config({"c.toml", broken, {}, {}}); });
  }
}

TEST(garbage, that_nests_deeply_is_a_named_error) {
  const std::string deep(100'000, '[');
  never_crashes([&] { load_config({"c.toml", "a = " + deep, {}, {}}); });
  never_crashes([&] { load_config({"c.toml", deep, {}, {}}); });
  std::string tables = "a = ";
  for (int i = 0; i < 20'000; ++i)
    tables += "{a=";
  never_crashes([&] { load_config({"c.toml", tables, {}, {}}); });
  std::string dotted = "a";
  for (int i = 0; i < 20'000; ++i)
    dotted += ".a";
  never_crashes([&] { load_config({"c.toml", dotted + " = 1", {}, {}}); });
}

} // namespace
} // namespace conductor
