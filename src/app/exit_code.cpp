// Errors on their way out of the program.
#include "app/exit_code.hpp"

#include <cstdio>

namespace cityloom::app {

ExitCode exit_code_of_data(const base::Error& error) {
  switch (error.code) {
    case base::Code::cancelled:
      return ExitCode::interrupted;
    case base::Code::conflict:
    case base::Code::unavailable:
    case base::Code::corrupt:
    case base::Code::not_found:
    case base::Code::already_exists:
    case base::Code::forbidden:
      return ExitCode::data_folder;
    default:
      return ExitCode::failed;
  }
}

ExitCode exit_code_of_input(const base::Error& error) {
  switch (error.code) {
    case base::Code::cancelled:
      return ExitCode::interrupted;
    // The record failed under the import, not the file.
    case base::Code::unavailable:
      return ExitCode::data_folder;
    case base::Code::internal:
    case base::Code::busy:
      return ExitCode::failed;
    default:
      return ExitCode::input;
  }
}

ExitCode complain(const base::Error& error, ExitCode code) {
  std::fprintf(stderr, "cityloom: %s\n", error.text().c_str());
  return code;
}

}  // namespace cityloom::app
