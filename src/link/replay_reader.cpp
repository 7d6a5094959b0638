#include "link/replay_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <unordered_map>

#include "base/table_reader.hpp"
#include "link/text.hpp"
#include "link/value_rule.hpp"

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

constexpr size_t join_rows_max = 1'000'000;
constexpr size_t sample_bytes_max = 200;

using Cells = std::vector<std::string>;

/// Names of columns and where they stand; of two with one name the first.
using Head = std::unordered_map<std::string, size_t>;

Head head_of(const Cells& names) {
  Head head;
  for (size_t at = 0; at < names.size(); ++at) head.emplace(names[at], at);
  return head;
}

std::string joined(const Cells& cells) {
  std::string text;
  for (size_t at = 0; at < cells.size() && text.size() <= sample_bytes_max; ++at) {
    if (at > 0) text += ',';
    text += cells[at];
  }
  return sample_of(text, sample_bytes_max);
}

/// The second table.
struct Join {
  Head head;
  std::unordered_map<std::string, Cells> rows;  // by key
  const Cells* always = nullptr;                // the same row for every reading
};

double degrees_apart(const twin::Position& left, double longitude, double latitude) {
  constexpr double radians = 3.14159265358979323846 / 180;
  const double east = (longitude - left.longitude_deg) * std::cos(left.latitude_deg * radians);
  return std::hypot(east, latitude - left.latitude_deg);
}

/// A row, or one cell of it, with the joined row.
class RowFields final : public Fields {
 public:
  const Head* head = nullptr;
  const Cells* cells = nullptr;
  const Head* join_head = nullptr;
  const Cells* join_cells = nullptr;
  const std::string* column = nullptr;
  const std::string* value = nullptr;
  const std::string* time = nullptr;

  FieldValue find(const FieldPath& path) const override {
    constexpr std::string_view prefix = "join.";
    const std::string& name = path.text;
    if (const auto found = head->find(name); found != head->end()) return (*cells)[found->second];
    if (name == "@column" && column != nullptr) return *column;
    if (name == "@value" && value != nullptr) return *value;
    if (name == "@time" && time != nullptr) return *time;
    if (join_cells != nullptr && name.rfind(prefix, 0) == 0) {
      const auto found = join_head->find(name.substr(prefix.size()));
      if (found != join_head->end()) return (*join_cells)[found->second];
    }
    return Absent{};
  }
};

base::Status choose_nearest(const JoinTable& table, Join& join) {
  double best = std::numeric_limits<double>::infinity();
  std::string best_key;
  for (const auto& [key, cells] : join.rows) {
    const auto longitude = number_of(cells[join.head.at(table.longitude)]);
    const auto latitude = number_of(cells[join.head.at(table.latitude)]);
    if (!longitude || !latitude) continue;
    const double distance = degrees_apart(*table.nearest_to, *longitude, *latitude);
    if (distance < best || (distance == best && key < best_key)) {
      best = distance;
      best_key = key;
      join.always = &cells;
    }
  }
  if (join.always == nullptr) return fail(Code::invalid, "no row of the joined table has a position", table.file);
  return {};
}

base::Result<std::unique_ptr<Join>> read_join(const JoinTable& table, const ReplaySource& source,
                                              const std::vector<std::string>& folders) {
  auto file = find_file(table.file, folders);
  if (!file) return file.error();
  auto reader = base::TableReader::open_file(*file, {source.delimiter, source.encoding});
  if (!reader) return reader.error();
  auto join = std::make_unique<Join>();
  Cells names;
  auto read = reader->next(names);
  if (!read || !*read) return fail(Code::invalid, "the joined table has no head", *file);
  join->head = head_of(names);
  for (const std::string& column : {table.key, table.longitude, table.latitude}) {
    if (!column.empty() && join->head.count(column) == 0) {
      return fail(Code::invalid, fmt::format("the joined table has no column '{}'", column), *file,
                  fmt::format("its columns are: {}", sample_of(fmt::format("{}", fmt::join(names, ", ")), 500)));
    }
  }
  const size_t key_at = table.key.empty() ? 0 : join->head.at(table.key);
  for (Cells cells;;) {
    read = reader->next(cells);
    if (read.ok() && !*read) break;
    if (!read || cells.size() != names.size()) continue;  // such a row joins nothing
    if (join->rows.size() == join_rows_max) return fail(Code::too_large, "the joined table is too long", *file);
    std::string key = table.key.empty() ? fmt::format("{:08}", join->rows.size()) : cells[key_at];
    join->rows.emplace(std::move(key), std::move(cells));
  }
  if (table.nearest_to) {
    if (auto chosen = choose_nearest(table, *join); !chosen) return chosen.error();
  }
  if (table.equals) {
    const auto found = join->rows.find(*table.equals);
    if (found == join->rows.end()) {
      return fail(Code::invalid, fmt::format("no row of the joined table has '{}' as {}", *table.equals, table.key),
                  *file);
    }
    join->always = &found->second;
  }
  return join;
}

/// The latest observed time among the changes.
base::Instant time_of(const Mapped& mapped) {
  base::Instant time;
  for (const thread::Change& change : mapped.changes) {
    for (const twin::Attribute& attribute : change.attributes) time = std::max(time, attribute.observed_at);
  }
  return time;
}

}  // namespace

