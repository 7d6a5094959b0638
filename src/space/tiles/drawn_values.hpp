// What every layer reads of records alike, and the version of what it read (room-internal).
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "twin/attribute.hpp"

namespace cityloom::space {

/// The text of a value; "" of any other kind.
std::string text_of(const twin::Value& value);

/// The number of a value; none of any other kind, and where it is not finite.
std::optional<double> number_of(const twin::Value& value);

/// A name as it is shown: without language tag, else Korean, else English, else any.
std::string shown_name_of(const twin::Attribute& attribute);

/// Sums up what is drawn of an entity: equal things give equal versions.
class VersionHasher {
 public:
  void add(std::string_view text) {
    add_number(static_cast<double>(text.size()));
    bytes_.append(text);
  }
  void add_number(double number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void add(const std::optional<double>& number) { add_number(number.value_or(-1e9)); }
  uint64_t digest() const { return XXH3_64bits(bytes_.data(), bytes_.size()); }

 private:
  std::string bytes_;
};

}  // namespace cityloom::space
