// Where the program finds what is not compiled into it.
#pragma once

#include <string>

#include "app/settings.hpp"

namespace cityloom::app {

/// The folder of the program's sources as seen from build/PRESET/cityloom; "." if that is not where it lies.
std::string source_folder();

/// As set, else console/dist in the source folder.
std::string console_folder(const Settings& settings);

/// As set, else packs in the source folder.
std::string packs_folder(const Settings& settings);

/// The pack of a rehearsal's devices: in the folder of packs, else beside the program's sources.
std::string rehearsal_pack_folder(const Settings& settings);

}  // namespace cityloom::app
