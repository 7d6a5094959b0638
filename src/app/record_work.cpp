// Opening and importing, with progress.
#include "app/record_work.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
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
// Raised when an importer reads something more or otherwise, so that the files are read again.
constexpr int importer_version = 2;

void tell(const std::string& text) {
  std::fputs((text + "\n").c_str(), stderr);
}

std::string file_name(std::string_view path) {
  return fs::path(path).filename().string();
}

/// Names, sizes and times of the files of a city: equal as long as nobody has touched them.
nlohmann::json fingerprint(const std::string& city) {
  nlohmann::json files = nlohmann::json::object();
  std::error_code error;
  const auto found = space::city_files(city);
  for (const space::CityFile& file : found ? *found : std::vector<space::CityFile>{}) {
    struct stat status {};
    if (::stat(file.path.c_str(), &status) != 0) continue;
    files[file.name] = {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
  }
  return {{"city", fs::weakly_canonical(city, error).string()}, {"importer", importer_version}, {"files", files}};
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
  return note.value("fingerprint", nlohmann::json()) == now;
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

space::ImportOptions options_with(Progress& progress, std::string& current, const Interrupt& interrupt,
                                  std::stop_source& stop) {
  space::ImportOptions options;
  options.stop = stop.get_token();
  options.progress = [&progress, &current, &interrupt, &stop](const space::ImportProgress& p) {
    if (interrupt.asked()) stop.request_stop();
    current = p.file;
    const uint64_t percent = p.bytes_total == 0 ? 0 : p.bytes_done * 100 / p.bytes_total;
    progress.report(p.entities, 0, fmt::format("entities, {} % of {}", percent, file_name(p.file)));
  };
  return options;
}

void tell_warnings(const space::ImportReport& report) {
  for (size_t at = 0; at < std::min(report.warnings.size(), warnings_shown); ++at) {
    const space::ImportWarning& warning = report.warnings[at];
    tell("  left out or mended: " + warning.file + " " + warning.object + ": " + warning.reason);
  }
  if (report.warnings_count > warnings_shown) {
    tell(fmt::format("  and {} more", grouped(report.warnings_count - warnings_shown)));
  }
  for (const space::ImportFailure& failure : report.failures) {
    tell("  not imported: " + failure.file + ": " + failure.error.text());
  }
}

}  // namespace

base::Result<std::unique_ptr<thread::Thread>> open_with_progress(const DataFolder& folder, std::string_view tenant,
                                                                 const base::Clock& clock, const Settings& settings) {
  Progress progress(tenant.empty() ? "folding the record" : "folding the record of " + std::string(tenant), clock);
  return folder.open_record(tenant, clock, settings, [&](thread::Offset at, thread::Offset head) {
    progress.report(at.number, head.number, "commits");
  });
}

Status import_city_folder(const std::string& city, const DataFolder& folder, thread::Thread& thread,
                          const base::Clock& clock, const Interrupt& interrupt) {
  const nlohmann::json now = fingerprint(city);
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
  const auto report = space::import_city(city, sink, options_with(progress, current, interrupt, stop));
  if (!report) return report.error();
  progress.finish(report->text());
  tell_warnings(*report);
  if (report->failures.empty()) {
    std::ofstream(note_path(folder)) << nlohmann::json{{"fingerprint", now}, {"offset", thread.head().number}}.dump(1);
  }
  return {};
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
  space::ImportOptions options = given;
  const space::ImportOptions watched = options_with(progress, current, interrupt, stop);
  options.progress = watched.progress;
  options.stop = watched.stop;
  const auto report = space::import_file(path, sink, options);
  if (!report) return report.error();
  progress.finish(report->text());
  tell_warnings(*report);
  return {};
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
