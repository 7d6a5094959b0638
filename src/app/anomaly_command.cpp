// cityloom anomaly: how unusual each value of series in a file is.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/progress.hpp"
#include "base/instant.hpp"
#include "model/series/group.hpp"
#include "model/series/table.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using Json = nlohmann::ordered_json;
using namespace model::series;

constexpr size_t file_bytes_max = size_t{4} << 30;
constexpr size_t alarms_listed_max = 10'000;

base::Result<std::string> read_text(const std::string& path) {
  std::error_code error;
  if (path != "-" && !std::filesystem::exists(path, error)) return fail(Code::not_found, "there is no such file", path);
  if (path != "-" && std::filesystem::is_directory(path, error))
    return fail(Code::invalid, "it is a folder", path, "name a CSV file: a time and values a row");
  std::FILE* const in = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (in == nullptr) return fail(Code::not_found, "cannot be opened", path);
  std::string text;
  constexpr size_t piece = 1u << 20;
  for (size_t got = piece; got > 0 && text.size() <= file_bytes_max;) {
    const size_t before = text.size();
    text.resize(before + piece);
    got = std::fread(text.data() + before, 1, piece, in);
    text.resize(before + got);
  }
  const bool failed = std::ferror(in) != 0;
  if (in != stdin) std::fclose(in);
  if (failed) return fail(Code::unavailable, "cannot be read", path);
  if (text.size() > file_bytes_max) return fail(Code::too_large, "more than 4 GiB", path, "cut it into parts");
  return text;
}

// What the summary tells, gathered row by row.
struct Told {
  uint64_t rows = 0, alarm_rows = 0, out_of_order = 0, alarm_count = 0;
  double time_s = 0;
  std::vector<uint64_t> missing;
  Json alarms = Json::array();
  double alarm_evidence_most = 0;
  bool in_alarm = false;

  void take(const TimeTable& table, const TimeTable::Row& row, const Judgement& judgement, size_t column) {
    if (rows > 0 && row.time_s < time_s) ++out_of_order;
    time_s = row.time_s;
    ++rows;
    for (size_t i = 0; i < missing.size(); ++i) missing[i] += std::isnan(row.values[i]) ? 1 : 0;
    if (!judgement.alarm) {
      in_alarm = false;
      return;
    }
    ++alarm_rows;
    if (!in_alarm) {
      in_alarm = true;
      alarm_evidence_most = 0;
      if (++alarm_count <= alarms_listed_max)
        alarms.push_back({{"from", row.time}, {"to", ""}, {"rows", 0}, {"score", 0.0}, {"why", ""}, {"column", ""}});
    }
    if (alarm_count > alarms_listed_max) return;
    Json& alarm = alarms.back();
    alarm["to"] = row.time;
    alarm["rows"] = alarm["rows"].get<uint64_t>() + 1;
    if (judgement.evidence <= alarm_evidence_most) return;
    alarm_evidence_most = judgement.evidence;
    alarm["score"] = judgement.score;
    alarm["why"] = name_of(judgement.why);
    alarm["column"] = column < table.names().size() ? table.names()[column] : "all";
  }
};

/// The columns that have a number somewhere: names and words of others are nothing to judge. Mostly one row is read.
base::Result<std::vector<size_t>> columns_with_numbers(const std::string& text) {
  auto table = TimeTable::open(text);
  if (!table) return table.error();
  std::vector<bool> has_number(table->names().size(), false);
  bool is_any_row = false;
  while (std::ranges::find(has_number, false) != has_number.end()) {
    const auto row = table->next();
    if (!row) break;  // told when the rows are judged
    if (!*row) break;
    is_any_row = true;
    for (size_t i = 0; i < has_number.size(); ++i) has_number[i] = has_number[i] || !std::isnan((*row)->values[i]);
  }
  std::vector<size_t> columns;
  for (size_t i = 0; i < has_number.size(); ++i) {
    if (has_number[i]) columns.push_back(i);
  }
  if (columns.empty() && is_any_row)
    return fail(Code::invalid, "no column has a number", "",
                "write numbers as 1110.5, without separators of thousands");
  return columns;
}

base::Status write_all(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
  return fail(Code::unavailable, "the answer cannot be written", "standard output");
}

