// The table of settings, and the YAML file that is read by it.
#include "app/settings.hpp"

#include <arpa/inet.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "base/nearest.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

constexpr std::streamoff file_bytes_max = 1 << 20;
constexpr int depth_max = 8;

template <class T>
Status set_number(T& target, std::string_view text, T least, T most) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    return fail(Code::invalid, "\"" + std::string(text) + "\" is no whole number from " + std::to_string(least) +
                                   " to " + std::to_string(most));
  }
  target = value;
  return {};
}

Status set_choice(std::string& target, std::string_view text, const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) {
    target = text;
    return {};
  }
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  return fail(Code::invalid, "\"" + std::string(text) + "\" is none of " + list);
}

Status set_host(Settings& settings, std::string_view text) {
  // Whoever reaches the port may do everything, so nobody outside may reach it.
  const bool loopback = text == "localhost" || text == "::1" || text.substr(0, 4) == "127.";
  if (!loopback) {
    return fail(Code::invalid, "\"" + std::string(text) + "\" is reached from outside, and this version knows no users",
                "", "listen on 127.0.0.1 and put a proxy that asks for a password in front");
  }
  settings.host = text == "localhost" ? "127.0.0.1" : std::string(text);
  return {};
}

Status set_public_url(Settings& settings, std::string_view text) {
  std::string_view host = text;
  const bool is_web = host.starts_with("http://") || host.starts_with("https://");
  if (is_web) host.remove_prefix(host.find("//") + 2);
  while (host.ends_with('/')) host.remove_suffix(1), text.remove_suffix(1);
  const bool is_legal =
      is_web && !host.empty() && !host.starts_with('/') &&
      std::ranges::all_of(host, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>'; }) &&
      host.find_first_of("?#\\") == std::string_view::npos;
  if (!text.empty() && !is_legal) {
    return fail(Code::invalid, "\"" + std::string(text) + "\" is no address of a server", "",
                "write it as https://hub.example.org, without a query");
  }
  settings.public_url = text;
  return {};
}

// The addresses that a list with commas names, each in its one spelling; an address of another host by its digits
// alone, since what a name stands for may change.
Result<std::vector<std::string>> parse_addresses(std::string_view text) {
  std::vector<std::string> addresses;
  std::string word;
  for (std::istringstream words{std::string(text)}; std::getline(words, word, ',');) {
    std::erase(word, ' ');
    if (word == "none") continue;
    if (word == "loopback") {
      addresses.insert(addresses.end(), {"127.0.0.1", "::1"});
      continue;
    }
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> spelling{};
    const int family = word.find(':') == std::string::npos ? AF_INET : AF_INET6;
    if (inet_pton(family, word.c_str(), bytes.data()) != 1) {
      return fail(Code::invalid, "\"" + word + "\" is no address", "",
                  "write addresses as 10.0.0.7 or fd00::7 with commas between them, loopback, or none");
    }
    addresses.emplace_back(inet_ntop(family, bytes.data(), spelling.data(), spelling.size()));
  }
  return addresses;
}

Status set_context_addresses(Settings& settings, std::string_view text) {
  if (const auto addresses = parse_addresses(text); !addresses.ok()) return addresses.error();
  settings.context_addresses = text;
  return {};
}

Status set_bool(bool& target, std::string_view text) {
  if (text != "true" && text != "false") {
    return fail(Code::invalid, "\"" + std::string(text) + "\" is neither true nor false");
  }
  target = text == "true";
  return {};
}

std::vector<Setting> rehearsal_settings() {
  return {
      {"rehearsal",
       "auto: an invented city where there is no other; on: devices into whatever city there is; links; off",
       [](Settings& s, std::string_view t) {
         return set_choice(s.rehearsal, t, {"auto", "on", "links", "off"});
       },
       [](const Settings& s) { return s.rehearsal; }},
      {"rehearsal_broker", "HOST:PORT of a broker to which the links of a rehearsal listen instead of HTTP",
       [](Settings& s, std::string_view t) -> Status {
         s.rehearsal_broker = t;
         return {};
       },
       [](const Settings& s) { return s.rehearsal_broker; }},
      {"rehearsal_seed", "another seed: another city, another day",
       [](Settings& s, std::string_view t) { return set_number<uint64_t>(s.rehearsal_seed, t, 0, uint64_t{1} << 62); },
       [](const Settings& s) { return std::to_string(s.rehearsal_seed); }},
      {"rehearsal_buildings", "size of the invented city",
       [](Settings& s, std::string_view t) { return set_number<uint64_t>(s.rehearsal_buildings, t, 1, 4'000'000); },
       [](const Settings& s) { return std::to_string(s.rehearsal_buildings); }},
      {"rehearsal_vehicles", "vehicles that are followed",
       [](Settings& s, std::string_view t) { return set_number<uint32_t>(s.rehearsal_vehicles, t, 0, 1'000'000); },
       [](const Settings& s) { return std::to_string(s.rehearsal_vehicles); }},
      {"rehearsal_pedestrians", "people on foot",
       [](Settings& s, std::string_view t) { return set_number<uint32_t>(s.rehearsal_pedestrians, t, 0, 1'000'000); },
       [](const Settings& s) { return std::to_string(s.rehearsal_pedestrians); }},
      {"rehearsal_devices", "sensors, about",
       [](Settings& s, std::string_view t) { return set_number<uint32_t>(s.rehearsal_devices, t, 0, 10'000'000); },
       [](const Settings& s) { return std::to_string(s.rehearsal_devices); }},
  };
}

std::vector<Setting> folder_settings() {
  return {
      {"data", "folder in which everything recorded is kept",
       [](Settings& s, std::string_view t) -> Status {
         s.data = t;
         return {};
       },
       [](const Settings& s) { return s.data; }},
      {"city", "folder with the files of a city, imported at the start",
       [](Settings& s, std::string_view t) -> Status {
         s.city = t;
         return {};
       },
       [](const Settings& s) { return s.city; }},
      {"packs", "folder with packs; empty: packs/ beside the program's sources",
       [](Settings& s, std::string_view t) -> Status {
         s.packs = t;
         return {};
       },
       [](const Settings& s) { return s.packs; }},
      {"console", "folder with the built console; empty: console/dist beside the program's sources",
       [](Settings& s, std::string_view t) -> Status {
         s.console = t;
         return {};
       },
       [](const Settings& s) { return s.console; }},
  };
}

std::vector<Setting> server_settings() {
  constexpr uint64_t terabyte = uint64_t{1} << 40;
  return {
      {"listen.host", "address to listen on; only this machine's own (127.0.0.1, ::1)", set_host,
       [](const Settings& s) { return s.host; }},
      {"listen.port", "port to listen on; 0: any free one",
       [](Settings& s, std::string_view t) { return set_number<uint16_t>(s.port, t, 0, 65535); },
       [](const Settings& s) { return std::to_string(s.port); }},
      {"listen.public_url",
       "where others reach this server, e.g. https://hub.example.org of the proxy in front; empty: where it listens",
       set_public_url, [](const Settings& s) { return s.public_url; }},
      {"listen.workers", "workers that answer requests; 0: one per core",
       [](Settings& s, std::string_view t) { return set_number<uint32_t>(s.workers, t, 0, 1024); },
       [](const Settings& s) { return std::to_string(s.workers); }},
      {"listen.connections", "connections at once; past it a new one is closed",
       [](Settings& s, std::string_view t) { return set_number<uint32_t>(s.connections_max, t, 1, 1'000'000); },
       [](const Settings& s) { return std::to_string(s.connections_max); }},
      {"listen.body_bytes", "size of one request's body at most",
       [](Settings& s, std::string_view t) { return set_number<uint64_t>(s.body_bytes_max, t, 1024, terabyte); },
       [](const Settings& s) { return std::to_string(s.body_bytes_max); }},
      {"listen.memory_bytes", "memory the server may take, refusing work near it; 0: what its control group allows",
       [](Settings& s, std::string_view t) { return set_number<uint64_t>(s.memory_bytes, t, 0, terabyte); },
       [](const Settings& s) { return std::to_string(s.memory_bytes); }},
      {"contexts.addresses",
       "private addresses that contexts are fetched from, by commas; loopback, none; empty: loopback without "
       "public_url",
       set_context_addresses, [](const Settings& s) { return s.context_addresses; }},
      {"record.queue_changes", "changes that may wait to be recorded; past it: 429",
       [](Settings& s, std::string_view t) { return set_number<uint64_t>(s.queue_changes_max, t, 1, 100'000'000); },
       [](const Settings& s) { return std::to_string(s.queue_changes_max); }},
      {"record.queue_bytes", "bytes of them; past it: 429",
       [](Settings& s, std::string_view t) { return set_number<uint64_t>(s.queue_bytes_max, t, 1 << 20, terabyte); },
       [](const Settings& s) { return std::to_string(s.queue_bytes_max); }},
      {"record.checkpoint_interval_ms", "how often the views are written, so that a start has little to fold",
       [](Settings& s, std::string_view t) {
         return set_number<int64_t>(s.checkpoint_interval_ms, t, 100, 86'400'000);
       },
       [](const Settings& s) { return std::to_string(s.checkpoint_interval_ms); }},
      {"models.launcher", "words before the program that runs a model, e.g. srun of Slurm; empty: this machine",
       [](Settings& s, std::string_view t) -> Status {
         s.models_launcher = t;
         return {};
       },
       [](const Settings& s) { return s.models_launcher; }},
      {"models.at_once", "runs of models at a time; further ones wait",
       [](Settings& s, std::string_view t) { return set_number<uint32_t>(s.models_at_once, t, 1, 1'000); },
       [](const Settings& s) { return std::to_string(s.models_at_once); }},
      {"models.seconds", "how long a run may take",
       [](Settings& s, std::string_view t) { return set_number<int64_t>(s.models_seconds_max, t, 1, 10'000'000); },
       [](const Settings& s) { return std::to_string(s.models_seconds_max); }},
      {"models.memory_bytes", "memory that a run may take",
       [](Settings& s, std::string_view t) {
         return set_number<uint64_t>(s.models_memory_bytes, t, 64 << 20, terabyte);
       },
       [](const Settings& s) { return std::to_string(s.models_memory_bytes); }},
      {"log.level", "error, warning, info or debug",
       [](Settings& s, std::string_view t) {
         return set_choice(s.log_level, t, {"error", "warning", "info", "debug"});
       },
       [](const Settings& s) { return s.log_level; }},
      {"bench", "open /bench/fixed/BYTES, the ceiling that benchmarks are measured against",
       [](Settings& s, std::string_view t) { return set_bool(s.bench, t); },
       [](const Settings& s) { return std::string(s.bench ? "true" : "false"); }},
  };
}

std::vector<Setting> make_table() {
  std::vector<Setting> table = folder_settings();
  for (Setting& setting : server_settings()) table.push_back(std::move(setting));
  for (Setting& setting : rehearsal_settings()) table.push_back(std::move(setting));
  return table;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const Setting& setting : setting_table()) keys.push_back(setting.key);
  return keys;
}

std::string place(const std::string& path, const YAML::Mark& mark) {
  return path + ":" + std::to_string(mark.line + 1);
}

Status read_map(Settings& settings, const YAML::Node& node, const std::string& prefix, const std::string& path,
                int depth) {
  std::set<std::string> keys;
  for (const auto& entry : node) {
    const std::string where = place(path, entry.first.Mark());
    if (!entry.first.IsScalar()) return fail(Code::invalid, "a setting's name must be a word", where);
    const std::string key = prefix + entry.first.Scalar();
    if (!keys.insert(key).second)
      return fail(Code::invalid, "the setting " + key + " is there twice", where, "keep one of them");
    if (key == "links") {
      settings.links_file = path;
      continue;
    }
    if (entry.second.IsMap()) {
      if (depth >= depth_max) return fail(Code::too_complex, "settings within settings, too deep", where);
      if (Status status = read_map(settings, entry.second, key + ".", path, depth + 1); !status) return status;
    } else if (entry.second.IsScalar()) {
      if (Status status = set_setting(settings, key, entry.second.Scalar(), where); !status) return status;
    } else if (!entry.second.IsNull()) {
      return fail(Code::invalid, "the setting " + key + " takes one value, not a list", where);
    }
  }
  return {};
}

base::Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return fail(Code::not_found, "the configuration cannot be read", path, "check the name given to --config");
  const std::streamoff size = file.tellg();
  if (size < 0 || size > file_bytes_max) return fail(Code::too_large, "a configuration has at most 1 MiB", path);
  std::string text(static_cast<size_t>(size), '\0');
  file.seekg(0);
  file.read(text.data(), size);
  return text;
}

}  // namespace

