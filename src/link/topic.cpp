#include "link/topic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

constexpr size_t topic_bytes_max = 65'535;
constexpr size_t levels_max = 128;
constexpr size_t captures_in_level_max = 4;  // keeps matching of a level cheap
constexpr std::string_view remedy = "write a pattern such as sensors/{id}/air, with + for any level and # at the end";

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_' || letter == '-';
  });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_uri_character(unsigned char letter) {
  return std::isalnum(letter) != 0 ||
         std::string_view("-._~:").find(static_cast<char>(letter)) != std::string_view::npos;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x80 && is_uri_character(byte)) {
      encoded += letter;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

}  // namespace

base::Result<TopicPattern::Level> TopicPattern::parse_level(std::string_view text, bool is_last) {
  Level level;
  if (text == "+") {
    level.kind = Level::Kind::any;
    return level;
  }
  if (text == "#" || (text.size() > 3 && text.front() == '{' && text.substr(text.size() - 2) == "*}")) {
    level.kind = Level::Kind::rest;
    if (text != "#") level.rest_name = std::string(text.substr(1, text.size() - 3));
    if (!is_last || (text != "#" && !is_name(level.rest_name))) {
      return fail(Code::invalid, fmt::format("'{}' may only stand at the end of a topic", text), {},
                  std::string(remedy));
    }
    return level;
  }
  size_t captures = 0;
  while (!text.empty()) {
    if (text.front() == '{') {
      const size_t end = text.find('}');
      const std::string_view name = text.substr(1, end == std::string_view::npos ? end : end - 1);
      if (end == std::string_view::npos || !is_name(name) || ++captures > captures_in_level_max ||
          (!level.parts.empty() && level.parts.back().is_capture)) {
        return fail(Code::invalid,
                    fmt::format("the topic level '{}' has a capture that is not closed, has no name, or "
                                "touches another",
                                text),
                    {}, std::string(remedy));
      }
      level.parts.push_back({true, std::string(name)});
      text.remove_prefix(end + 1);
      continue;
    }
    const size_t end = std::min(text.find('{'), text.size());
    const std::string_view literal = text.substr(0, end);
    if (literal.find_first_of("+#}") != std::string_view::npos) {
      return fail(Code::invalid, fmt::format("the topic level '{}' holds +, # or }} beside other text", literal), {},
                  std::string(remedy));
    }
    level.parts.push_back({false, std::string(literal)});
    text.remove_prefix(end);
  }
  return level;
}

base::Result<TopicPattern> TopicPattern::parse(std::string_view text) {
  TopicPattern pattern;
  pattern.text_ = std::string(text);
  if (text.empty() || text.size() > 1'024 || text.find('\0') != std::string_view::npos) {
    return fail(Code::invalid, "a topic pattern has 1 to 1024 characters", {}, std::string(remedy));
  }
  const std::vector<std::string_view> levels = split(text, '/');
  if (levels.size() > levels_max) return fail(Code::too_complex, "a topic pattern has at most 128 levels");
  for (size_t number = 0; number < levels.size(); ++number) {
    auto level = parse_level(levels[number], number + 1 == levels.size());
    if (!level) return level.error();
    const bool is_literal = level->parts.size() == 1 && !level->parts[0].is_capture;
    if (number > 0) pattern.filter_ += '/';
    if (level->kind == Level::Kind::rest) {
      pattern.filter_ += '#';
    } else if (is_literal) {
      pattern.filter_ += level->parts[0].text;
    } else if (level->kind == Level::Kind::any || !level->parts.empty()) {
      pattern.filter_ += '+';
    }
    pattern.levels_.push_back(std::move(*level));
  }
  std::vector<std::string> names = pattern.names();
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
    return fail(Code::invalid, fmt::format("the topic '{}' captures one name twice", text), {}, std::string(remedy));
  }
  return pattern;
}

std::vector<std::string> TopicPattern::names() const {
  std::vector<std::string> names;
  for (const Level& level : levels_) {
    for (const Part& part : level.parts) {
      if (part.is_capture) names.push_back(part.text);
    }
    if (!level.rest_name.empty()) names.push_back(level.rest_name);
  }
  return names;
}

