// One pass finds where instances begin; their values are parsed when somebody asks.
#include "space/ifc/step_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\v' || c == '\0';
}
bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Where a text that begins at `at` (a quote) ends: one past its closing quote, or npos.
size_t end_of_text(std::string_view bytes, size_t at) {
  for (size_t i = at + 1;;) {
    i = bytes.find('\'', i);
    if (i == std::string_view::npos) return i;
    if (i + 1 < bytes.size() && bytes[i + 1] == '\'') {
      i += 2;
      continue;
    }
    return i + 1;
  }
}

// Past blanks and comments.
size_t skip_blank(std::string_view bytes, size_t at) {
  while (at < bytes.size()) {
    if (is_blank(bytes[at])) {
      ++at;
    } else if (bytes[at] == '/' && at + 1 < bytes.size() && bytes[at + 1] == '*') {
      const size_t end = bytes.find("*/", at + 2);
      at = end == std::string_view::npos ? bytes.size() : end + 2;
    } else {
      break;
    }
  }
  return at;
}

// The next ";" outside of texts and comments, or npos.
size_t end_of_statement(std::string_view bytes, size_t at) {
  while (at < bytes.size()) {
    const char c = bytes[at];
    if (c == ';') return at;
    if (c == '\'') {
      at = end_of_text(bytes, at);
    } else if (c == '/' && at + 1 < bytes.size() && bytes[at + 1] == '*') {
      at = skip_blank(bytes, at);
    } else {
      ++at;
    }
  }
  return std::string_view::npos;
}

size_t end_of_word(std::string_view bytes, size_t at) {
  while (at < bytes.size() && (is_letter(bytes[at]) || is_digit(bytes[at]) || bytes[at] == '-')) ++at;
  return at;
}

// Parses the values of one instance, without recursion.
class ValueParser {
 public:
  ValueParser(std::string_view bytes, size_t at, const StepLimits& limits) : bytes_(bytes), at_(at), limits_(limits) {}

  // From after the first "(" to its ")". An empty reason: all is well.
  std::string parse(std::vector<StepNode>& nodes);

 private:
  std::string value(std::vector<StepNode>& nodes);
  std::string number(StepNode& node);
  std::string open(StepNode node, std::vector<StepNode>& nodes);
  void close(std::vector<StepNode>& nodes) {
    nodes[open_.back()].end = static_cast<uint32_t>(nodes.size());
    open_.pop_back();
  }

  std::string_view bytes_;
  size_t at_;
  const StepLimits& limits_;
  std::vector<uint32_t> open_;  // lists being read
};

std::string ValueParser::open(StepNode node, std::vector<StepNode>& nodes) {
  if (open_.size() >= limits_.nesting_max) return "its lists are nested too deeply";
  open_.push_back(static_cast<uint32_t>(nodes.size()));
  nodes.push_back(node);
  return {};
}

std::string ValueParser::parse(std::vector<StepNode>& nodes) {
  (void)open({StepKind::list, 0, {}, {}}, nodes);
  bool wants_value = true;  // after "(" and ","
  bool just_opened = true;
  while (!open_.empty()) {
    at_ = skip_blank(bytes_, at_);
    if (at_ >= bytes_.size() || bytes_[at_] == ';') return "it ends within a list";
    const char c = bytes_[at_];
    if (c == ')') {
      if (wants_value && !just_opened) return "a list ends with a comma";
      if (nodes[open_.back()].kind == StepKind::typed && nodes.size() != open_.back() + 2u) {
        // A typed value holds one value; a list within it counts as one.
        if (nodes.size() == open_.back() + 1u || nodes[open_.back() + 1].end != nodes.size())
          return "a typed value holds not exactly one value";
      }
      close(nodes);
      ++at_;
      wants_value = just_opened = false;
    } else if (c == ',') {
      if (wants_value) return "a value is missing";
      ++at_;
      wants_value = true;
      just_opened = false;
    } else {
      if (!wants_value) return "a comma is missing";
      if (nodes.size() >= limits_.values_max) return "it has too many values";
      const size_t depth = open_.size();
      if (std::string reason = value(nodes); !reason.empty()) return reason;
      just_opened = open_.size() > depth;
      wants_value = just_opened;
    }
  }
  return {};
}

