// Reading the command line by a table of options.
#include "app/arguments.hpp"

#include <algorithm>

#include "base/nearest.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;

struct Given {
  const Option* option;
  std::string value;
};

base::Error unknown(const std::string& name, const std::vector<Option>& options) {
  std::vector<std::string> known = {"--help"};
  for (const Option& option : options) known.push_back(option.name);
  const std::string meant = base::nearest(name, known);
  return fail(Code::invalid, "there is no option " + name, "",
              meant.empty() ? "--help lists them" : "did you mean " + meant + "?");
}

/// Takes the word at `at` and its value, moving `at` to the last word used.
base::Result<Given> take(const std::vector<std::string>& words, size_t& at, const std::vector<Option>& options) {
  const size_t equals = words[at].find('=');
  const std::string name = words[at].substr(0, equals);
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
  if (found == options.end()) return unknown(name, options);
  if (found->value.empty()) {
    if (equals != std::string::npos) return fail(Code::invalid, name + " takes no value");
    return Given{&*found, "true"};
  }
  if (equals != std::string::npos) return Given{&*found, words[at].substr(equals + 1)};
  if (at + 1 >= words.size()) return fail(Code::invalid, name + " needs a value: " + name + " " + found->value);
  return Given{&*found, words[++at]};
}

}  // namespace

const std::string* Arguments::option(const std::string& name) const {
  const auto found = std::find_if(options.rbegin(), options.rend(), [&](const auto& o) { return o.first == name; });
  return found == options.rend() ? nullptr : &found->second;
}

base::Result<Arguments> parse_arguments(const std::vector<std::string>& words, const std::vector<Option>& options) {
  Arguments arguments;
  std::vector<Given> given;
  bool only_names = false;
  for (size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (only_names || word.size() < 2 || word[0] != '-') {
      arguments.names.push_back(word);
    } else if (word == "--") {
      only_names = true;
    } else if (word == "--help" || word == "-h") {
      arguments.help = true;
      return arguments;
    } else {
      auto taken = take(words, at, options);
      if (!taken) return taken.error();
      given.push_back(*taken);
    }
  }
  for (const Given& g : given) {
    if (g.option->name != "--config") continue;
    if (base::Status status = read_settings(arguments.settings, g.value); !status) return status.error();
  }
  for (const Given& g : given) {
    if (g.option->key.empty()) {
      arguments.options.emplace_back(g.option->name, g.value);
    } else if (base::Status status = set_setting(arguments.settings, g.option->key, g.value, g.option->name); !status) {
      return status.error();
    }
  }
  return arguments;
}

std::string describe(const std::vector<Option>& options) {
  size_t width = 6;
  for (const Option& option : options) width = std::max(width, option.name.size() + 1 + option.value.size());
  std::string text;
  const auto line = [&](const std::string& left, const std::string& right) {
    text += "  " + left + std::string(width + 2 - left.size(), ' ') + right + "\n";
  };
  for (const Option& option : options) {
    line(option.value.empty() ? option.name : option.name + " " + option.value, option.help);
  }
  line("--help", "this text");
  return text;
}

}  // namespace cityloom::app
