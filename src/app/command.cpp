// From the words of the command line to a command.
#include "app/command.hpp"

#include <algorithm>
#include <cstdio>

#include "base/nearest.hpp"

namespace cityloom::app {
namespace {

std::vector<Command> all_commands() {
  return {serve_command(),  import_command(),   export_command(),  rehearse_command(),
          backup_command(), restore_command(),  refold_command(),  doctor_command(),
          model_command(),  forecast_command(), anomaly_command(), flood_command(),
          sun_command(),    traffic_command(),  bench_command(),   version_command()};
}

constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 data folder missing, not writable, full,\n"
    "corrupt or in use, 4 address cannot be listened on, 5 a file given cannot be used, 130 interrupted.\n";

void print_help(const std::vector<Command>& commands) {
  std::string text = "Cityloom keeps the digital twin of a city.\n\nUsage: cityloom COMMAND [OPTION...]\n\nCommands:\n";
  for (const Command& command : commands) {
    text += "  " + command.name + std::string(10 - command.name.size(), ' ') + command.summary + "\n";
  }
  text += "\n`cityloom COMMAND --help` tells more.\n";
  std::fputs((text + exit_codes).c_str(), stdout);
}

void print_help(const Command& command) {
  std::string text = command.summary + ".\n\nUsage: cityloom " + command.name + " " + command.usage + "\n\nOptions:\n" +
                     describe(command.options);
  if (!command.details.empty()) text += "\n" + command.details;
  std::fputs((text + "\n" + exit_codes).c_str(), stdout);
}

}  // namespace

std::vector<Option> data_options() {
  return {{"--config", "FILE", "read settings from this file (see cityloom.example.yaml)", ""},
          {"--data", "DIR", "folder in which everything recorded is kept (default ./var)", "data"}};
}

ExitCode run_program(const std::vector<std::string>& words) {
  const std::vector<Command> commands = all_commands();
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help(commands);
    return words.empty() ? ExitCode::usage : ExitCode::ok;
  }
  const std::string name = words[0] == "--version" ? "version" : words[0];
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.name == name; });
  if (found == commands.end()) {
    std::vector<std::string> names;
    for (const Command& command : commands) names.push_back(command.name);
    const std::string meant = base::nearest(name, names);
    return complain(base::fail(base::Code::invalid, "there is no command " + name, "",
                               meant.empty() ? "`cityloom --help` lists them" : "did you mean " + meant + "?"),
                    ExitCode::usage);
  }
  const auto arguments = parse_arguments({words.begin() + 1, words.end()}, found->options);
  if (!arguments) return complain(arguments.error(), ExitCode::usage);
  if (arguments->help) {
    print_help(*found);
    return ExitCode::ok;
  }
  return found->run(*arguments);
}

}  // namespace cityloom::app
