// Opening and importing, with progress.
#include "app/record_work.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stop_token>

#include "app/places.hpp"
#include "app/progress.hpp"

namespace cityloom::app {
namespace {

namespace fs = std::filesystem;
using base::Code;
using base::fail;
using base::Status;

constexpr size_t warnings_shown = 10;
constexpr size_t ignored_shown = 10;
// Raised when an importer reads something more or otherwise, so that the files are read again.
constexpr int importer_version = 3;

void tell(const std::string& text) {
  std::fputs((text + "\n").c_str(), stderr);
}

std::string file_name(std::string_view path) {
  return fs::path(path).filename().string();
}

/// What of the options changes what is read; an empty object for none.
nlohmann::json note_of(const space::ImportOptions& options) {
  nlohmann::json note = nlohmann::json::object();
  const std::pair<const char*, std::string> texts[] = {
      {"crs", options.crs}, {"type", options.type}, {"source", options.source}, {"encoding", options.encoding}};
  for (const auto& [name, text] : texts) {
    if (!text.empty()) note[name] = text;
  }
  if (!options.columns.empty()) note["columns"] = options.columns;
  if (const auto& placement = options.placement) {
    note["placement"] = {placement->longitude_deg, placement->latitude_deg, placement->height_m,
                         placement->rotation_deg};
  }
  return note;
}

/// Names, sizes and times of the files of a city, and options: equal as long as nobody has touched them.
nlohmann::json fingerprint(const std::string& city, const space::ImportOptions& options) {
  nlohmann::json files = nlohmann::json::object();
  std::error_code error;
  const auto found = space::city_files(city);
  for (const space::CityFile& file : found ? *found : std::vector<space::CityFile>{}) {
    struct stat status {};
    if (::stat(file.path.c_str(), &status) != 0) continue;
    files[file.name] = {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
  }
  return {{"city", fs::weakly_canonical(city, error).string()},
          {"importer", importer_version},
          {"files", files},
          {"options", note_of(options)}};
}

std::string note_path(const DataFolder& folder) {
  return folder.notes_folder() + "/city.json";
}

bool was_imported(const nlohmann::json& now, const DataFolder& folder, const thread::Thread& thread) {
  std::ifstream file(note_path(folder));
  nlohmann::json note = nlohmann::json::parse(file, nullptr, false);
  if (note.is_discarded() || !note.is_object()) return false;
  const nlohmann::json offset = note.value("offset", nlohmann::json());
  // A note older than the record's end belongs to another record.
  if (!offset.is_number_unsigned() || offset.get<uint64_t>() > thread.head().number) return false;
  nlohmann::json then = note.value("fingerprint", nlohmann::json());
  if (then.is_object() && (now.at("options").empty() || !then.contains("options"))) then["options"] = now.at("options");
  return then == now;
}

/// The folder of the city that is imported now, or was the last time; empty if there is none.
fs::path city_path(const Settings& settings, const DataFolder& folder) {
  std::string path = settings.city;
  if (path.empty()) {
    std::ifstream file(note_path(folder));
    const nlohmann::json note = nlohmann::json::parse(file, nullptr, false);
    const auto pointer = nlohmann::json::json_pointer("/fingerprint/city");
    if (note.is_object() && note.contains(pointer) && note.at(pointer).is_string()) path = note.at(pointer);
  }
  if (path.empty()) return {};
  std::error_code error;
  fs::path canonical = fs::weakly_canonical(path, error);
  return canonical.has_filename() ? canonical : canonical.parent_path();
}

space::ImportOptions options_with(space::ImportOptions options, Progress& progress, std::string& current,
                                  const Interrupt& interrupt, std::stop_source& stop) {
  options.stop = stop.get_token();
  options.progress = [&progress, &current, &interrupt, &stop](const space::ImportProgress& p) {
    if (interrupt.asked()) stop.request_stop();
    current = p.file;
    const uint64_t percent = p.bytes_total == 0 ? 0 : p.bytes_done * 100 / p.bytes_total;
    progress.report(p.entities, 0, fmt::format("entities, {} % of {}", percent, file_name(p.file)));
  };
  return options;
}

// A reason without what is of one object only: names in brackets and quotes, numbers.
std::string kind_of(std::string_view reason) {
  std::string kind;
  char closing = 0;
  for (const char letter : reason) {
    if (closing != 0) {
      if (letter == closing) closing = 0;
    } else if (letter == '(' || letter == '"') {
      closing = letter == '(' ? ')' : '"';
    } else if (letter < '0' || letter > '9') {
      kind += letter;
    }
  }
  return kind;
}

// One line for all of a kind in a file: a hundred pictures that are not there do not hide the one broken building.
void tell_warnings(const space::ImportReport& report) {
  struct Alike {
    const space::ImportWarning* first;
    uint64_t count = 0;
  };
  std::vector<Alike> kinds;
  std::map<std::pair<std::string, std::string>, size_t> place_of;
  for (const space::ImportWarning& warning : report.warnings) {
    const auto [found, is_new] = place_of.try_emplace({warning.file, kind_of(warning.reason)}, kinds.size());
    if (is_new) kinds.push_back({&warning});
    ++kinds[found->second].count;
  }
  uint64_t told = 0;
  for (size_t at = 0; at < std::min(kinds.size(), warnings_shown); ++at) {
    const auto& [first, count] = kinds[at];
    tell("  left out or mended: " + first->file + " " + first->object + ": " + first->reason +
         (count > 1 ? ", and " + grouped(count - 1) + " more like it" : ""));
    told += count;
  }
  if (report.warnings_count > told) tell(fmt::format("  and {} more", grouped(report.warnings_count - told)));
}

void tell_files(const space::ImportReport& report) {
  for (const space::ImportFailure& failure : report.failures) {
    tell("  not imported: " + failure.file + ": " + failure.error.text());
  }
  std::string unknown;
  size_t count = 0;
  for (const space::ImportFailure& ignored : report.ignored) {
    if (++count > ignored_shown) break;
    const bool is_known = space::can_import(ignored.file);
    if (is_known) tell("  not imported: " + ignored.file + ": " + ignored.error.text());
    if (!is_known) unknown += (unknown.empty() ? "" : ", ") + ignored.file;
  }
  if (!unknown.empty()) tell("  not imported, of a kind that no importer knows: " + unknown);
  if (report.ignored.size() > ignored_shown) {
    tell(fmt::format("  and {} more files", grouped(report.ignored.size() - ignored_shown)));
  }
}

// What is told above is the reason; a script must see it too.
Status taken_of(const space::ImportReport& report, const std::string& name) {
  if (!report.took_nothing()) return {};
  return fail(Code::invalid, "nothing of it could be taken", name, "look at what is told above");
}

}  // namespace

base::Result<std::unique_ptr<thread::Thread>> open_with_progress(const DataFolder& folder, std::string_view tenant,
                                                                 const base::Clock& clock, const Settings& settings) {
  Progress progress(tenant.empty() ? "folding the record" : "folding the record of " + std::string(tenant), clock);
  return folder.open_record(tenant, clock, settings, [&](thread::Offset at, thread::Offset head) {
    progress.report(at.number, head.number, "commits");
  });
}

Status import_city_folder(const std::string& city, const space::ImportOptions& options, const DataFolder& folder,
                          thread::Thread& thread, const base::Clock& clock, const Interrupt& interrupt) {
  const nlohmann::json now = fingerprint(city, options);
  std::error_code error;
  if (!fs::is_directory(city, error)) {
    return fail(Code::not_found, "there is no such folder with a city", city, "check the name given to --city");
  }
  if (was_imported(now, folder, thread)) {
    tell("city: " + city + " is as it was imported");
    return {};
  }
  Progress progress("city: importing " + city, clock);
  std::string current;
  std::stop_source stop;
  space::ThreadSink sink(thread);
  const auto report = space::import_city(city, sink, options_with(options, progress, current, interrupt, stop));
  if (!report) return report.error();
  progress.finish(report->text());
  tell_warnings(*report);
  tell_files(*report);
  if (report->failures.empty() && !report->took_nothing()) {
    std::ofstream(note_path(folder)) << nlohmann::json{{"fingerprint", now}, {"offset", thread.head().number}}.dump(1);
  }
  return taken_of(*report, city);
}

std::string city_name(const Settings& settings, const DataFolder& folder) {
  return city_path(settings, folder).filename().string();
}

std::vector<std::string> data_places(const Settings& settings, const DataFolder& folder) {
  std::vector<std::string> places;
  const fs::path city = city_path(settings, folder);
  if (!city.empty()) places = {city.string(), city.parent_path().string()};
  places.push_back(source_folder());
  return places;
}

Status import_one_file(const std::string& path, const space::ImportOptions& given, thread::Thread& thread,
                       const base::Clock& clock, const Interrupt& interrupt) {
  Progress progress("importing " + path, clock);
  std::string current;
  std::stop_source stop;
  space::ThreadSink sink(thread);
  const auto report = space::import_file(path, sink, options_with(given, progress, current, interrupt, stop));
  if (!report) return report.error();
  progress.finish(report->text());
  tell_warnings(*report);
  return taken_of(*report, path);
}

ExitCode guarded(ExitCode (*work)(const Arguments&), const Arguments& arguments) {
  try {
    return work(arguments);
  } catch (const std::bad_alloc&) {
    return complain(fail(Code::unavailable, "out of memory", "", "give the machine more, or import less at once"),
                    ExitCode::failed);
  } catch (const std::exception& exception) {
    return complain(fail(Code::internal, exception.what()), ExitCode::failed);
  }
}

}  // namespace cityloom::app
