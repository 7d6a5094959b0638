#include "ngsi/observations.hpp"

#include <absl/container/flat_hash_map.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <tuple>

#include "base/table_reader.hpp"
#include "ngsi/body_parts.hpp"
#include "ngsi/syntax.hpp"
#include "twin/entity.hpp"

namespace cityloom::ngsi {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using base::Result;
using base::Status;
using twin::Term;
using Element = simdjson::dom::element;

constexpr std::string_view observed_at_name = "observedAt";

// What a line says beside its values.
struct Line {
  uint64_t number = 0;
  std::string_view id, type, unit, dataset;
  Instant observed_at;
};

// Puts observations into their series.
class Gathering {
 public:
  Gathering(const Context& context, twin::TermTable& terms) : context_(context), terms_(terms) {}

  // One value of the line at hand, taken with all of it by `take_line`. Errors: invalid, too_large.
  Status add(const Line& line, std::string_view attribute, twin::Value value, Instant at) {
    if (!at.exists()) return fail(Code::invalid, "no observedAt", std::string(attribute));
    const auto series = series_of(line, attribute);
    if (!series) return series.error();
    line_.push_back({*series, std::move(value), at});
    return {};
  }

  void take_line() {
    for (Pending& one : line_) {
      ObservedSeries& series = found_.series[one.series];
      const double number = twin::as_number(one.value);
      if (number == number) {
        series.numbers.emplace_back(one.at, number);
        continue;
      }
      twin::Attribute attribute = series.shared;
      attribute.value = std::move(one.value);
      attribute.observed_at = one.at;
      series.others.push_back(std::move(attribute));
    }
    line_.clear();
  }

  // Nothing of the line at hand is taken.
  void refuse(uint64_t line, const base::Error& error) {
    line_.clear();
    ++found_.refused;
    if (found_.refused_lines.size() >= Observations::refused_told_max) return;
    found_.refused_lines.push_back({line, error.where.empty() ? error.what : error.where + ": " + error.what});
  }

  Result<Observations> take() {
    // Of which there was nothing but in lines that were refused.
    std::erase_if(found_.series, [](const ObservedSeries& one) { return one.numbers.empty() && one.others.empty(); });
    std::stable_sort(found_.series.begin(), found_.series.end(),
                     [](const auto& left, const auto& right) { return left.entity_id < right.entity_id; });
    for (ObservedSeries& series : found_.series) {
      keep_last(series.numbers, [](const auto& one) { return one.first; });
      keep_last(series.others, [](const auto& one) { return one.observed_at; });
      found_.count += series.numbers.size() + series.others.size();
    }
    if (found_.count == 0 && found_.refused > 0) {
      const RefusedLine& first = found_.refused_lines.front();
      return fail(Code::invalid, "no line can be read; the first: " + first.reason,
                  "line " + std::to_string(first.line));
    }
    return std::move(found_);
  }

 private:
  template <class Item, class TimeOf>
  void keep_last(std::vector<Item>& items, const TimeOf& time_of) {
    const auto earlier = [&](const Item& left, const Item& right) { return time_of(left) < time_of(right); };
    if (!std::is_sorted(items.begin(), items.end(), earlier)) std::stable_sort(items.begin(), items.end(), earlier);
    size_t kept = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      const bool is_last = i + 1 == items.size() || time_of(items[i]) != time_of(items[i + 1]);
      if (!is_last) {
        ++found_.repeated;
      } else if (kept++ != i) {
        items[kept - 1] = std::move(items[i]);
      }
    }
    items.resize(kept);
  }

  struct Pending {
    size_t series = 0;
    twin::Value value;
    Instant at;
  };

  Result<size_t> series_of(const Line& line, std::string_view attribute) {
    key_.clear();
    for (const std::string_view part : {line.id, attribute, line.dataset, line.unit, line.type}) {
      key_ += part;
      key_ += '\0';
    }
    const auto known = places_.find(key_);
    if (known != places_.end()) return known->second;
    if (found_.series.size() >= Observations::series_max) {
      return fail(Code::too_large, "more than " + std::to_string(Observations::series_max) + " series", {},
                  "send them in several requests");
    }
    auto made = make_series(line, attribute);
    if (!made) return made.error();
    places_.emplace(key_, found_.series.size());
    found_.series.push_back(std::move(*made));
    return found_.series.size() - 1;
  }

  Result<ObservedSeries> make_series(const Line& line, std::string_view attribute) {
    if (!is_uri(line.id)) return fail(Code::invalid, "an entity's id is a URI", "id");
    if (line.id.size() > twin::entity_id_bytes_max) return fail(Code::invalid, "the id is too long", "id");
    if (!is_name(attribute))
      return fail(Code::invalid, "not a name of an attribute", std::string(attribute.substr(0, 60)));
    ObservedSeries series;
    series.entity_id = line.id;
    series.first_line = line.number;
    const auto name = terms_.intern(context_.expand(attribute));
    if (!name) return name.error();
    series.shared.name = *name;
    if (!line.type.empty()) {
      if (!is_name(line.type)) return fail(Code::invalid, "not the name of a type", "type");
      const auto type = terms_.intern(context_.expand_type(line.type));
      if (!type) return type.error();
      series.types.push_back(*type);
    }
    if (!line.dataset.empty() && line.dataset != "@none") {
      if (!is_uri(line.dataset)) return fail(Code::invalid, "a datasetId is a URI", "datasetId");
      const auto dataset = terms_.intern(line.dataset);
      if (!dataset) return dataset.error();
      series.shared.dataset = *dataset;
    }
    if (!line.unit.empty()) {
      const auto unit = terms_.intern(line.unit);
      if (!unit) return unit.error();
      series.shared.unit = *unit;
    }
    return series;
  }

