// How files of utilities name what the twin knows of things under the ground: columns and properties in Korean, English
// and the short names of the Korean underground facility databases.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cityloom::space {

/// What a column says of a thing under the ground.
enum class BuriedColumn : uint8_t {
  depth,
  depth_min,
  depth_max,
  diameter,
  width,
  height,
  material,
  installed,
  owner,
  phone,
  network,
  pressure,
  voltage,
  accuracy,
  status
};

struct BuriedMeaning {
  BuriedColumn column = BuriedColumn::depth;
  double factor = 1;  ///< from the unit in the column's name to metres (lengths only): "depth_cm" is 0.01
  bool operator==(const BuriedMeaning&) const = default;
};

/// What a column of this name means, or nothing. Any case; blanks, "_", "-" and a unit in brackets do not matter.
std::optional<BuriedMeaning> buried_meaning_of(std::string_view column);

/// The network of a word ("상수도", "GAS", "SA001" of the Korean feature codes): "water", ...; "" if none is known.
std::string_view network_of(std::string_view word);

/// The accuracy class of a word ("QL-B2", "탐사", "불탐"): "PAS128:B2", ...; the word itself if none is known.
std::string accuracy_class_of(std::string_view word);

/// A date of installation as "1998", "1998-05" or "1998-05-17" from "1998", "199805", "19980517", "1998.5.17",
/// "1998/05/17" or a longer ISO text; the text itself if it is none of them.
std::string installation_date_of(std::string_view text);

}  // namespace cityloom::space
