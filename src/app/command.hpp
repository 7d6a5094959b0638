// The commands of the program, each in a file of its own; main picks one by its name.
#pragma once

#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "app/exit_code.hpp"

namespace cityloom::app {

/// One command: `cityloom NAME`.
struct Command {
  std::string name;
  std::string summary;  ///< one line for `cityloom --help`
  std::string usage;    ///< what stands after "Usage: cityloom NAME "
  std::string details;  ///< paragraphs below the options; may be empty
  std::vector<Option> options;
  ExitCode (*run)(const Arguments&);
};

/// @name One function a command.
/// Each runs to its end and has told the user what became of it.
Command serve_command();
Command import_command();
Command export_command();
Command backup_command();
Command restore_command();
Command refold_command();
Command doctor_command();
Command rehearse_command();
Command forecast_command();
Command anomaly_command();
Command flood_command();
Command sun_command();
Command model_command();
Command traffic_command();
Command bench_command();
Command version_command();

/// The options that every command over a data folder takes: --config, --data.
std::vector<Option> data_options();

/// Finds the command, reads its options, runs it. `words` is what stands after the program's name.
ExitCode run_program(const std::vector<std::string>& words);

}  // namespace cityloom::app