  const Context& context_;
  twin::TermTable& terms_;
  Observations found_;
  std::vector<Pending> line_;
  absl::flat_hash_map<std::string, size_t> places_;
  std::string key_;
};

Result<Instant> time_of(std::string_view text) {
  auto time = Instant::parse(text);
  if (!time)
    return fail(Code::invalid, "not a date-time with a zone, such as 2026-11-22T08:05:00Z",
                std::string(text.substr(0, 40)));
  return time;
}

// The value of a Property. Null: nothing is said.
twin::Value value_of(Element element) {
  switch (element.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
      return twin::Null{};
    case simdjson::dom::element_type::BOOL:
      return bool(element);
    case simdjson::dom::element_type::STRING:
      return std::string(std::string_view(element));
    case simdjson::dom::element_type::ARRAY:
    case simdjson::dom::element_type::OBJECT:
      return twin::Json{compact_json(element)};
    default:
      return twin::number_value(double(element));
  }
}

class JsonLine {
 public:
  explicit JsonLine(Gathering& gathering) : gathering_(gathering) {}

  Status read(uint64_t number, Element element) {
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) return fail(Code::invalid, "a line is a JSON object");
    Line line;
    line.number = number;
    std::string_view attribute;
    Element value;
    bool has_value = false;
    for (const auto [name, member] : object) {
      if (name == "value") {
        value = member;
        has_value = true;
        continue;
      }
      std::string_view* const text = text_member(name, line, attribute);
      if (text == nullptr && name != observed_at_name) continue;
      std::string_view given;
      if (member.get(given) != simdjson::SUCCESS) return fail(Code::invalid, "must be a string", std::string(name));
      if (text != nullptr) {
        *text = given;
        continue;
      }
      const auto time = time_of(given);
      if (!time) return time.error();
      line.observed_at = *time;
    }
    if (line.id.empty()) return fail(Code::invalid, "the entity has no id", "id");
    if (!attribute.empty()) {
      if (!has_value) return fail(Code::invalid, "there is no value", "value");
      return add(line, attribute, value, line.observed_at);
    }
    return read_members(object, line);
  }

 private:
  static std::string_view* text_member(std::string_view name, Line& line, std::string_view& attribute) {
    if (name == "id") return &line.id;
    if (name == "type") return &line.type;
    if (name == "attribute") return &attribute;
    if (name == "unitCode") return &line.unit;
    if (name == "datasetId") return &line.dataset;
    return nullptr;
  }

  Status add(const Line& line, std::string_view attribute, Element value, Instant at) {
    twin::Value read = value_of(value);
    return twin::is_null(read) ? Status() : gathering_.add(line, attribute, std::move(read), at);
  }

  Status read_members(simdjson::dom::object object, Line line) {
    bool is_empty = true;
    for (const auto [name, member] : object) {
      std::string_view ignored;
      if (name == observed_at_name || name == "scope" || name == "value" || text_member(name, line, ignored) != nullptr)
        continue;
      is_empty = false;
      simdjson::dom::array values;
      const bool is_past = member.is_object() && member["values"].get(values) == simdjson::SUCCESS;
      if (Status status = is_past ? read_past(line, name, member, values) : add(line, name, member, line.observed_at);
          !status) {
        return status;
      }
    }
    return is_empty ? Status(fail(Code::invalid, "no attribute is given")) : Status();
  }

  Status read_past(Line line, std::string_view name, Element member, simdjson::dom::array values) {
    for (const auto& [key, text] : {std::pair{"datasetId", &line.dataset}, std::pair{"unitCode", &line.unit}}) {
      Element given;
      if (member[key].get(given) == simdjson::SUCCESS && given.get(*text) != simdjson::SUCCESS)
        return fail(Code::invalid, "must be a string", std::string(name) + '.' + key);
    }
    for (const Element item : values) {
      simdjson::dom::array pair;
      std::string_view text;
      if (item.get(pair) != simdjson::SUCCESS || pair.size() != 2 || pair.at(1).get(text) != simdjson::SUCCESS)
        return fail(Code::invalid, "each of values is a value and its time", std::string(name));
      const auto time = time_of(text);
      if (!time) return time.error();
      if (Status status = add(line, name, pair.at(0).value(), *time); !status) return status;
    }
    return {};
  }

  Gathering& gathering_;
};

