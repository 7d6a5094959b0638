// The one table from a failure to the code that the program ends with.
#pragma once

#include "base/result.hpp"

namespace cityloom::app {

/// What `cityloom` ends with. Scripts lean on these: a number never changes its meaning.
enum class ExitCode : int {
  ok = 0,
  failed = 1,         ///< something else went wrong; the message says what
  usage = 2,          ///< the command line or the configuration is wrong
  data_folder = 3,    ///< the data folder is missing, not writable, full, corrupt or in use by another process
  address = 4,        ///< the port is in use, or the address is not this machine's
  input = 5,          ///< a file to import or to restore from cannot be used
  interrupted = 130,  ///< Ctrl-C before the work was done
};

/// The code for an error that came from opening or writing the data folder.
ExitCode exit_code_of_data(const base::Error& error);

/// The code for an error that came from a file given as input.
ExitCode exit_code_of_input(const base::Error& error);

/// Prints "cityloom: TEXT" on the error output and returns the code, so that a command ends by `return complain(...)`.
ExitCode complain(const base::Error& error, ExitCode code);

}  // namespace cityloom::app