struct ReplayReader::Parts {
  ReplaySource source;
  size_t readings_max = 0;  // in one step
  Mapper* mapper = nullptr;
  std::unique_ptr<base::TableReader> csv;
  Cells names;
  Head head;
  std::vector<size_t> sensors;  // columns that are one each
  std::unique_ptr<Join> join;
  uint64_t row = 0;
  std::optional<ReplayStep> held;  // read, and of another time than what was given

  std::optional<ReplayStep> read_row(base::Instant now);
  void map_row(const Cells& cells, base::Instant received_at, ReplayStep& step);
};

void ReplayReader::Parts::map_row(const Cells& cells, base::Instant received_at, ReplayStep& step) {
  const std::string time = source.first_time.exists() ? received_at.text() : std::string();
  RowFields fields;
  fields.head = &head;
  fields.cells = &cells;
  if (!time.empty()) fields.time = &time;
  const auto map = [&](std::string sample) {
    if (join != nullptr) {
      fields.join_head = &join->head;
      fields.join_cells = join->always;
      if (source.join->on) {
        const auto found = join->rows.find(text_of(fields.find(*source.join->on)));
        fields.join_cells = found == join->rows.end() ? nullptr : &found->second;
      }
    }
    step.readings.push_back({mapper->map(fields, received_at), std::move(sample)});
    step.time = std::max(step.time, time_of(step.readings.back().mapped));
  };
  if (source.shape == ReplaySource::Shape::rows) return map(joined(cells));
  for (const size_t at : sensors) {
    fields.column = &names[at];
    fields.value = &cells[at];
    map(sample_of(names[at] + ": " + cells[at], sample_bytes_max));
  }
}

/// One row as a step of its own.
std::optional<ReplayStep> ReplayReader::Parts::read_row(base::Instant now) {
  ReplayStep step;
  Cells cells;
  const auto read = csv->next(cells);
  if (read.ok() && !*read) return std::nullopt;
  base::Instant received_at = now;
  if (source.first_time.exists()) {
    received_at = {source.first_time.microseconds +
                   std::llround(static_cast<double>(row) * source.row_interval_s * 1e6)};
  }
  ++row;
  if (!read || cells.size() != names.size()) {
    std::string reason =
        read.ok() ? fmt::format("line {}: the row has {} cells, the head {}", csv->line(), cells.size(), names.size())
                  : fmt::format("{}: {}", read.error().where, read.error().what);
    step.readings.push_back({Mapped{{}, {{std::move(reason), true}}}, joined(cells)});
    return step;
  }
  map_row(cells, received_at, step);
  return step;
}

std::optional<ReplayStep> ReplayReader::next(base::Instant now) {
  std::optional<ReplayStep> step = std::exchange(parts_->held, std::nullopt);
  if (!step) step = parts_->read_row(now);
  while (step && step->time.exists() && step->readings.size() < parts_->readings_max) {
    auto more = parts_->read_row(now);
    if (!more) break;
    if (more->time.exists() && more->time != step->time) {
      parts_->held = std::move(more);
      break;
    }
    std::move(more->readings.begin(), more->readings.end(), std::back_inserter(step->readings));
  }
  return step;
}

base::Result<ReplayReader> ReplayReader::open(const LinkDefinition& link, const std::vector<std::string>& folders,
                                              Mapper& mapper) {
  auto parts = std::make_unique<Parts>();
  parts->source = std::get<ReplaySource>(link.source);
  parts->readings_max = link.mailbox_capacity;
  parts->mapper = &mapper;
  auto file = find_file(parts->source.file, folders);
  if (!file) return file.error();
  auto csv = base::TableReader::open_file(*file, {parts->source.delimiter, parts->source.encoding});
  if (!csv) return csv.error();
  auto read = csv->next(parts->names);
  if (!read) return fail(read.error().code, read.error().what, *file + ", " + read.error().where);
  if (!*read) return fail(Code::invalid, "the file is empty: its first line must name the columns", *file);
  parts->csv = std::make_unique<base::TableReader>(std::move(*csv));
  parts->head = head_of(parts->names);
  const std::vector<std::string>& others = parts->source.other_columns;
  for (size_t at = 0; at < parts->names.size(); ++at) {
    if (std::find(others.begin(), others.end(), parts->names[at]) == others.end()) parts->sensors.push_back(at);
  }
  if (parts->source.join) {
    auto join = read_join(*parts->source.join, parts->source, folders);
    if (!join) return join.error();
    parts->join = std::move(*join);
  }
  return ReplayReader(std::move(parts));
}

ReplayReader::ReplayReader(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ReplayReader::ReplayReader(ReplayReader&&) noexcept = default;
ReplayReader& ReplayReader::operator=(ReplayReader&&) noexcept = default;
ReplayReader::~ReplayReader() = default;

base::Result<std::string> find_file(const std::string& name, const std::vector<std::string>& folders) {
  std::error_code error;
  if (std::filesystem::path(name).is_absolute()) {
    if (std::filesystem::is_regular_file(name, error)) return name;
    return fail(Code::not_found, fmt::format("there is no file {}", name));
  }
  for (const std::string& folder : folders) {
    const auto file = (std::filesystem::path(folder) / name).lexically_normal();
    if (std::filesystem::is_regular_file(file, error)) return file.string();
  }
  return fail(Code::not_found, fmt::format("there is no file {} in any of: {}", name, fmt::join(folders, ", ")), {},
              "put it there, or name its folder in the configuration under data_folders");
}

}  // namespace cityloom::link