bool TopicPattern::match_parts(const std::vector<Part>& parts, size_t at, std::string_view text, Captures& captures) {
  if (at == parts.size()) return text.empty();
  const Part& part = parts[at];
  if (!part.is_capture) {
    return text.substr(0, part.text.size()) == part.text &&
           match_parts(parts, at + 1, text.substr(part.text.size()), captures);
  }
  if (at + 1 == parts.size()) {
    if (text.empty()) return false;
    captures.emplace_back(part.text, std::string(text));
    return true;
  }
  // A literal follows, since captures do not touch: try each place where it stands.
  for (size_t end = text.find(parts[at + 1].text, 1); end != std::string_view::npos;
       end = text.find(parts[at + 1].text, end + 1)) {
    const size_t before = captures.size();
    captures.emplace_back(part.text, std::string(text.substr(0, end)));
    if (match_parts(parts, at + 1, text.substr(end), captures)) return true;
    captures.resize(before);
  }
  return false;
}

bool TopicPattern::match(std::string_view topic, Captures& captures) const {
  captures.clear();
  if (topic.size() > topic_bytes_max) return false;
  size_t at = 0;
  bool has_more = true;
  for (const Level& level : levels_) {
    if (level.kind == Level::Kind::rest) {
      if (level.rest_name.empty()) return true;
      if (!has_more || at >= topic.size()) return false;
      captures.emplace_back(level.rest_name, std::string(topic.substr(at)));
      return true;
    }
    if (!has_more) return false;
    const size_t end = std::min(topic.find('/', at), topic.size());
    if (level.kind == Level::Kind::parts && !match_parts(level.parts, 0, topic.substr(at, end - at), captures)) {
      return false;
    }
    has_more = end < topic.size();
    at = end + 1;
  }
  return !has_more;
}

base::Result<Template> Template::parse(std::string_view text, bool columns) {
  Template made;
  made.text_ = std::string(text);
  std::string literal;
  for (size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if ((letter == '{' || letter == '}') && at + 1 < text.size() && text[at + 1] == letter) {
      literal += letter;
      ++at;
      continue;
    }
    if (letter != '{' && letter != '}') {
      literal += letter;
      continue;
    }
    const size_t end = text.find('}', at);
    if (letter == '}' || end == std::string_view::npos || end == at + 1) {
      return fail(Code::invalid, fmt::format("the braces in '{}' do not match", text), {},
                  "write {name} for a capture or field, and {{ or }} for a brace");
    }
    const std::string_view name = text.substr(at + 1, end - at - 1);
    if (!literal.empty()) made.parts_.push_back({false, std::move(literal), {}});
    literal.clear();
    auto path = columns ? base::Result<FieldPath>(FieldPath::column(name)) : FieldPath::parse(name);
    if (!path) return path.error();
    made.parts_.push_back({true, std::string(name), std::move(*path)});
    at = end;
  }
  if (!literal.empty()) made.parts_.push_back({false, std::move(literal), {}});
  return made;
}

base::Result<std::string> Template::fill(const Captures& captures, const Fields& fields, Escape escape) const {
  std::string filled;
  for (const Part& part : parts_) {
    if (!part.is_field) {
      filled += part.text;
      continue;
    }
    const auto capture =
        std::find_if(captures.begin(), captures.end(), [&](const auto& pair) { return pair.first == part.text; });
    std::string text;
    if (capture != captures.end()) {
      text = capture->second;
    } else {
      const FieldValue value = fields.find(part.path);
      if (!std::holds_alternative<twin::Json>(value) && !std::holds_alternative<Nothing>(value)) text = text_of(value);
    }
    if (text.empty()) {
      return fail(Code::invalid, fmt::format("'{}' needs {{{}}}, which the message does not say", text_, part.text),
                  part.text);
    }
    filled += escape == Escape::uri ? percent_encoded(text) : text;
  }
  return filled;
}

std::string_view Template::head() const {
  return parts_.empty() || parts_[0].is_field ? std::string_view() : std::string_view(parts_[0].text);
}

}  // namespace cityloom::link