std::string ValueParser::number(StepNode& node) {
  size_t end = at_;
  while (end < bytes_.size() &&
         (is_digit(bytes_[end]) || std::string_view("+-.eE").find(bytes_[end]) != std::string_view::npos))
    ++end;
  std::string_view text = bytes_.substr(at_, end - at_);
  node.kind = text.find_first_of(".eE") == std::string_view::npos ? StepKind::integer : StepKind::real;
  at_ = end;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), node.number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !std::isfinite(node.number))
    return "\"" + std::string(text.substr(0, 40)) + "\" is no number";
  return {};
}

std::string ValueParser::value(std::vector<StepNode>& nodes) {
  StepNode node;
  const char c = bytes_[at_];
  const auto until = [&](size_t end, size_t trim) {
    node.raw = bytes_.substr(at_ + trim, end - at_ - 2 * trim);
    at_ = end;
  };
  if (c == '$' || c == '*') {
    node.kind = c == '$' ? StepKind::null : StepKind::derived;
    ++at_;
  } else if (c == '\'') {
    const size_t end = end_of_text(bytes_, at_);
    if (end == std::string_view::npos) return "a text does not end";
    node.kind = StepKind::text;
    until(end, 1);
  } else if (c == '"') {
    const size_t end = bytes_.find('"', at_ + 1);
    if (end == std::string_view::npos) return "a binary value does not end";
    node.kind = StepKind::binary;
    until(end + 1, 1);
  } else if (c == '#') {
    const char* const last = bytes_.data() + bytes_.size();
    const auto read = std::from_chars(bytes_.data() + at_ + 1, last, node.reference);
    if (read.ec != std::errc{} || node.reference == 0) return "a reference has no number";
    node.kind = StepKind::reference;
    at_ = static_cast<size_t>(read.ptr - bytes_.data());
  } else if (c == '.' && at_ + 1 < bytes_.size() && is_letter(bytes_[at_ + 1])) {
    const size_t end = end_of_word(bytes_, at_ + 1);
    if (end >= bytes_.size() || bytes_[end] != '.') return "an enumeration does not end";
    node.kind = StepKind::enumeration;
    until(end + 1, 1);
  } else if (is_digit(c) || c == '-' || c == '+' || c == '.') {
    if (std::string reason = number(node); !reason.empty()) return reason;
  } else if (c == '(') {
    ++at_;
    node.kind = StepKind::list;
    return open(node, nodes);
  } else if (is_letter(c)) {
    node.kind = StepKind::typed;
    until(end_of_word(bytes_, at_), 0);
    at_ = skip_blank(bytes_, at_);
    if (at_ >= bytes_.size() || bytes_[at_] != '(') return "a typed value has no value";
    ++at_;
    return open(node, nodes);
  } else {
    return "a value begins with \"" + step_text(std::string_view(&c, 1)) + "\"";
  }
  node.end = static_cast<uint32_t>(nodes.size() + 1);
  nodes.push_back(node);
  return {};
}

std::string capitals(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return made;
}

}  // namespace

// Finds the instances of a file.
class StepScanner {
 public:
  StepScanner(StepFile& file) : file_(file), bytes_(*file.bytes_) {}
  base::Status scan();

 private:
  base::Status scan_data(size_t& at);
  void read_schema(std::string_view statement);
  base::Status take_instance(size_t at, size_t end);
  uint32_t type_number(std::string_view name);
  void problem(uint64_t id, std::string reason) {
    ++file_.problems_count_;
    if (file_.problems_.size() < file_.limits_.problems_max) file_.problems_.push_back({id, std::move(reason)});
  }
  void order();

  StepFile& file_;
  std::string_view bytes_;
  std::unordered_map<std::string_view, uint32_t> types_;
};

