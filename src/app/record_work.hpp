// What several commands do with a record: open it with progress, bring in files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "app/data_folder.hpp"
#include "app/exit_code.hpp"
#include "app/interrupt.hpp"
#include "space/space.hpp"

namespace cityloom::app {

/// Opens a tenant's record, showing how far the folding is when it takes longer than a moment.
base::Result<std::unique_ptr<thread::Thread>> open_with_progress(const DataFolder& folder, std::string_view tenant,
                                                                 const base::Clock& clock, const Settings& settings);

/// Brings in the files of a city's folder where any of them changed since the last time; says what became of it on
/// the error output. Files are also read again for other options than the last time; without options, those of the last
/// time do. Stops when interrupted. Errors: not_found (no folder, nothing in it), cancelled, those of the record.
base::Status import_city_folder(const std::string& city, const space::ImportOptions& options, const DataFolder& folder,
                                thread::Thread& thread, const base::Clock& clock, const Interrupt& interrupt);

/// The city's name as people are shown it: of the folder that is imported now, or was the last time; may be empty.
std::string city_name(const Settings& settings, const DataFolder& folder);

/// Where links look for their files: the city's folder, the one beside which it lies, the program's sources.
std::vector<std::string> data_places(const Settings& settings, const DataFolder& folder);

/// Brings in one file with progress, and tells what became of it. Errors: those of space::import_file.
base::Status import_one_file(const std::string& path, const space::ImportOptions& options, thread::Thread& thread,
                             const base::Clock& clock, const Interrupt& interrupt);

/// Runs a command's work and turns what an interrupted or exhausted library throws into an exit code.
ExitCode guarded(ExitCode (*work)(const Arguments&), const Arguments& arguments);

}  // namespace cityloom::app
