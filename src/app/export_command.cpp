// cityloom export: a part of the record as a file.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/command.hpp"
#include "app/record_work.hpp"
#include "space/city/city_export.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;

base::Result<twin::Box> read_box(const std::string& text) {
  double sides[4] = {};
  const char *at = text.data(), *const end = at + text.size();
  for (size_t i = 0; i < 4; ++i) {
    const auto [stop, error] = std::from_chars(at, end, sides[i]);
    if (error != std::errc{} || (i < 3 ? stop == end || *stop != ',' : stop != end)) {
      return fail(Code::invalid, "--bbox takes four numbers", text, "--bbox 127.09,37.50,127.11,37.52");
    }
    at = i < 3 ? stop + 1 : stop;
  }
  return twin::Box{sides[0], sides[1], sides[2], sides[3]};
}

base::Result<space::ExportRequest> read_request(const Arguments& arguments) {
  space::ExportRequest request;
  const std::string& file = arguments.names[0];
  const bool is_geojson = file.ends_with(".geojson");
  const std::string* stated = arguments.option("--format");
  const auto format = space::export_format_of(stated != nullptr ? *stated : is_geojson ? "geojson" : "cityjson");
  if (!format) return format.error();
  request.format = *format;
  if (const std::string* box = arguments.option("--bbox")) {
    const auto read = read_box(*box);
    if (!read) return read.error();
    request.box = *read;
  }
  if (const std::string* types = arguments.option("--type")) {
    for (size_t start = 0; start <= types->size();) {
      const size_t end = std::min(types->find(',', start), types->size());
      if (end > start) request.types.push_back(types->substr(start, end - start));
      start = end + 1;
    }
  }
  return request;
}

ExitCode work_export(const Arguments& arguments) {
  const base::SystemClock clock;
  const auto request = read_request(arguments);
  if (!request) return complain(request.error(), ExitCode::usage);
  const auto folder = DataFolder::open(arguments.settings.data, DataFolder::Absent::fail);
  if (!folder) return complain(folder.error(), exit_code_of_data(folder.error()));
  auto thread = open_with_progress(*folder, "", clock, arguments.settings);
  if (!thread) return complain(thread.error(), exit_code_of_data(thread.error()));
  const std::string &path = arguments.names[0], part = path + ".part";
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file(std::fopen(part.c_str(), "wb"));
  if (!file) return complain(fail(Code::unavailable, "the file cannot be written", path), ExitCode::failed);
  const auto write = [&](std::string_view piece) -> base::Status {
    if (std::fwrite(piece.data(), 1, piece.size(), file.get()) == piece.size()) return {};
    return fail(Code::unavailable, "the file cannot be written: is the disk full?", path);
  };
  const auto report = space::export_city((*thread)->snapshot(), (*thread)->terms(), *request, write);
  const bool is_flushed = std::fflush(file.get()) == 0;
  file.reset();
  std::error_code error;
  if (!report || !is_flushed) {
    std::filesystem::remove(part, error);
    return complain(report ? fail(Code::unavailable, "the file cannot be written", path) : report.error(),
                    ExitCode::failed);
  }
  std::filesystem::rename(part, path, error);
  if (error) return complain(fail(Code::unavailable, error.message(), path), ExitCode::failed);
  std::fprintf(stderr, "export: %llu entities to %s\n", static_cast<unsigned long long>(report->entities),
               path.c_str());
  return ExitCode::ok;
}

ExitCode run_export(const Arguments& arguments) {
  if (arguments.names.size() != 1) {
    return complain(fail(Code::invalid, "name the file to write", "", "cityloom export city.city.json"),
                    ExitCode::usage);
  }
  return guarded(work_export, arguments);
}

}  // namespace

Command export_command() {
  std::vector<Option> options = data_options();
  options.push_back({"--format", "FORMAT", "cityjson or geojson; by the file's ending if absent", ""});
  options.push_back({"--bbox", "W,S,E,N", "only what meets this box, in degrees", ""});
  options.push_back({"--type", "TYPE,...", "only entities of these types", ""});
  return {
      "export",
      "Write a part of the record as CityJSON or GeoJSON",
      "[OPTION...] FILE",
      "CityJSON 2.0 holds what has a type there (buildings, bridges, roads of city models, trees ...), with all its "
      "levels of detail; GeoJSON every entity with a location. From a running server: GET /api/export.\n",
      std::move(options),
      run_export};
}

}  // namespace cityloom::app