const std::vector<Setting>& setting_table() {
  static const std::vector<Setting> table = make_table();
  return table;
}

Status set_setting(Settings& settings, std::string_view key, std::string_view text, const std::string& where) {
  for (const Setting& setting : setting_table()) {
    if (setting.key != key) continue;
    Status status = setting.set(settings, text);
    if (status) return status;
    base::Error error = status.error();
    return fail(error.code, setting.key + ": " + error.what, where, error.remedy);
  }
  const std::string meant = base::nearest(key, known_keys());
  return fail(Code::invalid, "there is no setting " + std::string(key), where,
              meant.empty() ? "cityloom.example.yaml lists every setting" : "did you mean " + meant + "?");
}

Status read_settings_text(Settings& settings, std::string_view text, const std::string& path) {
  try {
    const YAML::Node node = YAML::Load(std::string(text));
    if (node.IsNull()) return {};
    if (!node.IsMap()) return fail(Code::invalid, "a configuration is a list of \"name: value\"", path);
    return read_map(settings, node, "", path, 0);
  } catch (const YAML::Exception& exception) {
    return fail(Code::invalid, "this is no YAML: " + exception.msg, place(path, exception.mark));
  }
}

Status read_settings(Settings& settings, const std::string& path) {
  auto text = read_text(path);
  if (!text) return text.error();
  return read_settings_text(settings, *text, path);
}

std::vector<std::string> addresses_of_contexts(const Settings& settings) {
  const std::string_view usual = settings.public_url.empty() ? "loopback" : "none";
  const std::string_view text = settings.context_addresses.empty() ? usual : settings.context_addresses;
  auto addresses = parse_addresses(text);
  return addresses.ok() ? std::move(addresses).value() : std::vector<std::string>();
}

}  // namespace cityloom::app
