#include "adapters/cli/failure.hpp"
#include "adapters/cli/prompt/settings.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

using json = nlohmann::ordered_json;

std::string refusal_of(const std::string& name, const std::string& value) {
  try {
    return "none: " + parameter_value(name, {value}).dump();
  } catch (const failure& why) {
    return why.what();
  }
}

TEST(parameter_value, has_the_type_that_ollama_takes) {
  EXPECT_EQ(parameter_value("seed", {"42"}), json(42));
  EXPECT_EQ(parameter_value("temperature", {"0.5"}), json(0.5));
  EXPECT_EQ(parameter_value("use_mmap", {"true"}), json(true));
  EXPECT_EQ(parameter_value("stop", {"a", "b"}), json({"a", "b"}));
  EXPECT_EQ(parameter_value("stop", {"a"}), json::array({"a"}));
}

TEST(parameter_value, is_refused_in_ollama_s_words) {
  EXPECT_EQ(refusal_of("seed", "x"), "invalid int value [x]");
  EXPECT_EQ(refusal_of("seed", "1.5"), "invalid int value [1.5]");
  EXPECT_EQ(refusal_of("top_p", "much"), "invalid float value [much]");
  EXPECT_EQ(refusal_of("use_mmap", "1"), "invalid bool value [1]");
  EXPECT_EQ(refusal_of("bogus", "3"), "unknown parameter 'bogus'");
}

TEST(parameters_text, shows_the_model_s_and_those_that_were_set) {
  EXPECT_EQ(parameters_text("", json::array()),
            "Model defined parameters:\n"
            "  No additional parameters were specified for this model.\n\n");
  EXPECT_EQ(parameters_text("num_thread                     1\nseed 2",
                            {{"stop", {"a", "b"}}, {"temperature", 0.5}}),
            "Model defined parameters:\n"
            "  num_thread                     1\n"
            "  seed 2\n\n"
            "User defined parameters:\n"
            "  stop                           [a b]\n"
            "  temperature                    0.5\n\n");
}

} // namespace
} // namespace conductor::cli