uint32_t StepScanner::type_number(std::string_view name) {
  const auto found = types_.find(name);
  if (found != types_.end()) return found->second;
  std::string capital = capitals(name);
  auto& names = file_.type_names_;
  const auto known = std::find(names.begin(), names.end(), capital);
  const auto number = static_cast<uint32_t>(known - names.begin());
  if (known == names.end()) names.push_back(std::move(capital));
  types_.emplace(name, number);
  return number;
}

void StepScanner::read_schema(std::string_view statement) {
  const size_t start = statement.find('\'');
  if (start == std::string_view::npos) return;
  const size_t end = end_of_text(statement, start);
  if (end != std::string_view::npos) file_.schema_ = capitals(step_text(statement.substr(start + 1, end - start - 2)));
}

base::Status StepScanner::take_instance(size_t at, size_t end) {
  StepFile::Entry entry;
  const auto read = std::from_chars(bytes_.data() + at + 1, bytes_.data() + end, entry.id);
  if (read.ec != std::errc{} || entry.id == 0) {
    problem(0, "an instance has no number");
    return {};
  }
  at = skip_blank(bytes_, static_cast<size_t>(read.ptr - bytes_.data()));
  if (at >= end || bytes_[at] != '=') {
    problem(entry.id, "\"=\" is missing");
    return {};
  }
  at = skip_blank(bytes_, at + 1);
  if (at < end && bytes_[at] == '(') at = skip_blank(bytes_, at + 1);  // of several types, the first counts
  const size_t type_end = end_of_word(bytes_, at);
  const size_t open = skip_blank(bytes_, type_end);
  if (type_end == at || open >= end || bytes_[open] != '(') {
    problem(entry.id, "a type and its values are missing");
    return {};
  }
  if (type_end - at > 200) {
    problem(entry.id, "its type's name is too long");
    return {};
  }
  if (file_.entries_.size() >= file_.limits_.instances_max)
    return fail(Code::too_large,
                "The file has more than " + std::to_string(file_.limits_.instances_max) + " instances");
  entry.type = type_number(bytes_.substr(at, type_end - at));
  entry.start = open + 1;
  file_.entries_.push_back(entry);
  return {};
}

base::Status StepScanner::scan_data(size_t& at) {
  while (true) {
    at = skip_blank(bytes_, at);
    if (at >= bytes_.size()) return fail(Code::corrupt, "The STEP file is cut off: its data section does not end");
    const size_t end = end_of_statement(bytes_, at);
    if (end == std::string_view::npos)
      return fail(Code::corrupt, "The STEP file is cut off within an instance", "byte " + std::to_string(at));
    if (bytes_[at] == '#') {
      if (auto status = take_instance(at, end); !status) return status;
    } else if (capitals(bytes_.substr(at, 6)) == "ENDSEC") {
      at = end + 1;
      return {};
    } else {
      problem(0,
              "a statement is no instance: \"" + step_text(bytes_.substr(at, std::min<size_t>(end - at, 40))) + "\"");
    }
    at = end + 1;
  }
}

void StepScanner::order() {
  auto& entries = file_.entries_;
  const auto by_id = [](const StepFile::Entry& a, const StepFile::Entry& b) { return a.id < b.id; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_id)) std::stable_sort(entries.begin(), entries.end(), by_id);
  size_t kept = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (kept > 0 && entries[kept - 1].id == entries[i].id) {
      problem(entries[i].id, "its number is given twice: the first counts");
      continue;
    }
    entries[kept++] = entries[i];
  }
  entries.resize(kept);
  file_.by_type_.resize(file_.type_names_.size());
  for (size_t i = 0; i < entries.size(); ++i) file_.by_type_[entries[i].type].push_back(static_cast<uint32_t>(i));
}