Status read_json_lines(std::string_view text, Gathering& gathering) {
  const simdjson::padded_string padded(text);
  simdjson::dom::parser parser;
  JsonLine reader(gathering);
  uint64_t number = 0;
  for (size_t from = 0; from < padded.size();) {
    const char* const begin = padded.data() + from;
    const auto* const end = static_cast<const char*>(std::memchr(begin, '\n', padded.size() - from));
    const size_t size = end == nullptr ? padded.size() - from : static_cast<size_t>(end - begin);
    from += size + 1;
    ++number;
    const std::string_view line(begin, size);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Element element;
    const auto error = parser.parse(reinterpret_cast<const uint8_t*>(begin), size, false).get(element);
    Status status;
    if (error != simdjson::SUCCESS) {
      status = fail(Code::invalid, std::string("not JSON: ") + simdjson::error_message(error));
    } else {
      status = reader.read(number, element);
    }
    if (!status && status.error().code == Code::too_large) return status;
    status ? gathering.take_line() : gathering.refuse(number, status.error());
  }
  return {};
}

// What the columns of a table are.
struct Columns {
  static constexpr size_t none = SIZE_MAX;
  size_t id = none, type = none, attribute = none, value = none, observed_at = none, unit = none, dataset = none;
  std::vector<std::pair<size_t, std::string>> attributes;  // where each has a column of its own

  static Result<Columns> of(const std::vector<std::string>& head) {
    Columns columns;
    const std::pair<std::string_view, size_t*> known[] = {{"id", &columns.id},
                                                          {"type", &columns.type},
                                                          {"attribute", &columns.attribute},
                                                          {"value", &columns.value},
                                                          {"observedAt", &columns.observed_at},
                                                          {"unitCode", &columns.unit},
                                                          {"datasetId", &columns.dataset}};
    for (size_t i = 0; i < head.size(); ++i) {
      const auto found = std::ranges::find(known, head[i], &std::pair<std::string_view, size_t*>::first);
      if (found != std::end(known)) {
        *found->second = i;
      } else if (!head[i].empty()) {
        columns.attributes.emplace_back(i, head[i]);
      }
    }
    const char* missing = columns.id == none ? "id" : columns.observed_at == none ? "observedAt" : nullptr;
    if (missing == nullptr && (columns.attribute == none) != (columns.value == none))
      missing = columns.value == none ? "value" : "attribute";
    if (missing != nullptr)
      return fail(Code::invalid, std::string("the table has no column \"") + missing + '"', "line 1",
                  "name the columns id, observedAt, and attribute and value, or one for each attribute");
    if (columns.attribute == none && columns.attributes.empty())
      return fail(Code::invalid, "the table has no column for an attribute", "line 1");
    return columns;
  }
};

twin::Value value_of_cell(const std::string& cell) {
  double number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error == std::errc() && end == cell.data() + cell.size() && number - number == 0)
    return twin::number_value(number);
  if (cell == "true" || cell == "false") return cell == "true";
  return cell;
}

Status read_row(uint64_t number, const std::vector<std::string>& cells, const Columns& columns, Gathering& gathering) {
  const auto cell = [&](size_t column) {
    return column < cells.size() ? std::string_view(cells[column]) : std::string_view();
  };
  Line line{number, cell(columns.id), cell(columns.type), cell(columns.unit), cell(columns.dataset), {}};
  const auto time = time_of(cell(columns.observed_at));
  if (!time) return time.error();
  if (columns.attribute != Columns::none && !cell(columns.value).empty())
    return gathering.add(line, cell(columns.attribute), value_of_cell(cells[columns.value]), *time);
  if (columns.attribute != Columns::none) return {};
  for (const auto& [column, name] : columns.attributes) {
    if (cell(column).empty()) continue;
    if (Status status = gathering.add(line, name, value_of_cell(cells[column]), *time); !status) return status;
  }
  return {};
}

Status read_table(std::string_view text, std::string_view encoding, Gathering& gathering) {
  size_t at = 0;
  const auto read = [&](char* to, size_t most) -> Result<size_t> {
    const size_t size = std::min(most, text.size() - at);
    std::memcpy(to, text.data() + at, size);
    at += size;
    return size;
  };
  auto table = base::TableReader::open(read, {0, std::string(encoding)});
  if (!table) return table.error();
  std::vector<std::string> cells;
  const auto head = table->next(cells);
  if (!head) return head.error();
  if (!*head) return fail(Code::invalid, "the table is empty", "body");
  const auto columns = Columns::of(cells);
  if (!columns) return columns.error();
  while (true) {
    const auto more = table->next(cells);
    if (more && !*more) return {};
    Status status = more ? read_row(table->line(), cells, *columns, gathering) : Status(more.error());
    if (!status && status.error().code == Code::too_large) return status;
    status ? gathering.take_line() : gathering.refuse(table->line(), status.error());
  }
}

}  // namespace

Result<Observations> read_observations(std::string_view text, ObservationFormat format, const Context& context,
                                       twin::TermTable& terms, std::string_view encoding) {
  Gathering gathering(context, terms);
  const Status status =
      format == ObservationFormat::table ? read_table(text, encoding, gathering) : read_json_lines(text, gathering);
  if (!status) return status.error();
  return gathering.take();
}

}  // namespace cityloom::ngsi
