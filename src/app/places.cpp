// Folders beside the program.
#include "app/places.hpp"

#include <filesystem>

namespace cityloom::app {

namespace fs = std::filesystem;

std::string source_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return ".";
  const fs::path source = program.parent_path().parent_path().parent_path();
  return fs::exists(source / "cityloom.example.yaml", error) ? source.string() : ".";
}

std::string console_folder(const Settings& settings) {
  return settings.console.empty() ? source_folder() + "/console/dist" : settings.console;
}

std::string packs_folder(const Settings& settings) {
  return settings.packs.empty() ? source_folder() + "/packs" : settings.packs;
}

std::string rehearsal_pack_folder(const Settings& settings) {
  std::error_code error;
  const std::string own = packs_folder(settings) + "/rehearsal";
  return fs::exists(own + "/pack.yaml", error) ? own : source_folder() + "/packs/rehearsal";
}

}  // namespace cityloom::app
