// What a message says, field by field: JSON payloads and rows of tables behind one face.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "twin/value.hpp"

namespace cityloom::link {

/// The field is not in the message.
struct Absent {
  bool operator==(const Absent&) const = default;
};

/// The field is there and says null.
struct Nothing {
  bool operator==(const Nothing&) const = default;
};

/// What a field says, before the mapping makes a value of it. Numbers are finite, text is valid UTF-8.
using FieldValue = std::variant<Absent, Nothing, bool, int64_t, double, std::string, twin::Json>;

/// The value as a person would write it, for reasons and ids: text as it is, numbers shortest. Absent gives "".
std::string text_of(const FieldValue& value);

/// Where in a message a field lies. In JSON: "a.b[0].c", `["a.b"]` for odd names, "." for the whole, a leading "$."
/// for the root of the message inside `each`, "@key" for the name or index of the element at hand. In a table: the
/// name of a column as it stands in the head.
struct FieldPath {
  /// One name or index on the way.
  struct Step {
    std::string name;  ///< of a member; unused if `index` is set
    std::optional<size_t> index;
    bool operator==(const Step&) const = default;
  };
  std::string text;  ///< as written
  bool from_root = false;
  std::vector<Step> steps;

  /// Errors: invalid (with the column of the mistake), too_complex (more than 32 steps).
  static base::Result<FieldPath> parse(std::string_view text);

  /// A column of a table: no syntax, every character counts.
  static FieldPath column(std::string_view name) { return {std::string(name), false, {{std::string(name), {}}}}; }
};

/// The fields of one message, or of one element of it.
class Fields {
 public:
  virtual ~Fields() = default;

  /// What stands at `path`; Absent if nothing does.
  virtual FieldValue find(const FieldPath& path) const = 0;

  /// The elements of the array (or members of the object) at `path`, each as fields of its own; nothing if there is
  /// no such array. At most `limit` + 1 are returned, so that the caller sees that there are too many.
  virtual std::optional<std::vector<std::unique_ptr<Fields>>> elements(const FieldPath& path, size_t limit) const;
};

inline constexpr size_t payload_bytes_max = 4u << 20;
inline constexpr size_t payload_depth_max = 64;

/// Parses JSON payloads one after another; each message is valid until the next `parse`. One worker.
class JsonReader {
 public:
  JsonReader();
  ~JsonReader();

  /// Errors: invalid (not JSON, not UTF-8), too_large, too_complex (deeper than `payload_depth_max`).
  base::Result<std::unique_ptr<Fields>> parse(std::string_view payload);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Fields with names and texts: a row of a table, or a payload that is one plain text (under the name ".").
class TextFields final : public Fields {
 public:
  /// Adds a field; of two with one name the first is found.
  void set(std::string name, std::string text);
  void clear() { entries_.clear(); }
  FieldValue find(const FieldPath& path) const override;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

}  // namespace cityloom::link
