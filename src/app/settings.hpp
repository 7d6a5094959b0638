// What can be set: by the configuration file, over it by the command line. One table names every setting.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::app {

/// All settings of one run, with their defaults.
struct Settings {
  std::string data = "./var";
  std::string city;
  std::string packs;
  std::string console;
  std::string host = "127.0.0.1";
  uint16_t port = 8080;
  std::string public_url;         ///< without a slash at the end; empty: where it listens
  std::string context_addresses;  ///< as it is set; `addresses_of_contexts` tells what it means
  uint32_t workers = 0;
  uint32_t connections_max = 4096;
  uint64_t body_bytes_max = 64u << 20;
  uint64_t memory_bytes = 0;
  std::string log_level = "info";
  uint64_t queue_changes_max = 100'000;
  uint64_t queue_bytes_max = 256u << 20;
  int64_t checkpoint_interval_ms = 5'000;
  bool bench = false;
  std::string rehearsal = "auto";
  std::string rehearsal_broker;
  uint64_t rehearsal_seed = 1;
  uint64_t rehearsal_buildings = 3'000;
  uint32_t rehearsal_vehicles = 300;
  uint32_t rehearsal_pedestrians = 150;
  uint32_t rehearsal_devices = 240;
  std::string models_launcher;  ///< words before the program that runs a model: "srun -N1"
  uint32_t models_at_once = 1;
  int64_t models_seconds_max = 3'600;
  uint64_t models_memory_bytes = 4ull << 30;
  std::string links_file;  ///< the configuration file, where it has a list of links
};

/// The private addresses from which contexts may be fetched, each as its digits ("127.0.0.1", "::1"). Where nothing is
/// set: this machine's own, unless `public_url` says that others are let in, who could not reach them themselves.
std::vector<std::string> addresses_of_contexts(const Settings& settings);

/// One row of the table: the key as it stands in the file ("listen.port"), what it is, how it is written.
struct Setting {
  std::string key;
  std::string help;
  /// Sets it from text. Errors: invalid, saying what is allowed.
  base::Status (*set)(Settings&, std::string_view text);
  /// As text, as `set` takes it.
  std::string (*get)(const Settings&);
};

/// Every setting, in the order of cityloom.example.yaml.
const std::vector<Setting>& setting_table();

/// Sets one by its key. `where` goes into an error: file and line, or the option. Errors: invalid; an unknown key's
/// error names the nearest known one.
base::Status set_setting(Settings& settings, std::string_view key, std::string_view text, const std::string& where);

/// Reads a configuration file over `settings`. An empty file changes nothing; its list `links` is for link::read_links.
/// At most 1 MiB. Errors: not_found, invalid with file, line and the nearest known key.
base::Status read_settings(Settings& settings, const std::string& path);
/// The same of a text that was read; `path` goes into errors.
base::Status read_settings_text(Settings& settings, std::string_view text, const std::string& path);

}  // namespace cityloom::app