base::Status StepScanner::scan() {
  size_t at = skip_blank(bytes_, bytes_.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  if (capitals(bytes_.substr(at, 12)) != "ISO-10303-21")
    return fail(Code::corrupt, "This is no STEP file: it does not begin with ISO-10303-21");
  bool has_data = false;
  while (at < bytes_.size()) {
    at = skip_blank(bytes_, at);
    const size_t end = end_of_statement(bytes_, at);
    if (end == std::string_view::npos) break;
    const std::string_view statement = bytes_.substr(at, end - at);
    const std::string word = capitals(statement.substr(0, std::min<size_t>(statement.size(), 16)));
    at = end + 1;
    if (word.starts_with("FILE_SCHEMA")) read_schema(statement);
    if (word.starts_with("END-ISO-10303-21")) break;
    if (word != "DATA" && !word.starts_with("DATA(") && !word.starts_with("DATA ")) continue;
    has_data = true;
    if (auto status = scan_data(at); !status) return status;
  }
  if (!has_data) return fail(Code::corrupt, "The STEP file has no data section");
  order();
  return {};
}

base::Result<StepFile> StepFile::read(std::string bytes, const StepLimits& limits) {
  if (bytes.size() > limits.bytes_max)
    return fail(Code::too_large, "The STEP file is larger than " + std::to_string(limits.bytes_max) + " bytes");
  StepFile file;
  file.bytes_ = std::make_unique<const std::string>(std::move(bytes));
  file.limits_ = limits;
  StepScanner scanner(file);
  if (auto status = scanner.scan(); !status) return std::move(status).error();
  return file;
}

const StepFile::Entry* StepFile::entry_of(uint64_t id) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), id,
                                      [](const Entry& e, uint64_t wanted) { return e.id < wanted; });
  return found == entries_.end() || found->id != id ? nullptr : &*found;
}

std::string_view StepFile::type_of(uint64_t id) const {
  const Entry* entry = entry_of(id);
  return entry == nullptr ? std::string_view() : type_names_[entry->type];
}

StepInstance StepFile::find(uint64_t id, std::string* reason) const {
  const Entry* entry = entry_of(id);
  if (entry == nullptr) {
    if (reason != nullptr) *reason = "there is no such instance";
    return {};
  }
  auto nodes = std::make_unique<std::vector<StepNode>>();
  std::string why = ValueParser(*bytes_, entry->start, limits_).parse(*nodes);
  if (!why.empty()) {
    if (reason != nullptr) *reason = std::move(why);
    return {};
  }
  return {id, type_names_[entry->type], std::move(nodes)};
}

std::vector<uint64_t> StepFile::of_type(std::string_view type) const {
  std::vector<uint64_t> ids;
  for (size_t number = 0; number < type_names_.size(); ++number) {
    if (type_names_[number] != type) continue;
    for (const uint32_t place : by_type_[number]) ids.push_back(entries_[place].id);
  }
  return ids;
}

std::map<std::string_view, size_t> StepFile::types() const {
  std::map<std::string_view, size_t> counts;
  for (size_t number = 0; number < type_names_.size(); ++number) counts[type_names_[number]] += by_type_[number].size();
  return counts;
}

uint64_t StepValue::reference() const {
  const StepValue value = inner();
  return value.kind() == StepKind::reference ? value.node().reference : 0;
}

double StepValue::number(double otherwise) const {
  const StepValue value = inner();
  return value.is_number() ? value.node().number : otherwise;
}

std::string StepValue::text() const {
  const StepValue value = inner();
  return value.kind() == StepKind::text ? step_text(value.node().raw) : std::string();
}

std::string_view StepValue::enumeration() const {
  const StepValue value = inner();
  return value.kind() == StepKind::enumeration ? value.node().raw : std::string_view();
}

std::optional<bool> StepValue::boolean() const {
  const std::string_view name = enumeration();
  if (name == "T") return true;
  if (name == "F") return false;
  return {};
}

size_t StepValue::size() const {
  size_t count = 0;
  if (!is_list()) return 0;
  for (auto i = begin(); i != end(); ++i) ++count;
  return count;
}

StepValue StepValue::operator[](size_t place) const {
  if (!is_list()) return {};
  for (const StepValue value : *this) {
    if (place-- == 0) return value;
  }
  return {};
}

}  // namespace cityloom::space
