#include "adapters/cli/failure.hpp"
#include "adapters/cli/prompt/chat.hpp"
#include "adapters/cli/prompt/help_text.hpp"
#include "adapters/cli/prompt/settings.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/show.hpp"
#include "adapters/cli/visible_text.hpp"

#include <algorithm>

namespace conductor::cli {

namespace {

constexpr auto lenient = nlohmann::ordered_json::error_handler_t::replace;

std::string joined(const std::vector<std::string>& words, std::size_t from) {
  std::string out;
  for (auto i = from; i < words.size(); ++i)
    out += (i == from ? "" : ", ") + words[i];
  return out;
}

} // namespace

void chat::apply(const json& change) {
  if (!id_.empty())
    node_.fetch({"PATCH", session_target(id_), change.dump(-1, ' ', false, lenient)});
  settings_.merge_patch(change);
}

void chat::set(const words& args) {
  auto what = args.size() > 1 ? args[1] : "";
  auto done = [&](bool& option, bool value) {
    option = value;
    note("Set '" + what + "' mode.\n");
  };
  if (what == "parameter" && args.size() < 4) {
    note(help_text("parameters", takes_files_));
  } else if (what == "parameter") {
    try {
      apply({{"options",
              {{args[2], parameter_value(args[2], {args.begin() + 3, args.end()})}}}});
      note("Set parameter '" + visible_text(args[2]) + "' to '" +
           visible_text(joined(args, 3)) + "'\n");
    } catch (const failure& why) {
      note("Couldn't set parameter: \"" + visible_text(why.what()) + "\"\n");
    }
  } else if (what == "history" || what == "nohistory") {
    console_->keep_history(what == "history");
  } else if (what == "wordwrap" || what == "nowordwrap") {
    done(options_.no_word_wrap, what == "nowordwrap");
  } else if (what == "verbose" || what == "quiet") {
    done(options_.verbose, what == "verbose");
  } else if (what == "think" || what == "nothink") {
    set_think(args);
  } else if (what == "format" && args.size() == 3 && args[2] == "json") {
    apply({{"format", "json"}});
    note("Set format to 'json' mode.\n");
  } else if (what == "format") {
    note("Invalid or missing format. For 'json' mode use '/set format json'\n");
  } else if (what == "noformat") {
    apply({{"format", nullptr}});
    note("Disabled format.\n");
  } else if (what.empty() || what == "system") {
    note(help_text("set", takes_files_));
  } else {
    note("Unknown command '/set " + visible_text(what) + "'. Type /? for help\n");
  }
}

void chat::set_think(const words& args) {
  if (!thinks_)
    note("warning: model \"" + visible_text(model_) +
         "\" does not support thinking output\n");
  if (args[1] == "nothink") {
    apply({{"think", false}});
    note("Set 'nothink' mode.\n");
  } else if (args.size() > 2) {
    apply({{"think", args[2]}});
    note("Set 'think' mode to '" + visible_text(args[2]) + "'.\n");
  } else {
    apply({{"think", true}});
    note("Set 'think' mode.\n");
  }
}

void chat::set_system(const std::string& text) {
  apply({{"system", text}});
  note("Set system message.\n");
}

void chat::show(const words& args) {
  auto what = args.size() > 1 ? args[1] : "";
  if (what.empty())
    return note(help_text("show", takes_files_));
  auto model = shown_model(model_);
  auto part = [&](const char* key, const char* none) {
    auto text = text_of(model, key);
    note(text.empty() ? std::string(none) + "\n" : visible_text(text) + "\n");
  };
  if (what == "info")
    note(visible_text(show_sections(model, false)));
  else if (what == "license")
    part("license", "No license was specified for this model.");
  else if (what == "modelfile")
    part("modelfile", "");
  else if (what == "parameters")
    note(visible_text(
        parameters_text(text_of(model, "parameters"), list_of(settings_, "options"))));
  else if (what == "system" && !text_of(settings_, "system").empty())
    note(visible_text(text_of(settings_, "system")) + "\n\n");
  else if (what == "system" && !text_of(model, "system").empty())
    note(visible_text(text_of(model, "system")) + "\n\n");
  else if (what == "system")
    note("No system message was specified for this model.\n");
  else if (what == "template")
    part("template", "No prompt template was specified for this model.");
  else
    note("Unknown command '/show " + visible_text(what) + "'. Type /? for help\n");
}

} // namespace conductor::cli