base::Result<Told> score(TimeTable& table, const std::vector<size_t>& columns, size_t bytes, Progress& progress,
                         const Interrupt& interrupt) {
  constexpr uint64_t rows_between_looks = 16'384;
  GroupDetector detector(columns.size());
  std::vector<double> values(columns.size());
  Told told;
  told.missing.resize(table.names().size());
  std::string out = "time,score,alarm\n";
  for (;;) {
    const auto row = table.next();
    if (!row) return row.error();
    if (!*row) break;
    for (size_t i = 0; i < columns.size(); ++i) values[i] = (*row)->values[columns[i]];
    const Judgement judgement = detector.next((*row)->time_s, values);
    const size_t column = detector.column();
    told.take(table, **row, judgement, column < columns.size() ? columns[column] : table.names().size());
    fmt::format_to(std::back_inserter(out), "{},{:.4f},{}\n", (*row)->time, judgement.score, judgement.alarm ? 1 : 0);
    if (told.rows % rows_between_looks != 0) continue;
    if (interrupt.asked()) return fail(Code::cancelled, "stopped when asked to");
    progress.report(table.position(), bytes, "bytes");
    if (auto written = write_all(out); !written) return written.error();
    out.clear();
  }
  if (auto written = write_all(out); !written) return written.error();
  return told;
}

base::Status write_summary(const Arguments& arguments, const TimeTable& table, const Told& told, double seconds) {
  Json columns = Json::array();
  for (size_t i = 0; i < told.missing.size(); ++i)
    columns.push_back({{"name", table.names()[i]}, {"missing", told.missing[i]}});
  const Json json = {{"rows", told.rows},
                     {"columns", std::move(columns)},
                     {"out_of_order", told.out_of_order},
                     {"alarm_count", told.alarm_count},
                     {"alarm_rows", told.alarm_rows},
                     {"alarms", told.alarms},
                     {"seconds", seconds},
                     {"rows_per_second", static_cast<double>(told.rows) / std::max(seconds, 1e-9)}};
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::string* path = arguments.option("--summary");
  if (path == nullptr) {
    std::fputs(text.c_str(), stderr);
    return {};
  }
  std::ofstream out(*path, std::ios::binary);
  if (!(out << text) || !out.flush()) return fail(Code::unavailable, "cannot be written", *path);
  return {};
}

ExitCode run_anomaly(const Arguments& arguments) {
  if (arguments.names.size() != 2 || arguments.names[0] != "score")
    return complain(fail(Code::invalid, "what to do is not said", "", "`cityloom anomaly score FILE`"),
                    ExitCode::usage);
  const std::string& path = arguments.names[1];
  const auto text = read_text(path);
  if (!text) return complain(text.error(), exit_code_of_input(text.error()));
  const base::SystemClock clock;
  Progress progress("scoring " + path, clock);
  const Interrupt interrupt;
  const auto start = std::chrono::steady_clock::now();
  const auto in_file = [&](const base::Error& error) {
    return fail(error.code, error.what, error.where.empty() ? path : path + ", " + error.where, error.remedy);
  };
  auto table = TimeTable::open(*text);
  if (!table) return complain(in_file(table.error()), ExitCode::input);
  const auto judged = columns_with_numbers(*text);
  if (!judged) return complain(in_file(judged.error()), ExitCode::input);
  const auto told = score(*table, *judged, text->size(), progress, interrupt);
  if (!told) {
    std::fflush(stdout);
    if (told.error().code == Code::cancelled) return complain(told.error(), ExitCode::interrupted);
    if (told.error().code == Code::unavailable) return complain(told.error(), ExitCode::failed);
    return complain(in_file(told.error()), ExitCode::input);
  }
  if (told->rows == 0) return complain(in_file(fail(Code::invalid, "there are headings and no rows")), ExitCode::input);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::fflush(stdout);
  progress.finish(fmt::format("{} rows, {} alarms", grouped(told->rows), grouped(told->alarm_count)));
  if (const auto written = write_summary(arguments, *table, *told, seconds); !written)
    return complain(written.error(), ExitCode::failed);
  return ExitCode::ok;
}

}  // namespace

Command anomaly_command() {
  return {
      "anomaly",
      "Tell how unusual values over time are",
      "score FILE",
      "The file is CSV: a time and values a row (- reads standard input). Times are ISO 8601, 'YYYY-MM-DD hh:mm:ss'\n"
      "or seconds; headings may be there; a cell that is no number is a missing value. Several columns are also\n"
      "judged together. Prints CSV: time, score (0 to 1; from 0.5 on an alarm begins), alarm (0 or 1). A summary in\n"
      "JSON (which alarms, why) goes to the error output. See docs/anomalies.md.\n",
      {{"--summary", "FILE", "write the summary there instead", ""}},
      run_anomaly};
}

}  // namespace cityloom::app
