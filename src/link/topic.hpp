// Topic patterns with captures, and templates that put captures and fields into ids.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "link/fields.hpp"

namespace cityloom::link {

/// Parts of a topic by name, in the order of the pattern.
using Captures = std::vector<std::pair<std::string, std::string>>;

/// A pattern over MQTT topics: levels divided by '/', where "{name}" stands for a level or a part of one, "+" for any
/// level, and "{name*}" or "#" at the end for any number of levels (at least one for "{name*}").
class TopicPattern {
 public:
  /// Errors: invalid (braces, '#' not at the end, a name twice), too_complex.
  static base::Result<TopicPattern> parse(std::string_view text);

  /// Whether the topic fits; then `captures` holds its parts. A part is never empty. Cost: linear in the topic,
  /// a level with several captures quadratic in that level.
  bool match(std::string_view topic, Captures& captures) const;

  /// The MQTT filter to subscribe with.
  const std::string& filter() const { return filter_; }
  const std::string& text() const { return text_; }

  /// Names of the captures.
  std::vector<std::string> names() const;

 private:
  struct Part {
    bool is_capture;
    std::string text;  // literal, or name of the capture
  };
  struct Level {
    enum class Kind : uint8_t { parts, any, rest };
    Kind kind = Kind::parts;
    std::vector<Part> parts;
    std::string rest_name;
  };
  static base::Result<Level> parse_level(std::string_view text, bool is_last);
  static bool match_parts(const std::vector<Part>& parts, size_t at, std::string_view text, Captures& captures);

  std::string text_;
  std::string filter_;
  std::vector<Level> levels_;
};

/// Text with "{name}" in it: a capture of that name, else the field at that path. "{{" and "}}" stand for braces.
class Template {
 public:
  enum class Escape : uint8_t { none, uri };  ///< uri: what a URI may not hold is percent-encoded

  /// `columns`: names in braces are columns of a table, not JSON paths. Errors: invalid (braces, path).
  static base::Result<Template> parse(std::string_view text, bool columns);

  /// Fills it in. Errors: invalid: a field is absent, null, empty, or no plain value; `where` names it.
  base::Result<std::string> fill(const Captures& captures, const Fields& fields, Escape escape) const;

  bool is_constant() const { return parts_.empty() || (parts_.size() == 1 && !parts_[0].is_field); }
  /// The text before the first field.
  std::string_view head() const;
  const std::string& text() const { return text_; }

 private:
  struct Part {
    bool is_field;
    std::string text;
    FieldPath path;
  };
  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace cityloom::link
